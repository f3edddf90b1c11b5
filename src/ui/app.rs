//! The whole page: one session, and the panels that show it.

use std::rc::Rc;

use yew::prelude::*;

use super::about::about;
use super::address;
use super::charts::Charts;
use super::diagram::Diagram;
use super::effects::{use_address, use_shortcuts, use_theme, use_title, use_workers};
use super::fixes::fixes;
use super::header::header;
use super::knobs::knobs;
use super::live::Live;
use super::notices::notices;
use super::readout::readout;
use super::table::Table;
use super::why::why;
use crate::scenario::link::encode;
use crate::session::{Action, Session};

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
    let session = Rc::clone(&state.0);
    let (theme, turn_theme, is_dark) = use_theme();
    use_workers(&session, &act);
    use_address(&session, &act);
    use_shortcuts(&act);
    use_title(&session);
    let is_embedded = address::parameter("embed").as_deref() == Some("1");
    html! {
        <div class={classes!("page", is_embedded.then_some("embedded"))}>
            if !is_embedded {
                { header(&session, &act, theme, &turn_theme) }
            }
            { notices(&session.notices, &act) }
            <div class="question">
                <h1>{ &session.scenario.title }</h1>
                <p>{ &session.scenario.summary }</p>
            </div>
            <div class="columns">
                <div class="controls">
                    { knobs(&session, &act) }
                    { fixes(&session, &act) }
                </div>
                <div class="centre">
                    { readout(&session) }
                    <Charts session={Rc::clone(&session)} act={act.clone()} {is_dark} />
                </div>
                <div class="side">
                    <Diagram session={Rc::clone(&session)} />
                    { why(&session) }
                </div>
            </div>
            if is_embedded {
                <p class="whole">
                    <a href={address::full(&encode(&session.link()))} target="_blank" rel="noopener">{ "Open in Kneepoint" }</a>
                </p>
            } else {
                <div class="below">
                    <Table session={Rc::clone(&session)} />
                    { about(&session, &act) }
                </div>
            }
            <Live text={session.announcement()} />
        </div>
    }
}
