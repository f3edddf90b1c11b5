//! Reads queues and their disciplines, and endpoints with a class.

use serde_json::Value;

use crate::model::system::{Endpoint, Queue};
use crate::policy::queue::{CLASSES, Order, Shed, WhenFull, codel, controlled_delay};

use super::reader::{Fields, Reader};

const ORDERS: [&str; 4] = ["fifo", "lifo", "adaptive_lifo", "priority"];

impl Reader<'_> {
    pub(super) fn queue(&mut self, fields: &mut Fields<'_>) -> Queue {
        let Some(value) = fields.take("queue") else { return Queue::default() };
        let path = fields.under("queue");
        let Some(mut fields) = self.fields(value, &path) else { return Queue::default() };
        let capacity = fields.take("capacity");
        let capacity =
            capacity.map(|value| self.count(value, &fields.under("capacity"), 0, 4_000_000));
        let wait_limit = fields.take("wait_limit");
        let wait_limit = wait_limit.map(|value| self.duration(value, &fields.under("wait_limit")));
        let order = match self.word_of(&mut fields, "order", &ORDERS) {
            1 => Order::Lifo,
            2 => {
                Order::AdaptiveLifo { from: self.count_of(&mut fields, "lifo_from", 0, 4_000_000) }
            }
            3 => Order::Priority,
            _ => Order::Fifo,
        };
        let shed = fields.take("shed");
        let shed = shed.and_then(|value| self.shed(value, &fields.under("shed")));
        let when_full = match self.word_of(&mut fields, "when_full", &["reject", "drop_oldest"]) {
            1 => WhenFull::DropOldest,
            _ => WhenFull::RejectNew,
        };
        self.close(&fields);
        Queue { capacity, wait_limit, order, shed: shed.unwrap_or_default(), when_full }
    }

    fn shed(&mut self, value: &Value, path: &str) -> Option<Shed> {
        let single = value.as_object().filter(|object| object.len() == 1);
        let Some((kind, inner)) = single.and_then(|object| object.iter().next()) else {
            self.wrong(path, value, "an object with one field that names who is dropped");
            return None;
        };
        let path = format!("{path}.{kind}");
        if kind == "expired" {
            if inner.as_bool() != Some(true) {
                self.wrong(&path, inner, "true");
            }
            return Some(Shed::Expired);
        }
        if kind != "codel" && kind != "controlled_delay" {
            self.note(&path, &format!("`{kind}`"), "expired, codel or controlled_delay");
            return None;
        }
        let mut fields = self.fields(inner, &path)?;
        let target = self.span_of(&mut fields, "target");
        let interval = self.span_of(&mut fields, "interval");
        self.close(&fields);
        let (shed, checked) = if kind == "codel" {
            let settings = codel::Settings { target, interval };
            (Shed::CoDel(settings), settings.check())
        } else {
            let settings = controlled_delay::Settings { target, interval };
            (Shed::ControlledDelay(settings), settings.check())
        };
        if let Err(wrong) = checked {
            self.note(&path, &format!("{} {}", wrong.setting, wrong.found), wrong.possible);
        }
        Some(shed)
    }

    /// An endpoint: its steps, or an object with more about it.
    pub(super) fn endpoint(&mut self, name: &str, value: &Value, path: &str) -> Endpoint {
        let mut endpoint = Endpoint { name: name.to_owned(), ..Endpoint::default() };
        if !value.is_object() {
            endpoint.steps = self.steps(value, path, 0);
            return endpoint;
        }
        let Some(mut fields) = self.fields(value, path) else { return endpoint };
        if let Some(steps) = self.needed(&mut fields, "steps", "a list of steps") {
            endpoint.steps = self.steps(steps, &fields.under("steps"), 0);
        }
        endpoint.priority = fields.has("priority").then(|| self.class(&mut fields));
        endpoint.admission = self.admission(&mut fields);
        self.close(&fields);
        endpoint
    }

    /// A class of priority, the highest if none is given.
    pub(super) fn class(&mut self, fields: &mut Fields<'_>) -> u8 {
        let value = fields.take("priority");
        let lowest = CLASSES as u32 - 1;
        value.map_or(0, |value| self.count(value, &fields.under("priority"), 0, lowest)) as u8
    }
}
