//! What can happen to a session.
//!
//! Steps, and everything else that starts from what is there, say by how much and not whereto: a key
//! that is pressed again before the page has drawn counts once more.

use std::sync::Arc;

use super::jobs::Answer;
use crate::chart::measure::Measure;
use crate::scenario::Scenario;
use crate::scenario::by_hand::{End, Figure, HandFault};
use crate::scenario::link::Decoded;

/// Everything that can happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A knob is being turned.
    Turn(String, f64),
    /// A knob goes so many steps on from where it stands, or back.
    Step(String, f64),
    /// The change is over: one step of undo.
    Commit,
    /// A fix is switched.
    Toggle(String),
    /// A fault is dropped.
    DropFault(HandFault),
    /// The fault dropped with this number is being moved or stretched.
    ShapeFault(usize, HandFault),
    /// It is moved or stretched by so many milliseconds, to whole steps of so many.
    NudgeFault(usize, End, f64, f64),
    /// One of its figures is typed.
    WriteFault(usize, Figure, f64),
    /// It is taken away.
    LiftFault(usize),
    /// Another knob goes on the x axis.
    Axis(String),
    /// The chart of a measure below latency is shown, or no longer.
    ToggleMeasure(Measure),
    /// Load up and down is shown in place of the curve, or no longer.
    Walk(bool),
    /// Other random numbers.
    Seed(u64),
    /// The random numbers after the present ones.
    NextSeed,
    /// The present state stays as the ghost.
    Pin,
    /// The ghost goes.
    Unpin,
    /// A scenario of the menu is opened.
    Open(Arc<Scenario>),
    /// The scenario so many places further in the menu is opened.
    Neighbour(isize),
    /// A link is opened, or an entry of the browser's history.
    Visit(Box<Decoded>),
    /// The document's state again.
    Reset,
    /// The state before the last commit.
    Undo,
    /// The state before the last undo.
    Redo,
    /// A worker answered.
    Answered(Box<Answer>),
    /// A worker was started anew: what it was asked is lost.
    Restarted,
    /// The gallery was opened, or closed.
    Gallery(bool),
    /// The claims that stand in this text are to be tried on so many seeds; on none, no longer.
    Verify(String, u32),
    /// Something went wrong outside.
    Notice(String),
    /// The notices were read.
    DismissNotices,
}
