//! What the panel does besides showing itself: its worker, its clock, and whether anyone looks.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::events::EventListener;
use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::utils::document;
use js_sys::Array;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry};
use yew::prelude::*;

use crate::session::Action;
use crate::session::playback::{Move, Playback};
use crate::ui::pool::Pool;

/// Time goes on in steps of at least so many milliseconds.
const FRAME_MS: f64 = 30.0;
/// While a curve is waited for, which is wanted first, steps are longer.
const BUSY_FRAME_MS: f64 = 150.0;

type Slot = Rc<RefCell<Option<AnimationFrame>>>;

/// Asks the worker whenever there is a question.
#[hook]
pub(super) fn use_worker(
    playback: &Rc<Playback>,
    play: &Callback<Move>,
    act: &Callback<Action>,
    is_started: bool,
) {
    let pool = {
        let (play, act) = (play.clone(), act.clone());
        use_memo((), move |()| {
            let answered = Callback::from(move |action: Action| match action {
                Action::Answered(answer) => play.emit(Move::Answered(answer)),
                Action::Restarted => play.emit(Move::Lost),
                other => act.emit(other),
            });
            Pool::new(1, &answered)
        })
    };
    let playback = Rc::clone(playback);
    use_effect_with((playback.question_id, is_started), move |_| {
        if is_started {
            pool.ask(0, &playback.question());
        }
    });
}

/// Lets time go on with the frames of the browser while `runs`, in longer steps while `is_busy`.
#[hook]
pub(super) fn use_ticks(runs: bool, is_busy: bool, play: &Callback<Move>) {
    let play = play.clone();
    let pace = use_mut_ref(|| FRAME_MS);
    *pace.borrow_mut() = if is_busy { BUSY_FRAME_MS } else { FRAME_MS };
    use_effect_with(runs, move |runs| {
        let slot = Slot::default();
        if *runs {
            next_frame(&slot, (play, pace), None);
        }
        move || drop(slot.borrow_mut().take())
    });
}

fn next_frame(slot: &Slot, (play, pace): (Callback<Move>, Rc<RefCell<f64>>), last: Option<f64>) {
    let weak = Rc::downgrade(slot);
    let frame = request_animation_frame(move |now| {
        let Some(slot) = weak.upgrade() else { return };
        let last = match last {
            Some(last) if now - last < *pace.borrow() => last,
            last => {
                play.emit(Move::Tick(last.map_or(0.0, |last| now - last)));
                now
            }
        };
        next_frame(&slot, (play, pace), Some(last));
    });
    *slot.borrow_mut() = Some(frame);
}

/// Whether the element can be seen: in a tab that is shown, and not scrolled away.
#[hook]
pub(super) fn use_seen(node: &NodeRef) -> bool {
    let (is_near, is_shown) = (use_state_eq(|| false), use_state_eq(|| !document().hidden()));
    let node = node.clone();
    let (set_near, set_shown) = (is_near.setter(), is_shown.setter());
    use_effect_with((), move |()| {
        let changed = Closure::<dyn FnMut(Array)>::new(move |entries: Array| {
            let last = entries.pop().dyn_into::<IntersectionObserverEntry>();
            set_near.set(last.is_ok_and(|entry| entry.is_intersecting()));
        });
        let observer = IntersectionObserver::new(changed.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(element)) = (&observer, node.cast::<Element>()) {
            observer.observe(&element);
        }
        let listener = EventListener::new(&document(), "visibilitychange", move |_| {
            set_shown.set(!document().hidden());
        });
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop((changed, listener));
        }
    });
    *is_near && *is_shown
}
