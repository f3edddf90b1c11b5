//! How fast the page answers, on the browser's own time line.
//!
//! `kneepoint:curve` lasts from the first input that a curve answers to the frame that shows it,
//! `kneepoint:point` the same for the operating point on a curve that stays; `kneepoint:drawn` marks
//! every drawing, `kneepoint:finished` that of a curve that no further pass will change.

use std::cell::{Cell, RefCell};

use gloo::render::{AnimationFrame, request_animation_frame};
use web_sys::Performance;

/// After so many drawings the entries are forgotten.
const DRAWINGS_MAX: u32 = 1_000;
/// Marks of inputs: of the one that waits to be asked about, and of the two curves that may be under
/// way, as the next is asked for before the last is drawn.
const INPUTS: [&str; 3] = ["kneepoint:input", "kneepoint:input-2", "kneepoint:input-3"];

/// An input that has asked for nothing in so many milliseconds has changed nothing.
const FRUITLESS_MS: f64 = 1_000.0;

thread_local! {
    /// The mark of the first input that no curve has been asked for yet, and when it was made.
    static INPUT: Cell<Option<(usize, f64)>> = const { Cell::new(None) };
    /// Curves asked for and not yet drawn, and the marks of the inputs that they answer.
    static ASKED: RefCell<Vec<(u32, usize)>> = const { RefCell::new(Vec::new()) };
    static FRAME: RefCell<Option<AnimationFrame>> = const { RefCell::new(None) };
    static DRAWINGS: Cell<u32> = const { Cell::new(0) };
    /// What is drawn now is shown by the frame that is being made.
    static IN_FRAME: Cell<bool> = const { Cell::new(false) };
}

/// Milliseconds since the page began.
pub(super) fn now() -> f64 {
    performance().map_or(0.0, |performance| performance.now())
}

/// A frame is being made, or is over.
pub(super) fn in_frame(is_begun: bool) {
    IN_FRAME.set(is_begun);
}

fn performance() -> Option<Performance> {
    web_sys::window()?.performance()
}

/// A hand moved something.
pub(super) fn input() {
    let Some(performance) = performance() else { return };
    let now = performance.now();
    if INPUT.get().is_none_or(|(_, since)| now - since > FRUITLESS_MS) {
        let is_used = |mark: &usize| ASKED.with_borrow(|all| all.iter().any(|one| one.1 == *mark));
        let mark = (0..INPUTS.len()).find(|mark| !is_used(mark)).unwrap_or(0);
        // Fails only for names that are reserved; these are not.
        let _ = performance.mark(INPUTS[mark]);
        INPUT.set(Some((mark, now)));
    }
}

/// A curve is asked for; its number rises.
pub(super) fn asked(curve: u32) {
    let Some((mark, _)) = INPUT.take() else { return };
    ASKED.with_borrow_mut(|all| {
        // Only the last may still be drawn; those before it have been replaced.
        all.drain(..all.len().saturating_sub(1));
        all.push((curve, mark));
    });
}

/// The mark of what the curve of this number answers, which has been drawn.
fn answered(curve: u32) -> Option<usize> {
    ASKED.with_borrow_mut(|all| {
        let found = all.iter().find(|one| one.0 == curve).map(|one| one.1);
        all.retain(|one| one.0 > curve);
        found
    })
}

/// A curve has been drawn that is as good as it gets.
pub(super) fn finished() {
    if let Some(performance) = performance() {
        let _ = performance.mark("kneepoint:finished");
    }
}

/// What a drawing shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Another curve, or another pass of it; its number.
    New(u32),
    /// The curve there was, of which something else has changed.
    Same,
    /// The curve there was, while another is on its way.
    Waiting,
}

/// The charts have been drawn.
pub(super) fn drawn(shown: Shown) {
    let Some(performance) = performance() else { return };
    let _ = performance.mark("kneepoint:drawn");
    let (name, mark) = match shown {
        Shown::New(curve) => ("kneepoint:curve", answered(curve)),
        // While a curve is under way, a moved operating point waits for it.
        Shown::Waiting => return,
        Shown::Same => ("kneepoint:point", INPUT.take().map(|(mark, _)| mark)),
    };
    DRAWINGS.set(DRAWINGS.get() + 1);
    let Some(mark) = mark else {
        // Nothing waits for its measure, so nothing is lost.
        if DRAWINGS.get() > DRAWINGS_MAX {
            DRAWINGS.set(0);
            performance.clear_marks();
            performance.clear_measures();
        }
        return;
    };
    let measure = move || {
        let _ = performance.measure_with_start_mark(name, INPUTS[mark]);
    };
    if IN_FRAME.get() {
        measure();
    } else {
        let frame = request_animation_frame(move |_| measure());
        FRAME.with(|slot| *slot.borrow_mut() = Some(frame));
    }
}
