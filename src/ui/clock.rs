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
/// Marks of inputs: while a curve answers the one, the next input gets the other.
const INPUTS: [&str; 2] = ["kneepoint:input", "kneepoint:next-input"];

thread_local! {
    /// The mark of the first input that no curve has been asked for yet.
    static INPUT: Cell<Option<usize>> = const { Cell::new(None) };
    /// The mark of the input that the curve under way answers.
    static ASKED: Cell<Option<usize>> = const { Cell::new(None) };
    static FRAME: RefCell<Option<AnimationFrame>> = const { RefCell::new(None) };
    static DRAWINGS: Cell<u32> = const { Cell::new(0) };
}

fn performance() -> Option<Performance> {
    web_sys::window()?.performance()
}

/// A hand moved something.
pub(super) fn input() {
    if INPUT.get().is_none()
        && let Some(performance) = performance()
    {
        let mark = ASKED.get().map_or(0, |asked| 1 - asked);
        // Fails only for names that are reserved; these are not.
        let _ = performance.mark(INPUTS[mark]);
        INPUT.set(Some(mark));
    }
}

/// A curve is asked for.
pub(super) fn asked() {
    ASKED.set(INPUT.take());
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
    /// Another curve, or another pass of it.
    New,
    /// The curve there was, of which something else has changed.
    Same,
    /// The curve there was, while another is wanted: the page draws before it asks.
    Waiting,
}

/// The charts have been drawn.
pub(super) fn drawn(shown: Shown) {
    let Some(performance) = performance() else { return };
    let _ = performance.mark("kneepoint:drawn");
    // While a curve is under way, a moved operating point waits for it.
    let (name, mark) = match (ASKED.get(), shown) {
        (Some(_), Shown::New) => ("kneepoint:curve", ASKED.take()),
        (Some(_), _) | (None, Shown::Waiting) => return,
        (None, _) => ("kneepoint:point", INPUT.take()),
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
    let frame = request_animation_frame(move |_| {
        let _ = performance.measure_with_start_mark(name, INPUTS[mark]);
    });
    FRAME.with(|slot| *slot.borrow_mut() = Some(frame));
}
