//! A worker: answers one question at a time in short slices, so that a newer one gets through.

use std::cell::RefCell;

use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent, MessagePort};

use crate::session::jobs::{Answer, Worker, pack, quiet_ms, unpack};

/// A slice of what is wanted at once ends after this long: so late at most is a newer question heard.
const SLICE_MS: f64 = 4.0;
/// A slice of what can wait: so long does it keep a processor from what cannot, once that is asked for.
const SPARE_SLICE_MS: f64 = 1.0;
/// Events between two looks at the clock: a tenth of a slice, or a whole one where events are slow.
const EVENTS: u64 = 5_000;

struct State {
    worker: Worker,
    scope: DedicatedWorkerGlobalScope,
    /// A message to this port comes back as the next slice, without the delay of a timer.
    next_slice: MessagePort,
    slice_is_due: bool,
    quiet: Option<Timeout>,
    quiet_passed: bool,
    /// How long it must be quiet after the last question, and when that came.
    quiet_ms: f64,
    asked_ms: f64,
    _listeners: [EventListener; 2],
}

thread_local! {
    static STATE: RefCell<Option<State>> = const { RefCell::new(None) };
}

/// Turns this thread into a worker.
pub(super) fn start(scope: &DedicatedWorkerGlobalScope) {
    let Ok(channel) = MessageChannel::new() else { return };
    let port = channel.port1();
    let asked = EventListener::new(scope, "message", |event| {
        if let Some(event) = event.dyn_ref::<MessageEvent>()
            && let Ok(bytes) = event.data().dyn_into::<Uint8Array>()
        {
            with(|state| state.asked(&bytes.to_vec()));
        }
    });
    let due = EventListener::new(&port, "message", |_| with(State::slice));
    port.start();
    let state = State {
        worker: Worker::default(),
        scope: scope.clone(),
        next_slice: channel.port2(),
        slice_is_due: false,
        quiet: None,
        quiet_passed: false,
        quiet_ms: 0.0,
        asked_ms: f64::NEG_INFINITY,
        _listeners: [asked, due],
    };
    STATE.with(|slot| *slot.borrow_mut() = Some(state));
}

fn with(act: impl FnOnce(&mut State)) {
    STATE.with(|slot| {
        if let Some(state) = slot.borrow_mut().as_mut() {
            act(state);
        }
    });
}

impl State {
    fn asked(&mut self, bytes: &[u8]) {
        let Ok(question) = unpack(bytes) else { return };
        self.quiet = None;
        self.quiet_passed = false;
        let now = self.now();
        self.quiet_ms = quiet_ms(now - self.asked_ms);
        self.asked_ms = now;
        self.worker.ask(question);
        self.schedule();
    }

    fn slice(&mut self) {
        self.slice_is_due = false;
        if self.waits_for_quiet() {
            let resume = || {
                with(|state| {
                    state.quiet_passed = true;
                    state.schedule();
                });
            };
            self.quiet = Some(Timeout::new(self.quiet_ms as u32, resume));
            return;
        }
        let end = self.now() + if self.worker.can_wait() { SPARE_SLICE_MS } else { SLICE_MS };
        while self.worker.is_busy() && !self.waits_for_quiet() && self.now() < end {
            if let Some(answer) = self.worker.step(EVENTS) {
                self.send(&answer);
            }
        }
        self.schedule();
    }

    fn waits_for_quiet(&self) -> bool {
        self.worker.wants_quiet() && !self.quiet_passed
    }

    fn schedule(&mut self) {
        if self.worker.is_busy() && !self.slice_is_due {
            self.slice_is_due = self.next_slice.post_message(&JsValue::NULL).is_ok();
        }
    }

    fn send(&self, answer: &Answer) {
        if let Some(bytes) = pack(answer) {
            // Fails only while the page goes away.
            let _ = self.scope.post_message(&Uint8Array::from(&bytes[..]));
        }
    }

    fn now(&self) -> f64 {
        self.scope.performance().map_or(0.0, |performance| performance.now())
    }
}
