//! The charts: drawn on canvases, with the operating point to drag on top.

use std::rc::Rc;

use web_sys::{HtmlCanvasElement, HtmlSelectElement};
use yew::prelude::*;

use super::clock::{self, Shown};
use super::ghost::ghost_line;
use super::handle::Handle;
use super::look::{Screen, use_screen, use_sizes};
use crate::analysis::report::Curve;
use crate::chart::canvas;
use crate::chart::describe::summary;
use crate::chart::measure::Measure;
use crate::chart::palette::{DARK, LIGHT};
use crate::chart::plot::{self, Axes, Spec};
use crate::scenario::quantity::unbroken;
use crate::session::{Action, Session};

/// Latency, and each of the measures.
const CHARTS: usize = 1 + Measure::ALL.len();

/// How charts look: their sizes, whether they are dark and large, and on which screen.
type Look = ([(f64, f64); CHARTS], bool, bool, Screen);

/// Size of text on charts of this width, both in pixels.
pub(super) fn text_px(width: f64, is_large: bool) -> f64 {
    plot::text_px(width) * if is_large { 1.4 } else { 1.0 }
}

#[derive(PartialEq, Properties)]
pub(super) struct ChartsProps {
    pub(super) session: Rc<Session>,
    pub(super) act: Callback<Action>,
    pub(super) is_dark: bool,
    /// Text is as large as for a whole room.
    pub(super) is_large: bool,
    /// The operating point cannot be moved.
    pub(super) is_locked: bool,
    /// Begins the simulation, where it waits for that.
    pub(super) start: Option<Callback<MouseEvent>>,
}

/// Latency and the measures below it.
#[component]
pub(super) fn Charts(props: &ChartsProps) -> Html {
    let ChartsProps { session, act, is_dark, is_large, is_locked, start } = props;
    let nodes = use_memo((), |()| std::array::from_fn::<_, CHARTS, _>(|_| NodeRef::default()));
    let sizes = use_sizes(&nodes, session.measures());
    let screen = use_screen();
    use_drawing(session, &nodes, (sizes, *is_dark, *is_large, screen));
    let knob = session.x();
    let over = knob.label.to_ascii_lowercase();
    let words = session.curve.as_ref().map(|curve| summary(curve, knob));
    let words = session.walk_words().or(words);
    let words = words.unwrap_or_else(|| "The first curve is being computed.".to_owned());
    let is_finished = session.curve.as_ref().is_some_and(|curve| curve.finished);
    let last = session.measures().each().last();
    // A list of its own: the canvas before it must stay the same element.
    let canvases: Html = session.measures().each().map(|measure| {
        let label = format!("{} over {over}; the table has the numbers.", measure.title());
        let is_load = measure == Measure::Load;
        let class = classes!("measure", is_load.then_some("load"), (Some(measure) == last).then_some("last"));
        html! { <canvas key={measure.name()} {class} ref={nodes[place(Some(measure))].clone()} role="img" aria-label={label} /> }
    }).collect();
    html! {
        <figure class="charts" aria-busy={(!is_finished).to_string()} aria-label={format!("Latency and load over {over}")}>
            <div class="caption">
                <b>{ "Latency" }</b>{ " over " }{ axis_picker(session, act) }
                { walk_switch(session, act) }
                { ghost_line(session, act) }
            </div>
            <div class="plots">
                <canvas class="latency" ref={nodes[place(None)].clone()} role="img" aria-label={words.clone()} />
                { measure_picker(session, act) }
                { canvases }
                <Handle session={Rc::clone(session)} act={act.clone()} width={sizes[place(None)].0} is_large={*is_large} is_locked={*is_locked} />
                if let Some(onclick) = start {
                    <p class="waiting"><button type="button" class="main" {onclick}>{ "Run the simulation" }</button></p>
                } else if session.curve.is_none() {
                    <p class="waiting">{ "Simulating the first curve …" }</p>
                }
            </div>
            <figcaption>{ unbroken(&words) }</figcaption>
        </figure>
    }
}

/// Where the chart of a measure, or that of latency, stands among all.
fn place(measure: Option<Measure>) -> usize {
    measure.map_or(0, |measure| 1 + measure as usize)
}

/// Which measures stand below latency.
fn measure_picker(session: &Session, act: &Callback<Action>) -> Html {
    let switches = session.offered().each().map(|measure| {
        let toggle = act.reform(move |_: MouseEvent| Action::ToggleMeasure(measure));
        let pressed = session.measures().has(measure).to_string();
        html! { <button key={measure.name()} type="button" class="chip" aria-pressed={pressed} onclick={toggle}>{ measure.name() }</button> }
    });
    html! { <div class="measures" role="group" aria-label="Charts below latency">{ for switches }</div> }
}

/// Shows load up and down in place of the curve.
fn walk_switch(session: &Session, act: &Callback<Action>) -> Html {
    let is_on = session.wants_walk();
    let toggle = act.reform(move |_: MouseEvent| Action::Walk(!is_on));
    let about =
        "Walks the load up, then down, in one running system: does it come back where it broke?";
    html! { <button type="button" class="chip walk" aria-pressed={is_on.to_string()} title={about} onclick={toggle}>{ "Up and down" }</button> }
}

/// Which knob is on the x axis.
fn axis_picker(session: &Session, act: &Callback<Action>) -> Html {
    let pick = act.reform(|event: Event| {
        Action::Axis(event.target_unchecked_into::<HtmlSelectElement>().value())
    });
    let options = session.scenario.knobs.iter().map(|knob| {
        let selected = knob.id == session.x().id;
        html! { <option value={knob.id.clone()} {selected}>{ knob.label.to_ascii_lowercase() }</option> }
    });
    html! { <select class="axis" aria-label="Knob on the x axis" onchange={pick}>{ for options }</select> }
}

/// Draws when something that is drawn has changed, and only then.
#[hook]
fn use_drawing(session: &Rc<Session>, nodes: &Rc<[NodeRef; CHARTS]>, look: Look) {
    let axes = use_mut_ref(|| None::<Axes>);
    let drawn = use_mut_ref(|| None::<Rc<Curve>>);
    let nodes = Rc::clone(nodes);
    let ghost = session.ghost.as_ref().and_then(|ghost| ghost.curve.clone());
    let pointers = [session.curve.as_ref(), ghost.as_ref()].map(|curve| curve.map(Rc::as_ptr));
    let views = (session.measures(), session.walk().map(Rc::as_ptr));
    let measured = use_mut_ref(|| None);
    // While another curve is on its way, its drawing will say that nothing is measured any more.
    if !session.is_first_pass_under_way() {
        *measured.borrow_mut() = measured_p99(session).map(f64::to_bits);
    }
    let measured = *measured.borrow();
    let depends = (pointers, views, (session.point().to_bits(), measured), look);
    let session = Rc::clone(session);
    use_effect_with(depends, move |(_, _, _, look)| {
        let mut axes = axes.borrow_mut();
        if let Some(used) = draw(&session, &nodes, *axes, look) {
            *axes = Some(used);
            let mut drawn = drawn.borrow_mut();
            let is_same = match (&*drawn, &session.curve) {
                (Some(drawn), Some(curve)) => Rc::ptr_eq(drawn, curve),
                _ => false,
            };
            drawn.clone_from(&session.curve);
            clock::drawn(match is_same {
                false => Shown::New(session.shown_id()),
                true if session.is_first_pass_under_way() => Shown::Waiting,
                true => Shown::Same,
            });
            if !is_same && session.curve.as_ref().is_some_and(|curve| curve.finished) {
                clock::finished();
            }
        }
    });
}

/// p99 of the run at the operating point, once that is done, unless faults make it another than the curve's.
fn measured_p99(session: &Session) -> Option<f64> {
    session.measured().filter(|_| !session.leaves_out_faults())?.latency_ms.p99
}

/// Draws latency and measures; the axes they were drawn on.
fn draw(
    session: &Session,
    nodes: &[NodeRef; CHARTS],
    present: Option<Axes>,
    (sizes, is_dark, is_large, screen): &Look,
) -> Option<Axes> {
    let axes = axes_of(session, present)?;
    let &Screen { ref font, ratio, .. } = screen;
    let last = session.measures().each().last();
    for measure in std::iter::once(None).chain(session.measures().each().map(Some)) {
        let canvas = nodes[place(measure)].cast::<HtmlCanvasElement>()?;
        let size = sizes[place(measure)];
        let text_px = text_px(size.0, *is_large);
        let labelled = measure.is_none() || measure == last;
        let print =
            Print { axes, size, ratio, is_dark: *is_dark, font, text_px, titled: false, labelled };
        print.draw(session, measure, &canvas)?;
    }
    Some(axes)
}

/// Axes for the curves of a session, kept from before where they still fit.
pub(super) fn axes_of(session: &Session, present: Option<Axes>) -> Option<Axes> {
    let curve = session.curve.as_deref()?;
    let ghost = session.ghost.as_ref().and_then(|ghost| ghost.curve.as_deref());
    let drawn = (curve, ghost, session.walk().map(|walk| &**walk));
    Some(Axes::of(session.x(), drawn, &session.scenario.objective, present))
}

/// How a chart of a session is put on a canvas.
pub(super) struct Print<'a> {
    pub(super) axes: Axes,
    /// Width and height in pixels of the page.
    pub(super) size: (f64, f64),
    /// Pixels of the screen for one of the page.
    pub(super) ratio: f64,
    pub(super) is_dark: bool,
    pub(super) font: &'a str,
    pub(super) text_px: f64,
    pub(super) titled: bool,
    pub(super) labelled: bool,
}

impl Print<'_> {
    /// Draws a measure, or latency if there is none; nothing while there is no curve.
    pub(super) fn draw(
        &self,
        session: &Session,
        measure: Option<Measure>,
        canvas: &HtmlCanvasElement,
    ) -> Option<()> {
        let area = canvas::area(canvas, self.size, self.ratio)?;
        let spec = Spec {
            curve: session.curve.as_deref()?,
            ghost: session.ghost.as_ref().and_then(|ghost| ghost.curve.as_deref()),
            walk: session.walk().map(|walk| &**walk),
            knob: session.x(),
            objective: &session.scenario.objective,
            point: session.point(),
            measured_p99: measured_p99(session),
            hover: None,
            axes: self.axes,
            size: self.size,
            scale: canvas::scale(self.ratio),
            palette: if self.is_dark { &DARK } else { &LIGHT },
            font: self.font,
            text_px: self.text_px,
            titled: self.titled,
            labelled: self.labelled,
        };
        let drawn = match measure {
            None => plot::latency(&area, &spec),
            Some(measure) => plot::small(&area, &spec, measure),
        };
        drawn.ok().map(|_| ())
    }
}
