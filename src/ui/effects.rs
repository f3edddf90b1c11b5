//! What the page does besides showing itself: workers, address bar, shortcuts, title, theme.

use std::rc::Rc;

use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use yew::prelude::*;

use super::address;
use super::clock;
use super::late::{use_latch, use_late};
use super::pool::use_pool;
use super::theme::Theme;
use crate::scenario::link::encode;
use crate::session::{Action, CURVE_SHARES, Session};

/// The address is written this long after the last change that is no step of the history.
const ADDRESS_MS: u32 = 250;
/// A step of the history is written this long after it was made: it takes the browser as long as a
/// frame, and what the step did is to be seen first.
const STEP_MS: u32 = 30;

/// Which of the other workers finds out about the operating point, and which what nobody waits for.
const POINT: usize = 0;
const SPARE: usize = 1;

/// What may become of the workers that the first curve does not wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// Not there: all workers started at once would keep each other, and the page, from that curve.
    NotYet,
    /// There, as nothing is to be asked of the server later, until somebody wants a curve at all.
    Wait,
    /// There, and asked.
    Work,
}

/// Starts the workers when they may, and sends questions to them; those that share the curve first.
#[hook]
pub(super) fn use_workers(
    session: &Rc<Session>,
    act: &Callback<Action>,
    is_built: bool,
    is_started: bool,
) -> Others {
    let sharers = use_pool(CURVE_SHARES, is_built, act);
    // A curve that takes long does not keep the operating point from being measured.
    let is_slow = use_late(is_built && is_started && session.curve.is_none());
    let has_others = use_latch(is_built && (session.curve.is_some() || is_slow || !is_started));
    let stage = match (has_others, is_started) {
        (false, _) => Others::NotYet,
        (true, false) => Others::Wait,
        (true, true) => Others::Work,
    };
    let others = use_pool(2, has_others, act);
    // While the page is rendered, not after it: the workers compute as the page is drawn.
    use_memo((session.curve_id, is_built && is_started), |_| {
        if let (Some(sharers), true) = (&*sharers, is_started) {
            clock::asked(session.curve_id);
            for (index, question) in session.curve_questions().iter().enumerate() {
                sharers.ask(index, question);
            }
        }
    });
    use_memo((session.point_id, stage), |_| {
        if let (Some(others), Others::Work) = (&*others, stage) {
            others.ask(POINT, &session.point_question());
        }
    });
    use_memo((session.spare.id, has_others), |&(id, _)| {
        if let (Some(others), true) = (&*others, id > 0) {
            others.ask(SPARE, &session.spare_question());
        }
    });
    stage
}

/// Keeps the address bar and the session the same.
#[hook]
pub(super) fn use_address(session: &Rc<Session>, act: &Callback<Action>) {
    let link = encode(&session.link());
    {
        let link = link.clone();
        use_effect_with(session.commits, move |&commits| {
            if commits > 0 {
                Timeout::new(STEP_MS, move || address::write(&link, true)).forget();
            }
        });
    }
    // Not while a knob is being turned, lest Back lead to the middle of a drag; and not over a link
    // that could not be read, lest it be lost.
    let may_write = session.is_committed() && session.notices.is_empty();
    use_effect_with((link, may_write), move |(link, may_write)| {
        let link = link.clone();
        let timeout =
            may_write.then(|| Timeout::new(ADDRESS_MS, move || address::write(&link, false)));
        move || drop(timeout)
    });
    let act = act.clone();
    use_effect_with((), move |()| {
        let window = web_sys::window();
        let listeners = window.map(|window| {
            ["popstate", "hashchange"].map(|name| {
                let act = act.clone();
                EventListener::new(&window, name, move |_| {
                    act.emit(Action::Visit(Box::new(address::read())));
                })
            })
        });
        move || drop(listeners)
    });
}

/// The scenario's question as the title of the tab.
#[hook]
pub(super) fn use_title(session: &Rc<Session>) {
    use_effect_with(session.scenario.title.clone(), |title| {
        if let Some(document) = web_sys::window().and_then(|window| window.document()) {
            document.set_title(&format!("{title} · Kneepoint"));
        }
    });
}

/// The theme, how to turn it, and whether the page is dark now.
#[hook]
pub(super) fn use_theme() -> (Theme, Callback<()>, bool) {
    let theme = use_state(Theme::load);
    let is_dark = use_state(|| theme.is_dark());
    use_effect_with(*theme, {
        let set = is_dark.setter();
        move |theme| {
            theme.apply();
            set.set(theme.is_dark());
            let theme = *theme;
            // The system may change its mind at dusk.
            let listener = Theme::system().map(|query| {
                EventListener::new(&query, "change", move |_| set.set(theme.is_dark()))
            });
            move || drop(listener)
        }
    });
    let turn = {
        let theme = theme.clone();
        Callback::from(move |()| {
            theme.next().keep();
            theme.set(theme.next());
        })
    };
    (*theme, turn, *is_dark)
}
