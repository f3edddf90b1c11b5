//! What comes from the workers, let in as frames begin, at a pace that the page can keep.
//!
//! Each answer changes the page. Let in one by one as they come, they would keep a slow processor
//! from what a hand does: so all that have come are let in together when the browser begins a frame,
//! and half the time that this frame took is left to other things before the next may come.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo::events::EventListener;
use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::timers::callback::Timeout;
use wasm_bindgen::JsValue;
use web_sys::{MessageChannel, MessagePort};
use yew::Callback;

use super::clock;
use crate::session::Action;

/// A page that nobody sees has no frames; it takes in what came as seldom as this.
const UNSEEN_MS: u32 = 250;
/// How much of the time that a frame took is left to other things after it.
const PAUSE: f64 = 0.5;
/// No pause is longer.
const PAUSE_MAX_MS: f64 = 250.0;

thread_local! {
    /// When the page is free again for more, on the browser's clock; one for all workers.
    static FREE_AT: Cell<f64> = const { Cell::new(0.0) };
}

/// What will open an inbox: the next frame, or time. Dropped, it does not.
type Due = (Option<AnimationFrame>, Timeout);

/// What has come and was not yet let in.
pub(super) struct Inbox {
    act: Callback<Action>,
    waiting: RefCell<Vec<Action>>,
    due: RefCell<Option<Due>>,
    /// When the frame began that is not yet painted.
    began: Rc<Cell<f64>>,
    /// A message to this port comes back after the frame.
    painted: Option<MessagePort>,
    _listener: Option<EventListener>,
}

impl Inbox {
    pub(super) fn new(act: Callback<Action>) -> Rc<Self> {
        let began = Rc::new(Cell::new(0.0));
        let channel = MessageChannel::new().ok();
        let listener = channel.as_ref().map(|channel| {
            let (port, began) = (channel.port1(), Rc::clone(&began));
            let listener = EventListener::new(&port, "message", move |_| {
                let now = clock::now();
                clock::in_frame(false);
                FREE_AT.set(now + (PAUSE * (now - began.get())).min(PAUSE_MAX_MS));
            });
            port.start();
            listener
        });
        Rc::new(Self {
            act,
            waiting: RefCell::default(),
            due: RefCell::default(),
            began,
            painted: channel.map(|channel| channel.port2()),
            _listener: listener,
        })
    }

    /// Something came.
    pub(super) fn push(self: &Rc<Self>, action: Action) {
        self.waiting.borrow_mut().push(action);
        if self.due.borrow().is_none() {
            self.wait();
        }
    }

    fn wait(self: &Rc<Self>) {
        let pause = FREE_AT.get() - clock::now();
        let inbox = Rc::clone(self);
        let due = if pause > 0.0 {
            (None, Timeout::new(pause.ceil() as u32, move || inbox.wait()))
        } else {
            let unseen = Rc::clone(self);
            let frame = request_animation_frame(move |_| inbox.open(true));
            (Some(frame), Timeout::new(UNSEEN_MS, move || unseen.open(false)))
        };
        *self.due.borrow_mut() = Some(due);
    }

    fn open(&self, is_frame: bool) {
        drop(self.due.take());
        self.began.set(clock::now());
        clock::in_frame(is_frame);
        for action in self.waiting.take() {
            self.act.emit(action);
        }
        if let Some(port) = &self.painted {
            // Fails only for values that cannot be copied.
            let _ = port.post_message(&JsValue::NULL);
        }
    }
}
