//! What can happen to a session.

use std::sync::Arc;

use super::jobs::Answer;
use crate::scenario::Scenario;
use crate::scenario::by_hand::HandFault;
use crate::scenario::link::Decoded;

/// Everything that can happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A knob is being turned.
    Turn(String, f64),
    /// The change is over: one step of undo.
    Commit,
    /// A fix is switched.
    Toggle(String),
    /// A fault is dropped.
    DropFault(HandFault),
    /// The fault dropped with this number is being moved or stretched.
    ShapeFault(usize, HandFault),
    /// It is taken away.
    LiftFault(usize),
    /// Another knob goes on the x axis.
    Axis(String),
    /// Other random numbers.
    Seed(u64),
    /// The present state stays as the ghost.
    Pin,
    /// The ghost goes.
    Unpin,
    /// A scenario of the menu is opened.
    Open(Arc<Scenario>),
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
