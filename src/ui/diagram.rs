//! The system as a picture: parts, links, how busy each part is, and requests on their way.

use std::rc::Rc;
use std::sync::Arc;

use js_sys::Array;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::Closure;
use web_sys::{IntersectionObserver, IntersectionObserverEntry, SvgsvgElement};
use yew::prelude::*;

use super::late::use_late;
use super::part_card::part_card;
use crate::scenario::Unit;
use crate::scenario::quantity::format;
use crate::session::Session;
use crate::session::diagram::{
    CARD_HEIGHT, Card, Facts, Graph, Layout, Level, Link, Node, WIDTH, Wire, per_dot,
};

/// Dots cover this much of a way in a second.
const SPEED: f64 = 70.0;
/// Room around the cards for what stands at their edges.
const MARGIN: f64 = 3.0;
/// Width that a letter takes beside a part and on a badge.
const LETTER: f64 = 5.7;

#[derive(Properties)]
pub(super) struct DiagramProps {
    pub(super) session: Rc<Session>,
}

impl PartialEq for DiagramProps {
    /// The same system with the same figures: a curve that grows changes nothing of it.
    fn eq(&self, other: &Self) -> bool {
        let shown = |session: &Session| {
            let report = session.report.as_ref().map(Rc::as_ptr);
            let explanation = session.explanation.as_ref().map(Rc::as_ptr);
            (Arc::as_ptr(&session.scenario), report, explanation, session.is_measured())
        };
        let (one, other) = (&self.session, &other.session);
        shown(one) == shown(other) && one.settings == other.settings
    }
}

/// The picture, and the card of the part that was picked.
#[component]
pub(super) fn Diagram(props: &DiagramProps) -> Html {
    let session = &props.session;
    let picked = use_state_eq(|| None::<String>);
    let moves = use_state_eq(|| !prefers_stillness());
    let is_seen = use_state_eq(|| false);
    let picture = use_node_ref();
    let drawn = {
        let scenario = Arc::clone(&session.scenario);
        use_memo((scenario, session.settings.clone()), |(scenario, settings)| {
            let graph = Graph::new(&scenario.system(settings).unwrap_or_default());
            let layout = Layout::new(&graph);
            (graph, layout)
        })
    };
    use_effect_with(picture.clone(), {
        let seen = is_seen.setter();
        move |picture| watch(picture, seen)
    });
    // Dots tell what was measured. While that is not known they stand still, which also leaves the
    // frames of the browser to what is being changed.
    use_effect_with((picture.clone(), session.is_measured()), |(picture, is_measured)| {
        match (picture.cast::<SvgsvgElement>(), is_measured) {
            (Some(picture), true) => picture.unpause_animations(),
            (Some(picture), false) => picture.pause_animations(),
            (None, _) => {}
        }
    });
    let is_old = use_late(!session.is_measured());
    let (graph, layout) = &*drawn;
    let facts = session.report.as_ref().map(|report| Facts::all(graph, report)).unwrap_or_default();
    let first = session.explanation.as_ref().and_then(|found| found.first_to_break.as_ref());
    let first = first.map(|first| first.part.as_str()).unwrap_or_default();
    let arrivals_a_dot = per_dot(&facts);
    let flows = *moves && *is_seen && session.report.is_some();
    let dots = |(link, wire): (&Link, &Wire)| {
        let facts =
            facts.get(link.to).filter(|_| flows && !link.is_place && wire.points.len() > 2)?;
        let is_last = graph.callers(link.to) > 1;
        Some(stream(wire, is_last, facts.per_s? / arrivals_a_dot))
    };
    let pick = |id: &String| {
        let (picked, id) = (picked.clone(), id.clone());
        move || picked.set(if picked.as_ref() == Some(&id) { None } else { Some(id.clone()) })
    };
    let none = Facts::default();
    let cards = graph.nodes.iter().enumerate().map(|(index, node)| {
        let is_picked = picked.as_ref() == Some(&node.id);
        let facts = facts.get(index).unwrap_or(&none);
        card(node, layout.cards[index], facts, (is_picked, first == node.id), pick(&node.id))
    });
    let wires = graph.links.iter().zip(&layout.wires).map(|(link, wire)| {
        html! { <path class={if link.is_place { "wire placed" } else { "wire" }} d={wire.path(false)} /> }
    });
    let shown = graph.nodes.iter().position(|node| picked.as_ref() == Some(&node.id));
    let turn = {
        let moves = moves.clone();
        move |_: MouseEvent| moves.set(!*moves)
    };
    let box_of =
        format!("{} {} {} {}", -MARGIN, -MARGIN, WIDTH + 2.0 * MARGIN, layout.height + 22.0);
    html! {
        <section class="diagram" aria-label="The system">
            <div class="title">
                <h2>{ "The system" }</h2>
                <button class="small" onclick={turn}>{ if *moves { "Stop dots" } else { "Move dots" } }</button>
            </div>
            <svg ref={picture} viewBox={box_of} role="group" aria-label="Parts of the system, from clients down"
                class={classes!(is_old.then_some("old"))}>
                { for wires }
                { for graph.links.iter().zip(&layout.wires).filter_map(dots) }
                { for cards }
            </svg>
            <p class="legend">
                if flows {
                    <svg width="8" height="8" aria-hidden="true"><circle cx="4" cy="4" r="3" class="dot" /></svg>
                    { match arrivals_a_dot { 1.0 => " is one arrival. ".to_owned(), many => format!(" is {} arrivals. ", format(many, Unit::Count)) } }
                }
                if !first.is_empty() { { flag(0.0, 1.0) } { " breaks first as load grows." } }
            </p>
            if let Some(shown) = shown {
                { part_card(&graph.nodes[shown], facts.get(shown).unwrap_or(&none), Callback::from(move |()| picked.set(None))) }
            }
        </section>
    }
}

/// Dots that come along a way, so many in a second.
fn stream(wire: &Wire, is_last: bool, dots_per_s: f64) -> Html {
    if dots_per_s <= 0.001 {
        return Html::default();
    }
    let travel = (wire.length(is_last) / SPEED).max(0.3);
    let several = (travel * dots_per_s).ceil().max(1.0);
    let round = several / dots_per_s;
    let (path, key_times) = (wire.path(is_last), format!("0;{:.4};1", travel / round));
    let dot = |index: u32| {
        // Negative: the picture begins in the middle of things.
        let begin = format!("{:.3}s", -f64::from(index) / dots_per_s);
        html! {
            <circle r="3" class="dot">
                <animateMotion path={path.clone()} dur={format!("{round:.3}s")} {begin} repeatCount="indefinite"
                    calcMode="linear" keyPoints="0;1;1" keyTimes={key_times.clone()} />
            </circle>
        }
    };
    (0..several as u32).map(dot).collect()
}

/// How many wait, beside the way in: on the right of it, or on the left where that has no room.
fn waiting(words: &str, middle: f64, y: f64) -> Html {
    if words.is_empty() {
        return Html::default();
    }
    let (start, width) = (middle + 6.0, LETTER * words.chars().count() as f64);
    let (x, anchor) =
        if start + width < WIDTH + MARGIN { (start, "start") } else { (middle - 6.0, "end") };
    html! { <text class="waiting-here" x={coordinate(x)} y={coordinate(y)} text-anchor={anchor}>{ words.to_owned() }</text> }
}

/// A part with its numbers, which opens its card.
fn card(
    node: &Node,
    place: Card,
    facts: &Facts,
    (is_picked, is_first): (bool, bool),
    pick: impl Fn() + Clone + 'static,
) -> Html {
    let Card { x, y, width, .. } = place;
    let (right, middle) = (x + width - 8.0, x + width / 2.0);
    let level = match facts.level() {
        Level::Calm => "calm",
        Level::Busy => "busy",
        Level::Full => "full",
    };
    let mut words = format!("{}: {}, {}", node.id, node.kind, node.size);
    for more in [&facts.main, &facts.waiting].into_iter().chain(&facts.lost) {
        if !more.is_empty() {
            words.push_str(", ");
            words.push_str(more);
        }
    }
    if is_first {
        words.push_str(", breaks first as load grows");
    }
    let onclick = {
        let pick = pick.clone();
        move |_: MouseEvent| pick()
    };
    let onkeydown = move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | " ") {
            event.prevent_default();
            pick();
        }
    };
    let free = width - 16.0 - 6.2 * facts.main.chars().count() as f64;
    // What is written stands beside the button, not in it: pieces of a picture are no name to speak.
    html! {
        <g class={classes!("part", level, is_picked.then_some("picked"))}>
            <rect class="paper" x={coordinate(x)} y={coordinate(y)} width={coordinate(width)} height={coordinate(CARD_HEIGHT)} rx="7"
                role="button" tabindex="0" aria-label={words} aria-pressed={is_picked.to_string()} {onclick} {onkeydown} />
            <g aria-hidden="true">
                <text class="id" x={coordinate(x + 8.0)} y={coordinate(y + 18.0)}>{ cut(&node.id, free / 7.0) }</text>
                <text class="main" x={coordinate(right)} y={coordinate(y + 18.0)}>{ &facts.main }</text>
                <text class="size" x={coordinate(x + 8.0)} y={coordinate(y + 33.0)}>{ cut(&node.size, (width - 16.0) / 5.4) }</text>
                if is_first { { flag(right - 9.0, y + 24.0) } }
                if let Some(share) = facts.share {
                    <rect class="track" x={coordinate(x + 8.0)} y={coordinate(y + 39.0)} width={coordinate(width - 16.0)} height="5" rx="2.5" />
                    <rect class={if facts.is_hits { "hits" } else { "fill" }} x={coordinate(x + 8.0)} y={coordinate(y + 39.0)} width={coordinate((width - 16.0) * share)} height="5" rx="2.5" />
                }
                { waiting(&facts.waiting, middle, y - 4.0) }
                if let Some(lost) = facts.lost.first() {
                    { badge(lost, facts.lost.len(), middle, y + CARD_HEIGHT) }
                }
            </g>
        </g>
    }
}

/// Why requests are lost here.
fn badge(lost: &str, count: usize, middle: f64, y: f64) -> Html {
    let text = if count > 1 { format!("{lost} +{}", count - 1) } else { lost.to_owned() };
    let width = LETTER * text.chars().count() as f64 + 12.0;
    html! {
        <>
            <rect class="badge" x={coordinate(middle - width / 2.0)} y={coordinate(y - 3.0)} width={coordinate(width)} height="16" rx="8" />
            <text class="reason" x={coordinate(middle)} y={coordinate(y + 8.6)}>{ text }</text>
        </>
    }
}

/// Stands at the part that breaks first.
fn flag(x: f64, y: f64) -> Html {
    let way = format!("M{x:.1} {:.1}v-9h8l-2 2.5 2 2.5h-7v4z", y + 9.0);
    if x == 0.0 {
        return html! { <svg width="9" height="11" aria-hidden="true"><path class="flag" d={way} /></svg> };
    }
    html! { <path class="flag" d={way} /> }
}

fn cut(text: &str, most: f64) -> String {
    let most = most.max(1.0) as usize;
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1).max(1)).collect();
    short.push('…');
    short
}

fn coordinate(number: f64) -> String {
    format!("{number:.1}")
}

fn prefers_stillness() -> bool {
    let media = gloo::utils::window().match_media("(prefers-reduced-motion: reduce)");
    media.ok().flatten().is_some_and(|media| media.matches())
}

/// Tells whether the picture can be seen, until it is gone.
fn watch(picture: &NodeRef, seen: UseStateSetter<bool>) -> impl FnOnce() + use<> {
    let told = Closure::<dyn Fn(Array)>::new(move |entries: Array| {
        if let Ok(entry) = entries.pop().dyn_into::<IntersectionObserverEntry>() {
            seen.set(entry.is_intersecting());
        }
    });
    let observer = IntersectionObserver::new(told.as_ref().unchecked_ref()).ok();
    if let (Some(observer), Some(element)) = (&observer, picture.cast::<web_sys::Element>()) {
        observer.observe(&element);
    }
    move || {
        if let Some(observer) = observer {
            observer.disconnect();
        }
        drop(told);
    }
}
