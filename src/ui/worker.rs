//! A worker: answers one question at a time in short slices, so that a newer one gets through.

use std::cell::RefCell;

use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent, MessagePort};

use crate::session::jobs::{Answer, Worker, pack, unpack};

/// A slice should take about this long.
const SLICE_MS: f64 = 6.0;
/// Events of the first slice, before anything is measured.
const FIRST_EVENTS: f64 = 20_000.0;
/// How long nobody must have asked before work begins that can wait.
const QUIET_MS: u32 = 80;

struct State {
    worker: Worker,
    scope: DedicatedWorkerGlobalScope,
    /// A message to this port comes back as the next slice, without the delay of a timer.
    next_slice: MessagePort,
    slice_is_due: bool,
    quiet: Option<Timeout>,
    quiet_passed: bool,
    /// Events that fit into a slice.
    events: f64,
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
        events: FIRST_EVENTS,
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
        self.worker.ask(question);
        self.schedule();
    }

    fn slice(&mut self) {
        self.slice_is_due = false;
        if self.worker.wants_quiet() && !self.quiet_passed {
            let resume = || {
                with(|state| {
                    state.quiet_passed = true;
                    state.schedule();
                });
            };
            self.quiet = Some(Timeout::new(QUIET_MS, resume));
            return;
        }
        let begin = self.now();
        let answer = self.worker.step(self.events as u64);
        let took = (self.now() - begin).max(0.1);
        // Follows the speed of the machine, half way each time.
        let fitting = self.events * (SLICE_MS / took).clamp(0.5, 2.0);
        self.events = (0.5 * (self.events + fitting)).clamp(2_000.0, 400_000.0);
        if let Some(answer) = answer {
            self.send(&answer);
        }
        self.schedule();
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
