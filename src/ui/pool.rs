//! The workers of the page.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::events::EventListener;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{HtmlLinkElement, MessageEvent, Worker, WorkerOptions, WorkerType};
use yew::Callback;

use crate::session::Action;
use crate::session::jobs::Question;

/// One worker, and the newest question if it is not ready for it yet.
struct Slot {
    worker: Worker,
    is_ready: bool,
    waiting: Option<String>,
}

/// Workers that are told apart by number.
pub(super) struct Pool {
    slots: Vec<Rc<RefCell<Slot>>>,
    _listeners: Vec<EventListener>,
}

impl Drop for Pool {
    fn drop(&mut self) {
        for slot in &self.slots {
            slot.borrow().worker.terminate();
        }
    }
}

impl Pool {
    /// Starts `count` workers; their answers and failures become actions.
    pub(super) fn new(count: usize, act: &Callback<Action>) -> Self {
        let mut pool = Self { slots: Vec::new(), _listeners: Vec::new() };
        for _ in 0..count {
            if let Err(error) = pool.add(act) {
                act.emit(Action::Notice(format!("The simulator could not start: {error:?}")));
            }
        }
        pool
    }

    /// Asks a worker; a question it has not begun is dropped.
    pub(super) fn ask(&self, index: usize, question: &Question) {
        let Some(slot) = self.slots.get(index) else { return };
        let Ok(text) = serde_json::to_string(question) else { return };
        let mut slot = slot.borrow_mut();
        if slot.is_ready {
            // Fails only for values that cannot be copied; a text can.
            let _ = slot.worker.post_message(&JsValue::from_str(&text));
        } else {
            slot.waiting = Some(text);
        }
    }

    fn add(&mut self, act: &Callback<Action>) -> Result<(), JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options("./worker-boot.js", &options)?;
        let slot = Slot { worker: worker.clone(), is_ready: false, waiting: None };
        let slot = Rc::new(RefCell::new(slot));
        let answered = {
            let (slot, act) = (Rc::clone(&slot), act.clone());
            EventListener::new(&worker, "message", move |event| {
                let text = event.dyn_ref::<MessageEvent>().and_then(|e| e.data().as_string());
                match text.as_deref() {
                    Some("ready") => {
                        let mut slot = slot.borrow_mut();
                        slot.is_ready = true;
                        if let Some(text) = slot.waiting.take() {
                            let _ = slot.worker.post_message(&JsValue::from_str(&text));
                        }
                    }
                    Some(text) => match serde_json::from_str(text) {
                        Ok(answer) => act.emit(Action::Answered(answer)),
                        Err(error) => act.emit(Action::Notice(format!("Unreadable answer: {error}"))),
                    },
                    None => {}
                }
            })
        };
        let act = act.clone();
        let failed = EventListener::new(&worker, "error", move |_| {
            let text = "A worker of the simulator crashed. Reload the page to go on.";
            act.emit(Action::Notice(text.to_owned()));
        });
        let boot = js_sys::Object::new();
        js_sys::Reflect::set(&boot, &"glue".into(), &glue_address().into())?;
        js_sys::Reflect::set(&boot, &"module".into(), &wasm_bindgen::module())?;
        worker.post_message(&boot)?;
        self.slots.push(slot);
        self._listeners.extend([answered, failed]);
        Ok(())
    }
}

/// Address of the script that belongs to this module, as the page loads it.
fn glue_address() -> Option<String> {
    let document = web_sys::window()?.document()?;
    let link = document.query_selector("link[rel=modulepreload]").ok()??;
    Some(link.dyn_ref::<HtmlLinkElement>()?.href())
}
