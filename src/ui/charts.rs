//! The two charts: drawn on canvases, with the operating point to drag on top.

use std::rc::Rc;

use gloo::utils::window;
use plotters::prelude::IntoDrawingArea as _;
use plotters_canvas::CanvasBackend;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlCanvasElement, ResizeObserver};
use yew::prelude::*;

use super::knob::mark;
use crate::chart::describe::summary;
use crate::chart::palette::{DARK, LIGHT};
use crate::chart::plot::{self, Axes, Spec, frame};
use crate::scenario::quantity::spoken;
use crate::session::{Action, Session};

const FONT: &str = "ui-sans-serif, system-ui, sans-serif";

#[derive(PartialEq, Properties)]
pub(super) struct ChartsProps {
    pub(super) session: Rc<Session>,
    pub(super) act: Callback<Action>,
    pub(super) dark: bool,
}

/// Both charts.
#[component]
pub(super) fn Charts(props: &ChartsProps) -> Html {
    let ChartsProps { session, act, dark } = props;
    let (latency, load) = (use_node_ref(), use_node_ref());
    let size = use_size(&latency);
    let axes = use_mut_ref(|| None::<Axes>);
    {
        let (latency, load, session) = (latency.clone(), load.clone(), Rc::clone(session));
        let point = session.value(&session.x().id);
        let depends = (session.curve.clone(), session.ghost.clone(), point, size, *dark);
        use_effect_with(depends, move |(.., dark)| {
            let mut axes = axes.borrow_mut();
            *axes = draw(&session, [&latency, &load], *axes, *dark).or(*axes);
        });
    }
    let knob = session.x();
    let value = session.value(&knob.id);
    let words = session.curve.as_ref().map(|curve| summary(curve, knob));
    let words = words.unwrap_or_else(|| "The first curve is being computed.".to_owned());
    html! {
        <figure class="charts" aria-label={format!("Latency and load over {}", knob.label.to_lowercase())}>
            <div class="caption"><b>{ "Latency" }</b>{ format!(" over {}", knob.label.to_lowercase()) }</div>
            <div class="chart latency">
                <canvas ref={latency} role="img" aria-label={words.clone()} />
                <Handle session={Rc::clone(session)} act={act.clone()} width={size.0} text={spoken(value, knob.unit)} />
                if session.curve.is_none() {
                    <p class="waiting">{ "Simulating the first curve …" }</p>
                }
            </div>
            <div class="caption"><b>{ "Load" }</b>{ " offered, answered in time, and lost" }</div>
            <div class="chart load">
                <canvas ref={load} role="img" aria-label="Offered load, goodput and errors; the table below has the numbers." />
            </div>
            <figcaption>{ words }</figcaption>
        </figure>
    }
}

/// Draws both charts; the axes they were drawn on.
fn draw(session: &Session, nodes: [&NodeRef; 2], present: Option<Axes>, dark: bool) -> Option<Axes> {
    let curve = session.curve.as_deref()?;
    let ghost = session.ghost.as_ref().map(|ghost| &*ghost.curve);
    let knob = session.x();
    let objective = &session.scenario.objective;
    let axes = Axes::of(knob, curve, ghost, objective, present);
    // Twice as fine as the screen at least: the backend knows whole pixels only.
    let scale = window().device_pixel_ratio().max(2.0);
    for (index, node) in nodes.into_iter().enumerate() {
        let canvas = node.cast::<HtmlCanvasElement>()?;
        let size = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
        let pixels = (size.0 * scale, size.1 * scale);
        if canvas.width() != pixels.0 as u32 || canvas.height() != pixels.1 as u32 {
            canvas.set_width(pixels.0 as u32);
            canvas.set_height(pixels.1 as u32);
        }
        let area = CanvasBackend::with_canvas_object(canvas)?.into_drawing_area();
        let spec = Spec {
            curve,
            ghost,
            knob,
            objective,
            point: session.value(&knob.id),
            axes,
            size,
            scale,
            palette: if dark { &DARK } else { &LIGHT },
            font: FONT,
        };
        let drawn =
            if index == 0 { plot::latency(&area, &spec) } else { plot::load(&area, &spec) };
        drawn.ok()?;
    }
    mark("kneepoint:drawn");
    Some(axes)
}

/// Size of an element in pixels of the page, followed as it changes.
#[hook]
fn use_size(node: &NodeRef) -> (f64, f64) {
    let size = use_state(|| (0.0, 0.0));
    let node = node.clone();
    let set = size.setter();
    use_effect_with((), move |()| {
        let element = node.cast::<Element>();
        let measured = element.clone();
        let changed = Closure::<dyn FnMut()>::new(move || {
            if let Some(element) = &measured {
                let (width, height) = (element.client_width(), element.client_height());
                set.set((f64::from(width), f64::from(height)));
            }
        });
        let observer = ResizeObserver::new(changed.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(element)) = (&observer, &element) {
            observer.observe(element);
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(changed);
        }
    });
    *size
}

#[derive(PartialEq, Properties)]
struct HandleProps {
    session: Rc<Session>,
    act: Callback<Action>,
    width: f64,
    text: String,
}

/// The operating point: dragged on the chart itself, or moved with the arrow keys.
#[component]
fn Handle(props: &HandleProps) -> Html {
    let HandleProps { session, act, width, text } = props;
    let dragging = use_mut_ref(|| false);
    let knob = session.x().clone();
    let to_pointer = {
        let (knob, act, width) = (knob.clone(), act.clone(), *width);
        move |event: &PointerEvent| {
            mark("kneepoint:input");
            let position = frame((width, 0.0)).position(f64::from(event.offset_x()));
            act.emit(Action::Turn(knob.id.clone(), knob.at(position)));
        }
    };
    let onpointerdown = {
        let (dragging, to_pointer) = (Rc::clone(&dragging), to_pointer.clone());
        Callback::from(move |event: PointerEvent| {
            *dragging.borrow_mut() = true;
            let element = event.target_unchecked_into::<Element>();
            // Without capture the drag ends at the edge of the chart.
            let _ = element.set_pointer_capture(event.pointer_id());
            to_pointer(&event);
        })
    };
    let onpointermove = {
        let dragging = Rc::clone(&dragging);
        Callback::from(move |event: PointerEvent| {
            if *dragging.borrow() {
                to_pointer(&event);
            }
        })
    };
    let onpointerup = {
        let act = act.clone();
        Callback::from(move |_: PointerEvent| {
            *dragging.borrow_mut() = false;
            act.emit(Action::Commit);
        })
    };
    let value = session.value(&knob.id);
    let onkeydown = {
        let (knob, act, session) = (knob.clone(), act.clone(), Rc::clone(session));
        Callback::from(move |event: KeyboardEvent| {
            let position = knob.position(value);
            let step = if event.shift_key() { 0.1 } else { 0.01 };
            let to = match event.key().as_str() {
                "ArrowRight" | "ArrowUp" => knob.at(position + step),
                "ArrowLeft" | "ArrowDown" => knob.at(position - step),
                "Home" => knob.min,
                "End" => knob.max,
                "k" | "K" => match session.curve.as_ref().and_then(|curve| curve.knee.as_ref()) {
                    Some(knee) => knee.x,
                    None => return,
                },
                _ => return,
            };
            event.prevent_default();
            act.emit(Action::Turn(knob.id.clone(), to));
            act.emit(Action::Commit);
        })
    };
    html! {
        <div class="handle" role="slider" tabindex="0"
            aria-label={format!("Operating point, {}", knob.label.to_lowercase())}
            aria-valuemin={knob.min.to_string()} aria-valuemax={knob.max.to_string()}
            aria-valuenow={value.to_string()} aria-valuetext={text.clone()}
            onpointercancel={onpointerup.clone()} {onpointerdown} {onpointermove} {onpointerup} {onkeydown} />
    }
}
