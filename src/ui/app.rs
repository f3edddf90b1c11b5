//! The whole page: one session, its workers, and the panels that show it.

use std::rc::Rc;

use gloo::events::EventListener;
use yew::prelude::*;

use super::about::About;
use super::address;
use super::charts::Charts;
use super::fixes::Fixes;
use super::header::Header;
use super::knobs::Knobs;
use super::pool::Pool;
use super::readout::Readout;
use super::table::Table;
use super::theme::Theme;
use super::why::Why;
use crate::analysis::curve::Share;
use crate::chart::describe::summary;
use crate::scenario::link::encode;
use crate::session::jobs::{Question, Want};
use crate::session::{Action, CURVE_SHARES, Session};

/// The session as Yew wants it: the same pointer if nothing changed.
#[derive(PartialEq)]
struct State(Rc<Session>);

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let next = (*self.0).clone().reduce(action);
        if next == *self.0 { self } else { Rc::new(Self(Rc::new(next))) }
    }
}

/// The page.
#[component]
pub(super) fn App() -> Html {
    let state = use_reducer(|| State(Rc::new(Session::new(address::read()))));
    let dispatcher = state.dispatcher();
    let act = use_callback((), move |action: Action, ()| dispatcher.dispatch(action));
    let theme = use_state(Theme::load);
    use_effect_with(*theme, |theme| theme.apply());
    use_workers(&state.0, &act);
    use_address(&state.0, &act);
    let turn_theme = {
        let theme = theme.clone();
        Callback::from(move |()| theme.set(theme.next()))
    };
    let session = Rc::clone(&state.0);
    let embedded = address::parameter("embed").as_deref() == Some("1");
    let spoken = session.curve.as_ref().filter(|curve| curve.finished);
    let spoken = spoken.map(|curve| summary(curve, session.x())).unwrap_or_default();
    html! {
        <div class={classes!("page", embedded.then_some("embedded"))}>
            if !embedded {
                <Header session={Rc::clone(&session)} act={act.clone()} theme={theme.word()} {turn_theme} />
            }
            <Notices notices={session.notices.clone()} act={act.clone()} />
            <div class="question">
                <h1>{ &session.scenario.title }</h1>
                <p>{ &session.scenario.summary }</p>
            </div>
            <div class="columns">
                <div class="controls">
                    <Knobs session={Rc::clone(&session)} act={act.clone()} />
                    <Fixes session={Rc::clone(&session)} act={act.clone()} />
                </div>
                <div class="centre">
                    <Readout session={Rc::clone(&session)} />
                    <Charts session={Rc::clone(&session)} act={act.clone()} dark={theme.is_dark()} />
                </div>
                <div class="side">
                    <Why session={Rc::clone(&session)} />
                </div>
            </div>
            <div class="below">
                <Table session={Rc::clone(&session)} />
                <About session={Rc::clone(&session)} />
            </div>
            <div class="spoken" role="status" aria-live="polite">{ spoken }</div>
        </div>
    }
}

/// Sends what changed to the workers.
#[hook]
fn use_workers(session: &Rc<Session>, act: &Callback<Action>) {
    let pool = {
        let act = act.clone();
        use_memo((), move |()| Pool::new(CURVE_SHARES + 1, &act))
    };
    {
        let (session, pool) = (Rc::clone(session), Rc::clone(&pool));
        use_effect_with(session.curve_id, move |&id| {
            let link = encode(&session.link());
            for index in 0..CURVE_SHARES {
                let share = Share { index, of: CURVE_SHARES };
                let want = Want::Curve { knob: session.x().id.clone(), share };
                pool.ask(index, &Question { id, link: link.clone(), want });
            }
        });
    }
    let session = Rc::clone(session);
    use_effect_with(session.point_id, move |&id| {
        let link = encode(&session.link());
        pool.ask(CURVE_SHARES, &Question { id, link, want: Want::Point });
    });
}

/// Keeps the address bar and the session the same.
#[hook]
fn use_address(session: &Rc<Session>, act: &Callback<Action>) {
    use_effect_with(encode(&session.committed_link()), |link| address::write(link));
    let act = act.clone();
    use_effect_with((), move |()| {
        let window = web_sys::window();
        let listeners = window.map(|window| {
            ["popstate", "hashchange"].map(|name| {
                let act = act.clone();
                EventListener::new(&window, name, move |_| {
                    act.emit(Action::Open(Box::new(address::read())));
                })
            })
        });
        move || drop(listeners)
    });
}

#[derive(PartialEq, Properties)]
struct NoticesProps {
    notices: Vec<String>,
    act: Callback<Action>,
}

/// Problems, until they are dismissed.
#[component]
fn Notices(props: &NoticesProps) -> Html {
    if props.notices.is_empty() {
        return Html::default();
    }
    let dismiss = props.act.reform(|_: MouseEvent| Action::DismissNotices);
    html! {
        <div class="notices" role="alert">
            <ul>{ for props.notices.iter().map(|text| html! { <li>{ text }</li> }) }</ul>
            <button type="button" onclick={dismiss}>{ "Dismiss" }</button>
        </div>
    }
}
