//! What the panel does besides showing itself: its worker, its clock, and whether anyone looks.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use gloo::utils::document;
use js_sys::Array;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry};
use yew::prelude::*;

use crate::scenario::Settings;
use crate::session::playback::{Move, Playback};
use crate::session::{Action, Session};
use crate::ui::clock::now;
use crate::ui::effects::Others;
use crate::ui::pool::use_pool;

/// Time goes on in steps of so many milliseconds.
const STEP_MS: u32 = 30;
/// While a knob is turned or a curve waited for, which is wanted first, steps are longer.
const BUSY_STEP_MS: u32 = 250;
/// What a hand turns is followed once it has rested for so many milliseconds..
const TURNING_MS: f64 = 120.0;
/// ..or after so many since it began.
const TURNING_MAX_MS: f64 = 400.0;

type Slot = Rc<RefCell<Option<Timeout>>>;

/// Asks the worker whenever there is a question.
#[hook]
pub(super) fn use_worker(
    playback: &Rc<Playback>,
    play: &Callback<Move>,
    act: &Callback<Action>,
    others: Others,
) {
    let answered = {
        let (play, act) = (play.clone(), act.clone());
        Callback::from(move |action: Action| match action {
            Action::Answered(answer) => play.emit(Move::Answered(answer)),
            Action::Restarted => play.emit(Move::Lost),
            other => act.emit(other),
        })
    };
    let pool = use_pool(1, others != Others::NotYet, &answered);
    let playback = Rc::clone(playback);
    use_effect_with((playback.question_id, others), move |_| {
        if let (Some(pool), Others::Work) = (&*pool, others) {
            pool.ask(0, &playback.question());
        }
    });
}

/// Lets time go on step by step while `runs`, in longer steps while `is_busy`.
#[hook]
pub(super) fn use_ticks(runs: bool, is_busy: bool, play: &Callback<Move>) {
    let play = play.clone();
    let pace = use_mut_ref(|| STEP_MS);
    *pace.borrow_mut() = if is_busy { BUSY_STEP_MS } else { STEP_MS };
    use_effect_with(runs, move |runs| {
        let slot = Slot::default();
        if *runs {
            next_step(&slot, (play, pace), now());
        }
        move || drop(slot.borrow_mut().take())
    });
}

fn next_step(slot: &Slot, (play, pace): (Callback<Move>, Rc<RefCell<u32>>), last: f64) {
    let weak = Rc::downgrade(slot);
    let ms = *pace.borrow();
    let timeout = Timeout::new(ms, move || {
        let Some(slot) = weak.upgrade() else { return };
        let now = now();
        play.emit(Move::Tick(now - last));
        next_step(&slot, (play, pace), now);
    });
    *slot.borrow_mut() = Some(timeout);
}

/// What the playback knows of the session.
struct Followed {
    session: Rc<Session>,
    /// What it has not been told yet, and since when.
    pending: Option<(Rc<Session>, f64)>,
}

/// Tells the playback what has become of the session: at once, but for a knob that a hand is turning.
#[hook]
pub(super) fn use_following(session: &Rc<Session>, play: &Callback<Move>) {
    let play = play.clone();
    let followed = use_mut_ref(|| Followed { session: Rc::clone(session), pending: None });
    let session = Rc::clone(session);
    let state = (session.scenario.id.clone(), session.document.clone(), session.settings.clone());
    use_effect_with(state, move |_| {
        let mut known = followed.borrow_mut();
        let pending = known.pending.take();
        let (last, since) = pending.clone().unwrap_or_else(|| (Rc::clone(&known.session), now()));
        let rest = TURNING_MS.min(since + TURNING_MAX_MS - now());
        let timeout = if differ_by_knobs(&last, &session) && rest > 0.0 {
            known.pending = Some((session, since));
            let followed = Rc::clone(&followed);
            Some(Timeout::new(rest as u32, move || {
                let mut known = followed.borrow_mut();
                if let Some((session, _)) = known.pending.take() {
                    known.session = Rc::clone(&session);
                    play.emit(Move::Follow(session));
                }
            }))
        } else {
            // One change after the other, each with its mark.
            known.session = Rc::clone(&session);
            let pending = pending.map(|(session, _)| session);
            pending.into_iter().chain([session]).for_each(|one| play.emit(Move::Follow(one)));
            None
        };
        move || drop(timeout)
    });
}

/// Nothing but knobs differs, which the curve answers first.
fn differ_by_knobs(one: &Session, other: &Session) -> bool {
    let same = |session: &Session| {
        let settings = Settings { knobs: BTreeMap::new(), ..session.settings.clone() };
        (session.document.clone(), settings)
    };
    one.scenario.id == other.scenario.id && same(one) == same(other)
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
