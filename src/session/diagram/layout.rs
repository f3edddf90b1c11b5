//! Where parts stand: in rows from the clients down to what nobody stands behind.
//!
//! Links go down, or through a lane of a row that they pass. All is in units of a picture
//! [`WIDTH`] wide, and depends on the graph alone.

use super::{Graph, Link};
use crate::engine::interval::ascending;

/// Width of the picture.
pub const WIDTH: f64 = 280.0;
/// Height of a card.
pub const CARD_HEIGHT: f64 = 48.0;
/// Widest and narrowest card.
const CARD_WIDTHS: (f64, f64) = (160.0, 88.0);
/// Cards in a row.
const ROW_MAX: usize = 2;
/// Between cards of a row.
const GAP: f64 = 12.0;
/// Between rows.
const ROW_GAP: f64 = 32.0;
/// Where links to one card meet above it.
const INLET: f64 = 13.0;
/// Widest lane.
const LANE: f64 = 12.0;

/// Places of all cards and links.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// By part.
    pub cards: Vec<Card>,
    /// By link.
    pub wires: Vec<Wire>,
    /// Height of the picture.
    pub height: f64,
}

/// The rectangle of a part.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Card {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Its height is [`CARD_HEIGHT`].
    pub width: f64,
    row: usize,
}

/// The way of a link.
#[derive(Debug, Clone, PartialEq)]
pub struct Wire {
    /// From the edge of one card to that of the other; vertical between every second pair.
    pub points: Vec<(f64, f64)>,
}

/// What takes place in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cell {
    /// A part.
    Card(usize),
    /// Links on their way to a part.
    Lane(usize),
}

impl Layout {
    /// Lays out a graph.
    pub fn new(graph: &Graph) -> Self {
        let down = down(graph);
        let layers = layers(graph, &down);
        let mut layout = Self {
            cards: vec![Card::default(); graph.nodes.len()],
            wires: Vec::new(),
            height: 0.0,
        };
        let rows = rows(graph, &down, &layers, &mut layout.cards);
        let mut lanes: Vec<Vec<(usize, f64)>> = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let cells = cells(row, index, &down, &layout.cards, lanes.last());
            lanes.push(layout.place(&cells, index));
        }
        layout.height = rows.len() as f64 * (CARD_HEIGHT + ROW_GAP) - ROW_GAP;
        layout.wires = graph.links.iter().map(|link| layout.wire(*link, &lanes)).collect();
        layout
    }

    /// Places the cells of a row; the lanes with their middles.
    fn place(&mut self, cells: &[Cell], row: usize) -> Vec<(usize, f64)> {
        let cards = cells.iter().filter(|cell| matches!(cell, Cell::Card(_))).count() as f64;
        let lanes = cells.len() as f64 - cards;
        let room = WIDTH - GAP * (cards - 1.0).max(0.0);
        let lane = LANE.min((room - cards * CARD_WIDTHS.1) / lanes.max(1.0));
        let width = CARD_WIDTHS.0.min((room - lanes * lane) / cards.max(1.0));
        let taken = cards * width + lanes * lane + GAP * (cards - 1.0).max(0.0);
        let mut x = (WIDTH - taken) / 2.0;
        let y = row as f64 * (CARD_HEIGHT + ROW_GAP);
        let (mut middles, mut is_first) = (Vec::new(), true);
        for cell in cells {
            match *cell {
                Cell::Card(node) => {
                    x += if is_first { 0.0 } else { GAP };
                    is_first = false;
                    self.cards[node] = Card { x, y, width, row };
                    x += width;
                }
                Cell::Lane(node) => {
                    middles.push((node, x + lane / 2.0));
                    x += lane;
                }
            }
        }
        middles
    }

    fn wire(&self, link: Link, lanes: &[Vec<(usize, f64)>]) -> Wire {
        let (from, to) = (self.cards[link.from], self.cards[link.to]);
        let middle = |card: Card| card.x + card.width / 2.0;
        if to.row <= from.row {
            // Back up, to a part that is on the way already.
            let points = vec![(middle(from), from.y), (middle(to), to.y + CARD_HEIGHT)];
            return Wire { points };
        }
        let mut points = vec![(middle(from), from.y + CARD_HEIGHT)];
        for (row, lanes) in lanes.iter().enumerate().take(to.row).skip(from.row + 1) {
            if let Some((_, x)) = lanes.iter().find(|(node, _)| *node == link.to) {
                let y = row as f64 * (CARD_HEIGHT + ROW_GAP);
                points.extend([(*x, y), (*x, y + CARD_HEIGHT)]);
            }
        }
        points.extend([(middle(to), to.y - INLET), (middle(to), to.y)]);
        Wire { points }
    }
}

impl Wire {
    /// The way as the data of an SVG path; with `is_last`, only where it comes in.
    pub fn path(&self, is_last: bool) -> String {
        let skipped = if is_last { self.points.len() - 2 } else { 0 };
        let mut text = String::new();
        for (index, &(x, y)) in self.points.iter().enumerate().skip(skipped) {
            let place = index - skipped;
            if place == 0 {
                text.push_str(&format!("M{x:.1} {y:.1}"));
            } else if is_last || index % 2 == 0 && index > 0 {
                text.push_str(&format!("V{y:.1}"));
            } else {
                let (before, above) = self.points[index - 1];
                let middle = f64::midpoint(above, y);
                text.push_str(&format!(
                    "C{before:.1} {middle:.1} {x:.1} {middle:.1} {x:.1} {y:.1}"
                ));
            }
        }
        text
    }

    /// About how long the way is.
    pub fn length(&self, is_last: bool) -> f64 {
        let skipped = if is_last { self.points.len() - 2 } else { 0 };
        let pairs = self.points.windows(2).skip(skipped);
        pairs.map(|pair| (pair[1].0 - pair[0].0).abs().max((pair[1].1 - pair[0].1).abs())).sum()
    }
}

/// Links that do not close a circle, in the order of the links.
fn down(graph: &Graph) -> Vec<Link> {
    let mut state = vec![0_u8; graph.nodes.len()];
    let mut circles = Vec::new();
    for node in 0..graph.nodes.len() {
        visit(graph, node, &mut state, &mut circles);
    }
    graph.links.iter().filter(|link| !circles.contains(*link)).copied().collect()
}

/// Depth first: a link to a part whose own links are being followed closes a circle.
fn visit(graph: &Graph, node: usize, state: &mut [u8], circles: &mut Vec<Link>) {
    if state[node] != 0 {
        return;
    }
    state[node] = 1;
    for link in graph.links.iter().filter(|link| link.from == node) {
        if state[link.to] == 1 {
            circles.push(*link);
        } else {
            visit(graph, link.to, state, circles);
        }
    }
    state[node] = 2;
}

/// The longest way to each part from one that nobody asks.
fn layers(graph: &Graph, down: &[Link]) -> Vec<usize> {
    let mut layers = vec![0; graph.nodes.len()];
    for _ in 0..graph.nodes.len() {
        for link in down {
            layers[link.to] = layers[link.to].max(layers[link.from] + 1);
        }
    }
    layers
}

/// The parts of each row: those of a layer in the order of who asks them, a few in a row.
fn rows(graph: &Graph, down: &[Link], layers: &[usize], cards: &mut [Card]) -> Vec<Vec<usize>> {
    let mut rows: Vec<Vec<usize>> = Vec::new();
    let mut places = vec![0.0; graph.nodes.len()];
    for layer in 0..=layers.iter().copied().max().unwrap_or(0) {
        let nodes: Vec<usize> = (0..layers.len()).filter(|node| layers[*node] == layer).collect();
        let wish = |node: &usize| {
            let callers = down.iter().filter(|link| link.to == *node);
            let (sum, count) = callers
                .fold((0.0, 0.0), |(sum, count), link| (sum + places[link.from], count + 1.0));
            if count > 0.0 { sum / count } else { 0.5 }
        };
        // The order of the document stays for those who are asked by the same.
        let order = ascending(&nodes.iter().map(wish).collect::<Vec<_>>());
        let nodes: Vec<usize> = order.into_iter().map(|index| nodes[index]).collect();
        for row in nodes.chunks(ROW_MAX) {
            for (place, node) in row.iter().enumerate() {
                places[*node] = (place as f64 + 0.5) / row.len() as f64;
                cards[*node].row = rows.len();
            }
            rows.push(row.to_vec());
        }
    }
    rows
}

/// The cards of a row, and lanes for the links that pass it.
fn cells(
    row: &[usize],
    index: usize,
    down: &[Link],
    cards: &[Card],
    lanes: Option<&Vec<(usize, f64)>>,
) -> Vec<Cell> {
    let passes = |link: &&Link| cards[link.from].row < index && index < cards[link.to].row;
    let mut targets: Vec<usize> = down.iter().filter(passes).map(|link| link.to).collect();
    targets.sort_unstable();
    targets.dedup();
    // Lanes to the left of the middle stay there, and the others on the right.
    let is_left = |target: &usize| {
        let above = lanes.and_then(|lanes| lanes.iter().find(|(node, _)| node == target));
        let from = down.iter().find(|link| link.to == *target && cards[link.from].row < index);
        let x = above.map_or_else(
            || from.map_or(0.0, |link| cards[link.from].x + cards[link.from].width / 2.0),
            |(_, x)| *x,
        );
        x < WIDTH / 2.0
    };
    let (left, right): (Vec<usize>, Vec<usize>) = targets.into_iter().partition(is_left);
    let left = left.into_iter().map(Cell::Lane);
    let right = right.into_iter().map(Cell::Lane);
    left.chain(row.iter().copied().map(Cell::Card)).chain(right).collect()
}
