//! A run over simulated time: latency, load and waiting one under the other on one time axis, with
//! what went wrong as bands through all three, and what was changed as marks.

mod words;

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend};
use plotters::style::text_anchor::HPos;

pub use self::words::{readings, spoken_window};
use super::axis::Axis;
use super::clip::{Bounds, Point};
use super::labels::{Block, Room};
use super::paper::{LINE, Look, Paper};
use super::plot::{Frame, Layout};
use super::sheet::{Dash, Drawn, Failure, Stroke};
use super::ticks;
use crate::analysis::timeline::{Strip, Window};
use crate::scenario::{Scale, Unit};

/// Share of the height that each chart gets.
const SHARES: [f64; 3] = [0.42, 0.34, 0.24];

/// Something that lasts: a fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// When it begins, in milliseconds.
    pub from_ms: f64,
    /// When it ends.
    pub to_ms: f64,
}

/// Something that happens at once: a change, the end of a trigger.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// When, in milliseconds.
    pub at_ms: f64,
    /// What, in few words.
    pub words: String,
}

/// The axes of the three charts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeAxes {
    /// Time, in milliseconds.
    pub x: Axis,
    /// Latency, in milliseconds.
    pub latency: Axis,
    /// Requests per second.
    pub rate: Axis,
    /// Requests that wait.
    pub queue: Axis,
}

impl TimeAxes {
    /// Axes for the run so far, kept from before where they still fit.
    pub fn of(strip: &Strip, span_ms: f64, objective_ms: f64, present: Option<Self>) -> Self {
        let max = span_ms.max(strip.length_ms).max(1.0);
        let x = Axis { min: 0.0, max, scale: Scale::Linear, unit: Unit::Ms, whole: false };
        let windows = || strip.windows.iter();
        let latencies = windows().flat_map(|window| [window.p50_ms, window.p99_ms]).flatten();
        let rates = windows().flat_map(|window| [offered(window), goodput(window), lost(window)]);
        let per_s = 1e3 / strip.length_ms.max(1e-9);
        let queue = present.map(|axes| Axis { unit: Unit::PerSecond, ..axes.queue });
        let queue = Axis::of_rates(windows().map(|window| window.queue).chain([1.0]), queue);
        Self {
            x,
            latency: Axis::of_latencies(
                latencies.chain([objective_ms]),
                present.map(|axes| axes.latency),
            ),
            rate: Axis::of_rates(rates.map(|count| count * per_s), present.map(|axes| axes.rate)),
            queue: Axis { unit: Unit::Count, ..queue },
        }
    }
}

/// Everything that is drawn.
#[derive(Debug, Clone, Copy)]
pub struct TimeSpec<'a> {
    /// The run so far.
    pub strip: &'a Strip,
    /// What goes wrong.
    pub bands: &'a [Band],
    /// What happens at once.
    pub marks: &'a [Mark],
    /// p99 that users must get, in milliseconds.
    pub objective_ms: f64,
    /// Axes of the three charts.
    pub axes: TimeAxes,
    /// Width and height in pixels of the page.
    pub size: (f64, f64),
    /// Colours and text.
    pub look: Look<'a>,
}

/// A line of a chart.
struct Line<'a> {
    name: &'static str,
    stroke: Stroke,
    value: &'a dyn Fn(&Window) -> Option<f64>,
}

/// The rectangles of the three charts, in pixels of the page.
pub fn frames((width, height): (f64, f64), text_px: f64) -> [Frame; 3] {
    let Frame { left, right, .. } = Frame::of((width, height), text_px, false);
    let (head, foot) = (text_px * 1.7, text_px * 1.9);
    let room = (height - foot - 3.0 * head).max(60.0);
    let mut top = 0.0;
    SHARES.map(|share| {
        top += head;
        let frame = Frame { left, right, top, bottom: top + room * share };
        top = frame.bottom;
        frame
    })
}

/// Draws the three charts.
///
/// # Errors
/// What the backend reports.
pub fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    spec: &TimeSpec<'_>,
) -> Result<(), Failure<DB>> {
    let TimeSpec { axes, look, strip, .. } = *spec;
    let palette = look.palette;
    let frames = frames(spec.size, look.text_px);
    let per_s = 1e3 / strip.length_ms.max(1e-9);
    let solid = Stroke::solid;
    let dashed =
        |colour, width, on, off| Stroke { dash: Dash::Broken(on, off), ..solid(colour, width) };
    let latency = [
        Line { name: "p50", stroke: dashed(palette.p50, 1.5, 2.0, 2.5), value: &|w| w.p50_ms },
        Line { name: "p95", stroke: dashed(palette.p95, 1.5, 7.0, 3.0), value: &|w| w.p95_ms },
        Line { name: "p99", stroke: solid(palette.p99, 2.0), value: &|w| w.p99_ms },
    ];
    let load = [
        Line {
            name: "offered",
            stroke: solid(palette.quiet, 1.25),
            value: &|w| Some(offered(w) * per_s),
        },
        Line {
            name: "errors",
            stroke: dashed(palette.errors, 1.75, 6.0, 3.0),
            value: &|w| Some(lost(w) * per_s),
        },
        Line {
            name: "goodput",
            stroke: solid(palette.goodput, 2.0),
            value: &|w| Some(goodput(w) * per_s),
        },
    ];
    let queue =
        [Line { name: "waiting", stroke: solid(palette.mark, 1.75), value: &|w| Some(w.queue) }];
    let waiting = strip
        .queue_of
        .as_ref()
        .map_or_else(|| "Waiting".to_owned(), |part| format!("Waiting before {part}"));
    let rows: [(&str, Axis, &[Line<'_>]); 3] = [
        ("Latency", axes.latency, &latency),
        ("Requests per second", axes.rate, &load),
        (&waiting, axes.queue, &queue),
    ];
    for (index, ((title, y, lines), frame)) in rows.into_iter().zip(frames).enumerate() {
        let layout = Layout { frame, x: axes.x, y, handle: None };
        let mut paper = Paper::new(area, look, layout);
        if index == 0 {
            paper.sheet.clear(palette.background)?;
        }
        panel(&mut paper, spec, title, lines, index)?;
    }
    Ok(())
}

fn panel<DB: DrawingBackend>(
    paper: &mut Paper<'_, DB>,
    spec: &TimeSpec<'_>,
    title: &str,
    lines: &[Line<'_>],
    index: usize,
) -> Drawn<DB> {
    let text = paper.text_px;
    let Frame { left, top, .. } = paper.layout.frame;
    let at = (left, top - text * 0.8);
    paper.sheet.words(title, at, (paper.palette.text, text), HPos::Left)?;
    bands(paper, spec.bands)?;
    paper.rows()?;
    columns(paper, index == SHARES.len() - 1)?;
    if index == 0 {
        objective(paper, spec.objective_ms)?;
    }
    mark_lines(paper, spec.marks)?;
    if index == 1 {
        area_under(paper, spec, &lines[2])?;
    }
    let mut names = Vec::new();
    for line in lines {
        series(paper, spec, line)?;
        let last = spec.strip.windows.iter().rev().find_map(line.value);
        // Of errors that never were, there is no line to name.
        let most = spec.strip.windows.iter().filter_map(line.value).fold(0.0, f64::max);
        names.push((line.name, line.stroke.colour, last.filter(|_| most > 0.0)));
    }
    paper.names(&names)?;
    if index == 0 {
        mark_words(paper, spec.marks, (title, spec.size.0))?;
    }
    Ok(())
}

/// Grid lines at round times; labels under the last chart only.
fn columns<DB: DrawingBackend>(paper: &Paper<'_, DB>, is_labelled: bool) -> Drawn<DB> {
    let Frame { top, bottom, left, right } = paper.layout.frame;
    let text = paper.text_px;
    let room = ((right - left) / (text * 4.5)).max(1.0);
    for tick in ticks::of_time(paper.layout.x.max, room as usize) {
        let x = paper.layout.x_of(tick.value);
        paper.sheet.rule([(x, top), (x, bottom)], Stroke::solid(paper.palette.grid, 1.0))?;
        if is_labelled {
            let at = (x, bottom + text * 1.1);
            paper.sheet.words(&tick.words, at, (paper.palette.text, text), HPos::Center)?;
        }
    }
    let ground = Stroke::solid(paper.palette.quiet, 1.0);
    paper.sheet.rule([(left, bottom), (right, bottom)], ground)
}

fn bands<DB: DrawingBackend>(paper: &Paper<'_, DB>, bands: &[Band]) -> Drawn<DB> {
    let Frame { top, bottom, .. } = paper.layout.frame;
    let max = paper.layout.x.max;
    for band in bands.iter().filter(|band| band.from_ms < max) {
        let (from, to) = (paper.layout.x_of(band.from_ms), paper.layout.x_of(band.to_ms));
        let zone = Bounds { x: (from, to.max(from + 1.0)), y: (top, bottom) };
        paper.sheet.block(zone, paper.palette.errors, 0.1)?;
        for edge in [from, to] {
            let stroke = Stroke { opacity: 0.5, ..Stroke::solid(paper.palette.errors, 1.0) };
            paper.sheet.rule([(edge, top), (edge, bottom)], stroke)?;
        }
    }
    Ok(())
}

fn objective<DB: DrawingBackend>(paper: &mut Paper<'_, DB>, objective_ms: f64) -> Drawn<DB> {
    let Frame { left, right, .. } = paper.layout.frame;
    let (_, y) = paper.layout.pixel(0.0, objective_ms);
    let line = [(left, y), (right, y)];
    let dash = Dash::Broken(10.0, 4.0);
    paper.room.avoid(&line);
    paper.sheet.rule(line, Stroke { dash, ..Stroke::solid(paper.palette.mark, 1.0) })
}

fn mark_lines<DB: DrawingBackend>(paper: &mut Paper<'_, DB>, marks: &[Mark]) -> Drawn<DB> {
    let Frame { top, bottom, .. } = paper.layout.frame;
    let max = paper.layout.x.max;
    for mark in marks.iter().filter(|mark| mark.at_ms <= max) {
        let x = paper.layout.x_of(mark.at_ms);
        let dash = Dash::Broken(2.0, 2.0);
        let line = [(x, top), (x, bottom)];
        paper.room.avoid(&line);
        paper.sheet.rule(line, Stroke { dash, ..Stroke::solid(paper.palette.text, 1.0) })?;
    }
    Ok(())
}

/// Words of the marks over the first chart, where they hide nothing; in it where there is no room.
fn mark_words<DB: DrawingBackend>(
    paper: &mut Paper<'_, DB>,
    marks: &[Mark],
    (title, width): (&str, f64),
) -> Drawn<DB> {
    let Frame { left, top, right, .. } = paper.layout.frame;
    let (text, max, colour) = (paper.text_px, paper.layout.x.max, paper.palette.text);
    let (gap, height) = (text * 0.4, text * LINE);
    let row = top - text * 0.8 - height / 2.0;
    let mut head = Room::new(Bounds { x: (left, width), y: (row, row + height) });
    let title = paper.sheet.width(title, text)? + gap;
    head.take(Block { left, top: row, width: title, height });
    for mark in marks.iter().filter(|mark| mark.at_ms <= max) {
        let x = paper.layout.x_of(mark.at_ms);
        let width = paper.sheet.width(&mark.words, text)?;
        let lefts = [x - gap, x - width + gap, x - width / 2.0];
        let places = lefts.map(|left| Block { left, top: row, width: width + gap, height });
        if let Some(found) = head.place(places) {
            paper.sheet.words(&mark.words, found.start(), (colour, text), HPos::Left)?;
            continue;
        }
        paper.label(&mark.words, colour, |width, height| {
            let fits = x + gap + width <= right;
            let left = if fits { x + gap } else { x - gap - width };
            (0..5).map(move |row| (left, top + gap * 0.5 + f64::from(row) * height))
        })?;
    }
    Ok(())
}

/// Where the values of a line lie: one run for each stretch without a gap.
fn pixels<DB: DrawingBackend>(
    paper: &Paper<'_, DB>,
    spec: &TimeSpec<'_>,
    value: &dyn Fn(&Window) -> Option<f64>,
) -> Vec<Vec<Point>> {
    let mut runs = vec![Vec::new()];
    for (index, window) in spec.strip.windows.iter().enumerate() {
        let at_ms = (index as f64 + 0.5) * spec.strip.length_ms;
        match (value(window), runs.last_mut()) {
            (Some(value), Some(run)) => run.push(paper.layout.pixel(at_ms, value)),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn series<DB: DrawingBackend>(
    paper: &mut Paper<'_, DB>,
    spec: &TimeSpec<'_>,
    line: &Line<'_>,
) -> Drawn<DB> {
    for mut run in pixels(paper, spec, line.value) {
        if let [(x, y)] = run[..] {
            // A window between two without a value.
            run = vec![(x - 1.0, y), (x + 1.0, y)];
        }
        paper.sheet.line(&run, paper.bounds(), line.stroke)?;
        paper.room.avoid(&run);
    }
    Ok(())
}

fn area_under<DB: DrawingBackend>(
    paper: &Paper<'_, DB>,
    spec: &TimeSpec<'_>,
    line: &Line<'_>,
) -> Drawn<DB> {
    let bottom = paper.layout.frame.bottom;
    for run in pixels(paper, spec, line.value) {
        let (first, last) = (run[0].0, run[run.len() - 1].0);
        let corners: Vec<Point> =
            run.into_iter().chain([(last, bottom), (first, bottom)]).collect();
        paper.sheet.fill(&corners, paper.bounds(), line.stroke.colour, 0.14)?;
    }
    Ok(())
}

/// Requests and retries sent in a window.
fn offered(window: &Window) -> f64 {
    (window.sent + window.retries) as f64
}

fn goodput(window: &Window) -> f64 {
    window.right as f64
}

fn lost(window: &Window) -> f64 {
    window.lost as f64
}
