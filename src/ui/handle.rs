//! What lies over the charts: the operating point to drag, and the figures under the pointer.

use std::rc::Rc;

use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::charts::text_px;
use super::clock;
use super::knob::steps_of_key;
use crate::analysis::report::CurvePoint;
use crate::chart::measure::{Figure, Measure};
use crate::chart::plot::Frame;
use crate::scenario::Unit;
use crate::scenario::quantity::{format, spoken};
use crate::session::readout::{between, round};
use crate::session::{Action, Session};

#[derive(PartialEq, Properties)]
pub(super) struct HandleProps {
    pub(super) session: Rc<Session>,
    pub(super) act: Callback<Action>,
    /// Width of the charts, in pixels of the page.
    pub(super) width: f64,
    /// Text of the charts is large.
    pub(super) is_large: bool,
    /// It can be seen and not moved.
    pub(super) is_locked: bool,
}

/// What the pointer is doing.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Hand {
    Away,
    /// Over the chart, in pixels from its left edge.
    Over(f64),
    /// A finger is down and may yet turn out to scroll the page.
    Touching,
    Dragging,
    /// Keys move the operating point, and its figures are shown.
    Keyed,
}

/// The operating point: dragged on the charts themselves, or moved with the arrow keys.
#[component]
pub(super) fn Handle(props: &HandleProps) -> Html {
    let HandleProps { session, act, width, is_large, is_locked } = props;
    let (is_large, is_locked) = (*is_large, *is_locked);
    let hand = use_state_eq(|| Hand::Away);
    let knob = session.x().clone();
    let move_to = {
        let (knob, act, frame) = (knob.clone(), act.clone(), frame(*width, is_large));
        move |event: &PointerEvent| {
            clock::input();
            let position = frame.position(f64::from(event.offset_x()));
            act.emit(Action::Turn(knob.id.clone(), round(&knob, knob.at(position))));
        }
    };
    let onpointerdown = {
        let (hand, move_to) = (hand.clone(), move_to.clone());
        Callback::from(move |event: PointerEvent| {
            if is_locked {
                return;
            }
            let element = event.target_unchecked_into::<Element>();
            // Without capture the drag ends at the edge of the chart.
            let _ = element.set_pointer_capture(event.pointer_id());
            if event.pointer_type() == "touch" {
                hand.set(Hand::Touching);
            } else {
                hand.set(Hand::Dragging);
                move_to(&event);
            }
        })
    };
    let onpointermove = {
        let (hand, move_to) = (hand.clone(), move_to.clone());
        Callback::from(move |event: PointerEvent| match *hand {
            Hand::Dragging => move_to(&event),
            Hand::Touching => {
                hand.set(Hand::Dragging);
                move_to(&event);
            }
            Hand::Away | Hand::Over(_) | Hand::Keyed => {
                hand.set(Hand::Over(f64::from(event.offset_x())))
            }
        })
    };
    let onpointerup = {
        let (hand, act) = (hand.clone(), act.clone());
        Callback::from(move |event: PointerEvent| {
            if *hand == Hand::Touching {
                move_to(&event);
            }
            hand.set(Hand::Away);
            act.emit(Action::Commit);
        })
    };
    let leave = |commits: bool| {
        let (hand, act) = (hand.clone(), act.clone());
        Callback::from(move |_: PointerEvent| {
            if commits && *hand == Hand::Dragging {
                act.emit(Action::Commit);
            }
            if commits || *hand != Hand::Dragging {
                hand.set(Hand::Away);
            }
        })
    };
    let onkeydown = {
        let (act, session, hand) = (act.clone(), Rc::clone(session), hand.clone());
        Callback::from(move |event: KeyboardEvent| {
            if !is_locked && let Some(action) = action_of_key(&session, &event) {
                event.prevent_default();
                clock::input();
                hand.set(Hand::Keyed);
                act.emit(action);
            }
        })
    };
    let onblur = {
        let hand = hand.clone();
        Callback::from(move |_: FocusEvent| hand.set(Hand::Away))
    };
    let onkeyup = act.reform(|_: KeyboardEvent| Action::Commit);
    let value = session.point();
    let looked_at = match *hand {
        Hand::Over(at) => Some(at),
        Hand::Keyed => Some(frame(*width, is_large).x(knob.position(value))),
        _ => None,
    };
    html! {
        <>
            <div class="handle" role="slider" tabindex="0" aria-disabled={is_locked.then_some("true")}
                aria-label={format!("Operating point, {}", knob.label.to_ascii_lowercase())}
                aria-valuemin={knob.min.to_string()} aria-valuemax={knob.max.to_string()}
                aria-valuenow={value.to_string()} aria-valuetext={spoken(value, knob.unit)}
                onpointercancel={leave(true)} onpointerleave={leave(false)}
                {onpointerdown} {onpointermove} {onpointerup} {onkeydown} {onkeyup} {onblur} />
            if let Some(at) = looked_at {
                <Crosshair session={Rc::clone(session)} {at} width={*width} {is_large} />
            }
        </>
    }
}

/// Where a key leads: steps like those of a knob, the ends of the axis, `K` the knee.
fn action_of_key(session: &Session, event: &KeyboardEvent) -> Option<Action> {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return None;
    }
    let knob = session.x();
    if let Some(steps) = steps_of_key(event) {
        return Some(Action::Step(knob.id.clone(), steps));
    }
    let value = match event.key().as_str() {
        "Home" => knob.min,
        "End" => knob.max,
        "k" | "K" => round(knob, session.curve.as_ref()?.knee.as_ref()?.x),
        _ => return None,
    };
    Some(Action::Turn(knob.id.clone(), value))
}

#[derive(PartialEq, Properties)]
struct CrosshairProps {
    session: Rc<Session>,
    at: f64,
    width: f64,
    is_large: bool,
}

/// A line under the pointer with the figures of the curve there.
#[component]
fn Crosshair(props: &CrosshairProps) -> Html {
    let CrosshairProps { session, at, width, is_large } = props;
    let (line, card) = (use_node_ref(), use_node_ref());
    let frame = frame(*width, *is_large);
    let x = at.clamp(frame.left, frame.right);
    {
        let (line, card) = (line.clone(), card.clone());
        let is_right = x > f64::midpoint(frame.left, frame.right);
        // Through the object model: the page's policy forbids styles in attributes.
        use_effect_with((x.to_bits(), is_right), move |_| {
            place(&line, x, false);
            place(&card, if is_right { x - 10.0 } else { x + 10.0 }, is_right);
        });
    }
    let knob = session.x();
    let value = knob.at(frame.position(x));
    let Some(rows) = figures(session, value) else { return Html::default() };
    let rows = rows.into_iter().map(|(class, name, value)| {
        html! { <tr {class}><th>{ name }</th><td>{ value }</td></tr> }
    });
    html! {
        <div class="crosshair" aria-hidden="true">
            <div class="hair" ref={line} />
            <table class="card" ref={card}>
                <caption>{ format!("{} {}", format(value, knob.unit), knob.label.to_ascii_lowercase()) }</caption>
                <tbody>{ for rows }</tbody>
            </table>
        </div>
    }
}

/// Figures of everything that is drawn, at a value of the knob: their class, name and value.
fn figures(session: &Session, x: f64) -> Option<Vec<(&'static str, String, String)>> {
    let ms = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |ms| format(ms, Unit::Ms));
    let curve = session.curve.as_ref()?;
    let mut rows = Vec::new();
    if let Some(walk) = session.walk() {
        let down: Vec<CurvePoint> = walk.down.iter().rev().cloned().collect();
        for (points, way) in [(&walk.up, "↑"), (&down, "↓")] {
            let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
            let inside = Some(x).filter(|x| (first.x..=last.x).contains(x));
            let at = inside.and_then(|x| between(points, session.x(), x));
            let Some(at) = at else { continue };
            let class = if way == "↑" { "p99" } else { "down" };
            rows.push((class, format!("p99 {way}"), ms(at.latency_ms.p99)));
            for measure in session.measures().each() {
                let name = measure.name().to_ascii_lowercase();
                let name = if measure == Measure::Load { "goodput".to_owned() } else { name };
                rows.push((class, format!("{name} {way}"), measure.words(&at)));
            }
        }
        return Some(rows);
    }
    let at = between(&curve.points, session.x(), x)?;
    let latency = &at.latency_ms;
    for (class, value) in [("p99", latency.p99), ("p95", latency.p95), ("p50", latency.p50)] {
        rows.push((class, class.to_owned(), ms(value)));
    }
    for measure in session.measures().each() {
        for Figure { name, value } in measure.figures(&curve.points, &curve.parts, &at) {
            if !rows.iter().any(|(_, known, _)| *known == name) {
                rows.push(("", name, value));
            }
        }
    }
    Some(rows)
}

/// Where values lie on the charts from the left; their height does not matter.
fn frame(width: f64, is_large: bool) -> Frame {
    Frame::of((width, 0.0), text_px(width, is_large), false)
}

/// Moves an element to `x`; with its right edge if `is_right`.
fn place(node: &NodeRef, x: f64, is_right: bool) {
    if let Some(element) = node.cast::<HtmlElement>() {
        let shift = if is_right { "-100%" } else { "0px" };
        let to = format!("translateX({x:.0}px) translateX({shift})");
        let _ = element.style().set_property("transform", &to);
    }
}
