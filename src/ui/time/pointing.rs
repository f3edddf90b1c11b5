//! What lies over the three charts: the playhead, and the crosshair by pointer and by arrow keys.

use yew::prelude::*;

use super::{Panel, edges};
use crate::chart::plot::Frame;
use crate::chart::time::{frames, readings, spoken_window};
use crate::session::playback::time;

/// What lies over the charts.
pub(super) fn pointing(
    view: &Panel<'_>,
    size: (f64, f64),
    looked_at: &UseStateHandle<Option<usize>>,
) -> Html {
    let strip = &view.playback.strip;
    let (left, right) = edges(view);
    let (span, length, count) = (view.playback.span_ms(), strip.length_ms, strip.windows.len());
    let onpointermove = {
        let looked_at = looked_at.clone();
        Callback::from(move |event: PointerEvent| {
            let share = (f64::from(event.offset_x()) - left) / (right - left);
            let index = (share.clamp(0.0, 1.0) * span / length.max(1e-9)) as usize;
            looked_at.set((count > 0).then(|| index.min(count - 1)));
        })
    };
    let away = {
        let looked_at = looked_at.clone();
        Callback::from(move |_: PointerEvent| looked_at.set(None))
    };
    let onblur = {
        let looked_at = looked_at.clone();
        Callback::from(move |_: FocusEvent| looked_at.set(None))
    };
    let onkeydown = {
        let looked_at = looked_at.clone();
        Callback::from(move |event: KeyboardEvent| {
            if count == 0 || event.ctrl_key() || event.meta_key() || event.alt_key() {
                return;
            }
            let by = if event.shift_key() { 10 } else { 1 };
            let now = looked_at.unwrap_or(count - 1);
            let to = match event.key().as_str() {
                "ArrowRight" | "ArrowUp" => now + by,
                "ArrowLeft" | "ArrowDown" => now.saturating_sub(by),
                "Home" => 0,
                "End" => count - 1,
                "Escape" => return looked_at.set(None),
                _ => return,
            };
            event.prevent_default();
            looked_at.set(Some(to.min(count - 1)));
        })
    };
    let shown = looked_at.filter(|index| *index < count);
    let at = shown.unwrap_or(count.saturating_sub(1));
    let words = spoken_window(strip, at).unwrap_or_else(|| "nothing yet".to_owned());
    html! {
        <div class="pointing" role="slider" tabindex="0" aria-label="Time looked at"
            aria-valuemin="0" aria-valuemax={count.saturating_sub(1).to_string()}
            aria-valuenow={at.to_string()} aria-valuetext={words}
            onpointerleave={away} {onpointermove} {onblur} {onkeydown}>
            if let Some(index) = shown {
                { card(view, size, index) }
            }
        </div>
    }
}

/// Where the run is. Not on the canvas, which would have to be drawn anew for every step.
pub(super) fn playhead(view: &Panel<'_>, size: (f64, f64)) -> Html {
    let (left, right) = edges(view);
    let x = left + view.playback.strip.now_ms / view.playback.span_ms() * (right - left);
    let line = |Frame { top, bottom, .. }| format!("M{:.1} {top:.1}V{bottom:.1}", x.min(right));
    let path = frames(size, view.text).map(line).concat();
    html! {
        <svg class="playhead" width={format!("{:.1}", size.0)} height={format!("{:.1}", size.1)} aria-hidden="true"><path d={path} /></svg>
    }
}

/// A line at a window, and its figures.
fn card(view: &Panel<'_>, size: (f64, f64), index: usize) -> Html {
    const WIDTH: f64 = 132.0;
    const ROW: f64 = 17.0;
    let strip = &view.playback.strip;
    let (left, right) = edges(view);
    let at_ms = (index as f64 + 0.5) * strip.length_ms;
    let x = left + at_ms / view.playback.span_ms() * (right - left);
    let [first, _, last] = frames(size, view.text);
    let is_right = x > f64::midpoint(left, right);
    let start = if is_right { x - WIDTH - 10.0 } else { x + 10.0 };
    let rows = readings(strip, index);
    let height = ROW * (rows.len() as f64 + 1.0) + 12.0;
    let top = first.top + 4.0;
    let px = |value: f64| format!("{value:.1}");
    let from = time(index as f64 * strip.length_ms);
    let to = time((index + 1) as f64 * strip.length_ms);
    let rows = rows.into_iter().enumerate().map(|(row, (name, words))| {
        let y = px(top + ROW * (row as f64 + 2.0));
        html! {
            <>
                <text x={px(start + 10.0)} y={y.clone()}>{ name }</text>
                <text class={name} x={px(start + WIDTH - 10.0)} {y} text-anchor="end">{ words }</text>
            </>
        }
    });
    html! {
        <svg class="figures" width={px(size.0)} height={px(size.1)} aria-hidden="true">
            <line x1={px(x)} x2={px(x)} y1={px(first.top)} y2={px(last.bottom)} />
            <rect x={px(start)} y={px(top)} width={px(WIDTH)} height={px(height)} rx="6" />
            <text class="when" x={px(start + 10.0)} y={px(top + ROW)}>{ format!("{from} to {to}") }</text>
            { for rows }
        </svg>
    }
}
