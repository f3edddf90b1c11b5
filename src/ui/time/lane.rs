//! The time line of faults: each a block that is dragged, stretched at its edges, and taken away, by
//! mouse, by touch, or with the keys.

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

use super::{Panel, edges};
use crate::scenario::Unit;
use crate::scenario::by_hand::{End, Figure, HandFault};
use crate::scenario::quantity::parse;
use crate::session::Action;
use crate::session::playback::{Shown, time};

/// Height of a row of blocks.
const ROW: f64 = 30.0;
/// Height of a block: as much as a finger needs.
const BLOCK: f64 = 24.0;
/// How far from an edge of a block it is taken hold of.
const GRIP: f64 = 9.0;
/// Width that a letter takes at most, to tell whether words fit.
const LETTER: f64 = 6.6;

/// What the pointer holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hand {
    index: usize,
    end: End,
    /// Where it was taken, in pixels of the window.
    from_x: f64,
    /// What it was then.
    fault: HandFault,
}

/// The lane, and the figures of the fault that is looked at.
pub(super) fn lane(view: &Panel<'_>, hand: &Rc<RefCell<Option<Hand>>>) -> Html {
    let faults = &view.playback.faults;
    if faults.is_empty() {
        return Html::default();
    }
    let places: Vec<Place> = faults.iter().map(|fault| Place::of(view, fault)).collect();
    let rows = rows_of(&places);
    let height = ROW * (rows.iter().max().copied().unwrap_or(0) + 1) as f64 + 4.0;
    let blocks = faults.iter().zip(&places).zip(rows);
    let blocks =
        blocks.map(|((fault, place), row)| block(view, fault, place, row as f64 * ROW, hand));
    let (left, right) = edges(view);
    let px = |value: f64| format!("{value:.1}");
    let playhead = left + view.playback.strip.now_ms / view.playback.span_ms() * (right - left);
    let playhead = playhead.min(right);
    html! {
        <>
            <svg class="lane" width={px(view.width)} height={px(height)} role="group" aria-label="Faults on the time line">
                <line class="ground" x1={px(left)} x2={px(right)} y1={px(height - 1.0)} y2={px(height - 1.0)} />
                <line class="playhead" x1={px(playhead)} x2={px(playhead)} y1="0" y2={px(height)} />
                { for blocks }
            </svg>
            { figures(view) }
        </>
    }
}

/// Where a fault stands across, in pixels.
struct Place {
    from: f64,
    to: f64,
    /// Where its words are held, and by which end.
    words: (f64, &'static str),
    /// From its left end to its right one, words included.
    all: (f64, f64),
}

impl Place {
    fn of(view: &Panel<'_>, shown: &Shown) -> Self {
        let (left, right) = edges(view);
        let x = |ms: f64| left + (ms / view.playback.span_ms()).min(1.0) * (right - left);
        let from = x(shown.band.from_ms);
        let to = x(shown.band.to_ms).max(from + 6.0);
        let width = shown.words.chars().count() as f64 * LETTER + 12.0;
        let (words, all) = if width < to - from {
            ((f64::midpoint(from, to), "middle"), (from, to))
        } else if to + width < right {
            ((to + 6.0, "start"), (from, to + width))
        } else {
            ((from - 6.0, "end"), (from - width, to))
        };
        Self { from, to, words, all }
    }
}

/// Each fault in the first row where it overlaps none, nor its words.
fn rows_of(places: &[Place]) -> Vec<usize> {
    let mut rows: Vec<usize> = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let overlaps = |other: &Place| other.all.0 < place.all.1 && place.all.0 < other.all.1;
        let is_free = |row: &usize| {
            places[..index].iter().zip(&rows).all(|(other, of)| of != row || !overlaps(other))
        };
        rows.push((0..=index).find(is_free).unwrap_or(index));
    }
    rows
}

fn block(
    view: &Panel<'_>,
    shown: &Shown,
    place: &Place,
    top: f64,
    hand: &Rc<RefCell<Option<Hand>>>,
) -> Html {
    let &Place { from, to, words: (words_x, anchor), .. } = place;
    let (span, is_beside) = (view.playback.span_ms(), anchor != "middle");
    let px = |value: f64| format!("{value:.1}");
    let body = html! {
        <>
            <rect x={px(from)} y={px(top + 2.0)} width={px(to - from)} height={px(BLOCK)} rx="4" />
            <text class={classes!(is_beside.then_some("beside"))} x={px(words_x)} y={px(top + 17.5)} text-anchor={anchor}>{ &shown.words }</text>
        </>
    };
    let times = format!("from {} to {}", time(shown.band.from_ms), time(shown.band.to_ms));
    let label = format!("{}, {times}", shown.words);
    let Some(index) = shown.by_hand else {
        return html! { <g class="fault fixed" role="img" aria-label={label}>{ body }</g> };
    };
    let Some(fault) = view.session.settings.faults.get(index).cloned() else {
        return Html::default();
    };
    let is_chosen = **view.chosen == Some(index);
    html! {
        <g class={classes!("fault", is_chosen.then_some("chosen"))} tabindex="0" role="slider" data-fault={index.to_string()}
            aria-label={format!("Fault: {}", shown.words)} aria-valuemin="0" aria-valuemax={px(span)}
            aria-valuenow={fault.from_ms.to_string()} aria-valuetext={times}
            onfocus={choose(view, index)}
            onkeydown={keys(view, index)} onkeyup={view.act.reform(|_: KeyboardEvent| Action::Commit)}
            onpointerdown={take(view, index, &fault, hand, [from, to])} onpointermove={drag(view, hand)}
            onpointerup={release(view, hand)} onpointercancel={release(view, hand)}>
            { body }
            <path class="grip" d={format!("M{a:.1} {y:.1}v10M{b:.1} {y:.1}v10", a = from + 3.5, b = to - 3.5, y = top + 9.0)} />
        </g>
    }
}

fn choose(view: &Panel<'_>, index: usize) -> Callback<FocusEvent> {
    let chosen = view.chosen.clone();
    Callback::from(move |_: FocusEvent| chosen.set(Some(index)))
}

/// A step of the arrow keys: one window, or a second before there is any.
fn step_of(view: &Panel<'_>) -> f64 {
    let length = view.playback.strip.length_ms;
    if length > 0.0 { length } else { 1_000.0 }
}

fn keys(view: &Panel<'_>, index: usize) -> Callback<KeyboardEvent> {
    let (act, chosen, step) = (view.act.clone(), view.chosen.clone(), step_of(view));
    Callback::from(move |event: KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let end = if event.shift_key() { End::To } else { End::Both };
        let by = match event.key().as_str() {
            "ArrowRight" | "ArrowUp" => step,
            "ArrowLeft" | "ArrowDown" => -step,
            "PageUp" => 10.0 * step,
            "PageDown" => -10.0 * step,
            "Delete" | "Backspace" => {
                event.prevent_default();
                chosen.set(None);
                act.emit(Action::LiftFault(index));
                return;
            }
            _ => return,
        };
        event.prevent_default();
        act.emit(Action::NudgeFault(index, end, by, step));
    })
}

fn take(
    view: &Panel<'_>,
    index: usize,
    fault: &HandFault,
    hand: &Rc<RefCell<Option<Hand>>>,
    [from, to]: [f64; 2],
) -> Callback<PointerEvent> {
    let (fault, hand, chosen) = (fault.clone(), Rc::clone(hand), view.chosen.clone());
    Callback::from(move |event: PointerEvent| {
        // The words and the grips let the pointer through.
        let block = event.target_unchecked_into::<Element>();
        // Without capture the drag ends at the edge of the block.
        let _ = block.set_pointer_capture(event.pointer_id());
        chosen.set(Some(index));
        let x = f64::from(event.client_x());
        // The whole block of a narrow one is moved.
        let grip = GRIP.min((to - from) / 3.0);
        let left = block.get_bounding_client_rect().left();
        let end = match x - left {
            inside if inside < grip => End::From,
            inside if inside > to - from - grip && inside <= to - from + 2.0 => End::To,
            _ => End::Both,
        };
        *hand.borrow_mut() = Some(Hand { index, end, from_x: x, fault: fault.clone() });
    })
}

fn drag(view: &Panel<'_>, hand: &Rc<RefCell<Option<Hand>>>) -> Callback<PointerEvent> {
    let (act, hand, step) = (view.act.clone(), Rc::clone(hand), step_of(view));
    let (left, right) = edges(view);
    let ms_per_px = view.playback.span_ms() / (right - left);
    Callback::from(move |event: PointerEvent| {
        let held = hand.borrow().clone();
        if let Some(Hand { index, end, from_x, fault }) = held {
            let by = (f64::from(event.client_x()) - from_x) * ms_per_px;
            act.emit(Action::ShapeFault(index, fault.moved(end, by, step)));
        }
    })
}

fn release(view: &Panel<'_>, hand: &Rc<RefCell<Option<Hand>>>) -> Callback<PointerEvent> {
    let (act, hand) = (view.act.clone(), Rc::clone(hand));
    Callback::from(move |_: PointerEvent| {
        if hand.borrow_mut().take().is_some() {
            act.emit(Action::Commit);
        }
    })
}

/// A time as it can be typed.
fn secs(ms: u64) -> String {
    format!("{} s", ms as f64 / 1e3)
}

/// The chosen fault in figures, to be typed.
fn figures(view: &Panel<'_>) -> Html {
    let chosen = (**view.chosen)
        .and_then(|index| Some((index, view.session.settings.faults.get(index)?.clone())));
    let Some((index, fault)) = chosen else { return Html::default() };
    let field = |label: &'static str, value: String, unit: Unit, figure: Figure| {
        let act = view.act.clone();
        let typed =
            view.draft.as_ref().filter(|(of, _)| *of == label).map(|(_, text)| text.clone());
        let oninput = {
            let draft = view.draft.clone();
            Callback::from(move |event: InputEvent| {
                let input = event.target_unchecked_into::<HtmlInputElement>();
                draft.set(Some((label, input.value())));
            })
        };
        let draft = view.draft.clone();
        let value = typed.unwrap_or(value);
        let onchange = Callback::from(move |event: Event| {
            draft.set(None);
            let input = event.target_unchecked_into::<HtmlInputElement>();
            if let Ok(value) = parse(&input.value(), unit) {
                act.emit(Action::WriteFault(index, figure, value));
            }
        });
        html! { <label>{ label }<input type="text" inputmode="decimal" size="7" {value} {oninput} {onchange} /></label> }
    };
    let amount = fault
        .kind
        .range()
        .map(|_| field("amount", fault.amount.to_string(), Unit::Count, Figure::Amount));
    let lift = {
        let (act, chosen) = (view.act.clone(), view.chosen.clone());
        Callback::from(move |_: MouseEvent| {
            chosen.set(None);
            act.emit(Action::LiftFault(index));
        })
    };
    html! {
        <div class="chosen-fault" role="group" aria-label={format!("Fault: {}", fault.words())}>
            <b>{ fault.words() }</b>
            { field("from", secs(fault.from_ms), Unit::Ms, Figure::From) }
            { field("to", secs(fault.to_ms), Unit::Ms, Figure::To) }
            { for amount }
            <button class="small" onclick={lift}>{ "Remove" }</button>
        </div>
    }
}
