//! The workers of the page.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::events::EventListener;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{MessageEvent, Worker};
use yew::prelude::*;

use super::inbox::Inbox;
use super::outside;
use crate::session::Action;
use crate::session::jobs::{Question, pack, unpack};

/// A worker that crashes more often than this stays down.
const RESTARTS_MAX: u32 = 3;

/// One worker, and the newest question if it is not ready for it yet.
struct Slot {
    worker: Worker,
    is_ready: bool,
    waiting: Option<Vec<u8>>,
    _listeners: [EventListener; 2],
}

/// Workers that are told apart by number.
pub(super) struct Pool {
    slots: Vec<Rc<RefCell<Option<Slot>>>>,
}

impl Drop for Pool {
    fn drop(&mut self) {
        for slot in &self.slots {
            if let Some(slot) = slot.borrow_mut().take() {
                slot.worker.terminate();
            }
        }
    }
}

impl Pool {
    /// Starts `count` workers; their answers and failures become actions.
    pub(super) fn new(count: usize, act: &Callback<Action>) -> Self {
        let inbox = Inbox::new(act.clone());
        let slots: Vec<Rc<RefCell<Option<Slot>>>> =
            (0..count).map(|_| Rc::new(RefCell::new(None))).collect();
        for place in &slots {
            fill(place, &inbox, 0);
        }
        Self { slots }
    }

    /// Asks a worker; a question it has not begun is dropped.
    pub(super) fn ask(&self, index: usize, question: &Question) {
        let Some(bytes) = pack(question) else { return };
        let Some(slot) = self.slots.get(index) else { return };
        if let Some(slot) = slot.borrow_mut().as_mut() {
            slot.ask(bytes);
        }
    }
}

/// So many workers, once they are wanted.
#[hook]
pub(super) fn use_pool(count: usize, is_wanted: bool, act: &Callback<Action>) -> Rc<Option<Pool>> {
    let act = act.clone();
    use_memo(is_wanted, move |is_wanted| is_wanted.then(|| Pool::new(count, &act)))
}

impl Slot {
    fn ask(&mut self, bytes: Vec<u8>) {
        if self.is_ready {
            // Fails only for values that cannot be copied; bytes can.
            let _ = self.worker.post_message(&Uint8Array::from(&bytes[..]));
        } else {
            self.waiting = Some(bytes);
        }
    }

    fn ready(&mut self) {
        self.is_ready = true;
        if let Some(bytes) = self.waiting.take() {
            self.ask(bytes);
        }
    }
}

/// Starts a worker in this place.
fn fill(place: &Rc<RefCell<Option<Slot>>>, inbox: &Rc<Inbox>, restarts: u32) {
    match start(place, inbox, restarts) {
        Ok(slot) => *place.borrow_mut() = Some(slot),
        Err(_) => inbox.push(Action::Notice("This browser cannot start the simulator.".to_owned())),
    }
}

fn start(
    place: &Rc<RefCell<Option<Slot>>>,
    inbox: &Rc<Inbox>,
    restarts: u32,
) -> Result<Slot, JsValue> {
    let worker: Worker = outside::call("worker", &[wasm_bindgen::module()])?.dyn_into()?;
    let answered = {
        let (place, inbox) = (Rc::clone(place), Rc::clone(inbox));
        EventListener::new(&worker, "message", move |event| {
            let Some(event) = event.dyn_ref::<MessageEvent>() else { return };
            if let Ok(bytes) = event.data().dyn_into::<Uint8Array>() {
                inbox.push(match unpack(&bytes.to_vec()) {
                    Ok(answer) => Action::Answered(Box::new(answer)),
                    Err(error) => Action::Notice(format!("Unreadable answer: {error}")),
                });
            } else if let Some(slot) = place.borrow_mut().as_mut() {
                // The only other message: it has started.
                slot.ready();
            }
        })
    };
    let failed = {
        let (place, inbox) = (Rc::clone(place), Rc::clone(inbox));
        EventListener::new(&worker, "error", move |_| {
            let (place, inbox) = (Rc::clone(&place), Rc::clone(&inbox));
            // Not at once: the listener that is running lives in the slot that goes.
            wasm_bindgen_futures::spawn_local(async move { crashed(&place, &inbox, restarts) });
        })
    };
    Ok(Slot { worker, is_ready: false, waiting: None, _listeners: [answered, failed] })
}

fn crashed(place: &Rc<RefCell<Option<Slot>>>, inbox: &Rc<Inbox>, restarts: u32) {
    if let Some(slot) = place.borrow_mut().take() {
        slot.worker.terminate();
    }
    if restarts < RESTARTS_MAX {
        fill(place, inbox, restarts + 1);
        inbox.push(Action::Notice(
            "A worker of the simulator crashed and was restarted.".to_owned(),
        ));
        inbox.push(Action::Restarted);
    } else {
        let text = "A worker of the simulator keeps crashing. Undo the last change, or reload.";
        inbox.push(Action::Notice(text.to_owned()));
    }
}
