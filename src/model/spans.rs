//! What a followed request did, as spans within spans.

use crate::engine::SimTime;

use super::built::{Model, PartKind};
use super::program::{Op, Spent};
use super::record::Outcome;
use super::recorder::{Item, Node, Recorder};
use super::scopes::{NO_SCOPE, ScopeOf};
use super::simulation::Simulation;

/// The spans of one request, each before those inside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spans {
    /// What the spans are; equal ones share a label.
    pub labels: Vec<Label>,
    /// The first is the request.
    pub all: Vec<Span>,
}

/// A stretch of time of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Index of the label.
    pub label: u32,
    /// How many spans it lies in.
    pub depth: u16,
    /// When it begins.
    pub from: SimTime,
    /// When it ends.
    pub until: SimTime,
}

/// What a span is. Two spans with one label are the same step, done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// What it is.
    pub kind: SpanKind,
    /// Id of the part; empty if it is about none.
    pub part: String,
    /// Name of the endpoint, where one is being served.
    pub name: String,
    /// How it ended, where that can differ; `None` if nobody waited for it any more.
    pub outcome: Option<Outcome>,
    /// Where in the program it stands.
    site: u32,
}

/// Kinds of spans. All but [`SpanKind::Branches`] are as long as what lies in them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// All of it.
    Request,
    /// One attempt of a call.
    Attempt,
    /// Branches, or copies of an attempt, at once.
    Branches,
    /// One of them.
    Branch,
    /// A worker, connection, core or lock is held.
    Held(PartKind),
    /// Once through a loop.
    Round,
    /// Time of one kind.
    Spent(Spent),
    /// The pause before another attempt.
    Pause,
    /// No answer comes: it was lost, or more happened than was kept.
    Silence,
}

impl Simulation {
    /// What a chosen request did, once it has ended: the number counts the requests as they begin.
    pub fn spans(&self, number: u64) -> Option<Spans> {
        let recorder = self.breakdown()?.recorder.as_ref()?;
        let root = recorder.ended(number)?;
        let (innermost, around) = self.model.scopes.nesting(self.model.program.len());
        let mut writer =
            Writer { model: &self.model, recorder, innermost, around, spans: Spans::default() };
        let node = &recorder.nodes[root as usize];
        writer.task(node, (SpanKind::Request, String::new()), 0);
        Some(writer.spans)
    }
}

struct Writer<'a> {
    model: &'a Model,
    recorder: &'a Recorder,
    /// Innermost scope of each operation.
    innermost: Vec<u32>,
    /// Scope around each scope.
    around: Vec<u32>,
    spans: Spans,
}

/// A scope that is open, and the rounds left of it.
struct Open {
    scope: u32,
    round: u32,
    span: usize,
}

impl Writer<'_> {
    fn add(&mut self, label: Label, depth: usize, from: SimTime, until: SimTime) -> usize {
        let Spans { labels, all } = &mut self.spans;
        let known = labels.iter().position(|known| *known == label);
        let label = known.unwrap_or_else(|| {
            labels.push(label);
            labels.len() - 1
        });
        all.push(Span { label: label as u32, depth: depth as u16, from, until });
        all.len() - 1
    }

    /// A task and all in it.
    fn task(&mut self, node: &Node, (kind, part): (SpanKind, String), depth: usize) {
        let Node { start, at, from, until, outcome, ref items, .. } = *node;
        let label = Label { kind, part, name: String::new(), outcome, site: at.op };
        self.add(label, depth, from, until);
        let (mut open, mut cursor, mut place) = (Vec::<Open>::new(), from, 0);
        while place < items.len() {
            let count = self.at_once(&items[place..]);
            let (at, begin) = match items[place] {
                Item::Time { at, from, .. } => (at, from),
                Item::Task(child) => {
                    let child = &self.recorder.nodes[child as usize];
                    (child.at, child.from)
                }
            };
            let path = self.path(at.op, start);
            let round = |scope: u32| match self.model.scopes.all[scope as usize].of {
                ScopeOf::Rounds { register } => at.registers[usize::from(register)],
                ScopeOf::Held { .. } => 0,
            };
            let is_same = |(known, scope): &(&Open, &u32)| {
                known.scope == **scope && known.round == round(**scope)
            };
            let kept = open.iter().zip(&path).take_while(is_same).count();
            let rounds: Vec<u32> = path.iter().map(|scope| round(*scope)).collect();
            for closed in open.drain(kept..) {
                self.spans.all[closed.span].until = cursor;
            }
            self.silence(depth + 1 + kept, cursor, begin);
            for (&scope, round) in path.iter().zip(rounds).skip(kept) {
                let label = self.label_of(scope);
                let span = self.add(label, depth + 1 + open.len(), begin, begin);
                open.push(Open { scope, round, span });
            }
            cursor = self.items(&items[place..place + count], depth + 1 + open.len());
            place += count;
        }
        for closed in open {
            self.spans.all[closed.span].until = cursor;
        }
        self.silence(depth + 1, cursor, until);
    }

    /// How many of the next items happen at once; most happen alone.
    fn at_once(&self, items: &[Item]) -> usize {
        let (mut count, mut until) = (0, SimTime::ZERO);
        for item in items {
            let Item::Task(node) = *item else { break };
            let node = &self.recorder.nodes[node as usize];
            if count > 0 && node.from >= until {
                break;
            }
            until = until.max(node.until);
            count += 1;
        }
        count.max(1)
    }

    /// Writes what happens at once; when it ends.
    fn items(&mut self, items: &[Item], depth: usize) -> SimTime {
        if let [item] = items {
            return self.item(item, depth);
        }
        let nodes = items.iter().filter_map(|item| match item {
            Item::Task(node) => Some(&self.recorder.nodes[*node as usize]),
            Item::Time { .. } => None,
        });
        let from = nodes.clone().map(|node| node.from).min().unwrap_or_default();
        let until = nodes.clone().map(|node| node.until).max().unwrap_or_default();
        let site = nodes.map(|node| node.at.op).next().unwrap_or_default();
        let (part, name) = (String::new(), String::new());
        let label = Label { kind: SpanKind::Branches, part, name, outcome: None, site };
        self.add(label, depth, from, until);
        for item in items {
            self.item(item, depth + 1);
        }
        until
    }

    fn item(&mut self, item: &Item, depth: usize) -> SimTime {
        match *item {
            Item::Time { at, account, is_pause, from, until } => {
                let account = &self.model.accounts[usize::from(account)];
                let kind = if is_pause { SpanKind::Pause } else { SpanKind::Spent(account.what) };
                let (part, name) = (account.part.clone(), String::new());
                let label = Label { kind, part, name, outcome: None, site: at.op };
                self.add(label, depth, from, until);
                until
            }
            Item::Task(node) => {
                let node = &self.recorder.nodes[node as usize];
                let of = match self.model.program[node.at.op as usize] {
                    Op::Call { edge } => self.callee(self.model.edges[usize::from(edge)].lost),
                    Op::Guarded { edge } => self.callee(self.model.guarded[usize::from(edge)].lost),
                    _ => (SpanKind::Branch, String::new()),
                };
                self.task(node, of, depth);
                node.until
            }
        }
    }

    /// An attempt; lost ones would be booked to the part that is called.
    fn callee(&self, lost: u16) -> (SpanKind, String) {
        (SpanKind::Attempt, self.model.accounts[usize::from(lost)].part.clone())
    }

    fn label_of(&self, scope: u32) -> Label {
        let scopes = &self.model.scopes;
        let (kind, part, name) = match scopes.all[scope as usize].of {
            ScopeOf::Held { part, name } => {
                let name =
                    name.map_or_else(String::new, |name| scopes.names[usize::from(name)].clone());
                let part = &self.model.parts[usize::from(part)];
                (SpanKind::Held(part.kind), part.id.clone(), name)
            }
            ScopeOf::Rounds { .. } => (SpanKind::Round, String::new(), String::new()),
        };
        Label { kind, part, name, outcome: None, site: scope }
    }

    /// The scopes around an operation, outermost first; those of a caller do not count.
    fn path(&self, op: u32, start: u32) -> Vec<u32> {
        let mut path = Vec::new();
        let mut scope = self.innermost.get(op as usize).copied().unwrap_or(NO_SCOPE);
        while scope != NO_SCOPE && self.model.scopes.all[scope as usize].from >= start {
            path.push(scope);
            scope = self.around[scope as usize];
        }
        path.reverse();
        path
    }

    fn silence(&mut self, depth: usize, from: SimTime, until: SimTime) {
        if from < until {
            let (part, name) = (String::new(), String::new());
            let label = Label { kind: SpanKind::Silence, part, name, outcome: None, site: 0 };
            self.add(label, depth, from, until);
        }
    }
}
