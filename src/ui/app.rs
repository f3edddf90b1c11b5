//! The whole page: one session, and the panels that show it.

use std::rc::Rc;

use yew::prelude::*;

use super::about::about;
use super::address;
use super::charts::Charts;
use super::diagram::Diagram;
use super::effects::{use_address, use_theme, use_title, use_workers};
use super::fixes::fixes;
use super::gallery::Gallery;
use super::header::{Means, header};
use super::keys::{Wish, keys, use_keys};
use super::knobs::knobs;
use super::late::use_parts;
use super::live::Live;
use super::notices::notices;
use super::panel::{Dialog, Panel};
use super::readout::readout;
use super::share::Share;
use super::table::Table;
use super::time::TimeView;
use super::verify::Verify;
use super::view::View;
use super::why::Why;
use crate::scenario::link::encode;
use crate::scenario::quantity::unbroken;
use crate::session::embed::{Embed, Start};
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

/// What is over the page and around it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Frame {
    /// The dialog that is open.
    panel: Option<Panel>,
    /// How many were opened: each is an element of its own.
    opened: u32,
    /// Everything is large, and nothing distracts.
    is_presenting: bool,
    /// Keys of one letter do something.
    letters: bool,
    /// Something may be computed.
    is_started: bool,
}

/// What happens to the frame.
enum Reframe {
    Open(Panel),
    /// The dialog that was opened as this many; another stays.
    Close(u32),
    Present,
    Letters(bool),
    Start,
}

impl Reducible for Frame {
    type Action = Reframe;

    fn reduce(self: Rc<Self>, action: Reframe) -> Rc<Self> {
        let mut frame = *self;
        match action {
            Reframe::Open(panel) => (frame.panel, frame.opened) = (Some(panel), frame.opened + 1),
            Reframe::Close(number) if number == frame.opened => frame.panel = None,
            Reframe::Close(_) => {}
            Reframe::Present => frame.is_presenting = !frame.is_presenting,
            Reframe::Letters(letters) => frame.letters = letters,
            Reframe::Start => frame.is_started = true,
        }
        Rc::new(frame)
    }
}

/// The bar and the question; charts; knobs and fixes; time; the system; why; the rest: from the top of a
/// narrow page to its end, so that nothing is pushed down by what comes later.
const PARTS: u32 = 7;

/// The page.
#[component]
pub(super) fn App() -> Html {
    let parts = use_parts(PARTS);
    let state = use_reducer(|| State(Rc::new(Session::new(address::read()))));
    let dispatcher = state.dispatcher();
    let act = use_callback((), move |action: Action, ()| dispatcher.dispatch(action));
    let session = Rc::clone(&state.0);
    let embed = use_memo((), |()| Embed::read(&address::query()));
    let is_waiting = embed.as_ref().as_ref().is_some_and(|embed| embed.run == Start::Click);
    let frame = use_reducer_eq(|| Frame {
        panel: None,
        opened: 0,
        is_presenting: false,
        letters: true,
        is_started: !is_waiting,
    });
    let reframe = {
        let dispatcher = frame.dispatcher();
        use_callback((), move |action: Reframe, ()| dispatcher.dispatch(action))
    };
    let (theme, turn_theme, is_dark) = use_theme();
    let others = use_workers(&session, &act, parts == PARTS, frame.is_started);
    use_address(&session, &act);
    use_title(&session);
    let wish = {
        let (act, reframe) = (act.clone(), reframe.clone());
        use_callback((), move |wish: Wish, ()| match wish {
            Wish::Undo => act.emit(Action::Undo),
            Wish::Redo => act.emit(Action::Redo),
            Wish::Open(panel) => reframe.emit(Reframe::Open(panel)),
            Wish::Step(places) => act.emit(Action::Neighbour(places)),
            Wish::Present => reframe.emit(Reframe::Present),
        })
    };
    use_keys(&wish, frame.letters && embed.is_none());
    let view = View { embed: (*embed).clone() };
    let start = (!frame.is_started).then(|| reframe.reform(|_: MouseEvent| Reframe::Start));
    let means =
        Means { theme, turn_theme: &turn_theme, wish: &wish, is_presenting: frame.is_presenting };
    html! {
        <div class={view.classes(frame.is_presenting)}>
            if embed.is_none() {
                { header(&session, &act, &means) }
            }
            { notices(&session.notices, &act) }
            <div class="question">
                <h1>{ unbroken(&session.scenario.title) }</h1>
                <p>{ unbroken(&session.scenario.summary) }</p>
            </div>
            <div class="columns">
                if view.has_controls(&session.scenario) {
                    <div class="controls">
                        if parts > 2 {
                            { knobs(&session, &act, &view) }
                            { fixes(&session, &act, &view) }
                        }
                    </div>
                }
                <div class="centre">
                    if parts > 1 {
                        { readout(&session) }
                        <Charts session={Rc::clone(&session)} act={act.clone()} {is_dark} is_large={frame.is_presenting} is_locked={view.locks(&session.x().id)} {start} />
                    }
                    if parts > 3 {
                        <TimeView session={Rc::clone(&session)} act={act.clone()} {is_dark} is_large={frame.is_presenting} {others} />
                    }
                </div>
                <div class="side">
                    if parts > 4 {
                        <Diagram session={Rc::clone(&session)} />
                    }
                    if parts > 5 {
                        <Why session={Rc::clone(&session)} />
                    }
                </div>
            </div>
            if parts > 6 {
                if embed.is_some() {
                    { foot(&session, &wish) }
                } else {
                    <div class="below">
                        <Table session={Rc::clone(&session)} />
                        { about(&session, &act) }
                    </div>
                }
            }
            { panel(&session, &act, (*frame, &reframe), is_dark) }
            <Live text={session.announcement()} />
        </div>
    }
}

/// What a guest has in place of a bar.
fn foot(session: &Session, wish: &Callback<Wish>) -> Html {
    let share = wish.reform(|_: MouseEvent| Wish::Open(Panel::Share));
    html! {
        <p class="foot">
            <button type="button" class="small" onclick={share}>{ "Share" }</button>
            <a href={address::full(&encode(&session.link()))} target="_blank" rel="noopener">{ "Open in Kneepoint" }</a>
        </p>
    }
}

/// The dialog that is open.
fn panel(
    session: &Rc<Session>,
    act: &Callback<Action>,
    (frame, reframe): (Frame, &Callback<Reframe>),
    is_dark: bool,
) -> Html {
    let Some(panel) = frame.panel else { return Html::default() };
    let close = reframe.reform(move |()| Reframe::Close(frame.opened));
    let session = Rc::clone(session);
    let inside = match panel {
        Panel::Gallery => html! { <Gallery {session} act={act.clone()} close={close.clone()} /> },
        Panel::Share => html! { <Share {session} {is_dark} /> },
        Panel::Verify => html! { <Verify {session} act={act.clone()} /> },
        Panel::Keys => keys(frame.letters, &reframe.reform(Reframe::Letters)),
    };
    html! { <Dialog key={frame.opened} {panel} {close}>{ inside }</Dialog> }
}
