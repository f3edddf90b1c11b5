//! The operating point over time: played, with faults dropped on its time line.
//!
//! A worker of its own simulates. The page asks it for the run up to a time, once a frame at most
//! and never twice at once, and draws what comes; while nothing plays or nobody looks, nothing runs.

mod controls;

mod hooks;

mod lane;

mod pointing;

use std::rc::Rc;

use gloo::utils::window;
use web_sys::HtmlCanvasElement;
use yew::prelude::*;

use self::hooks::{use_following, use_seen, use_ticks, use_worker};
use super::address;
use super::charts::text_px;
use super::effects::Others;
use super::look::{Screen, use_screen, use_sizes};
use crate::analysis::timeline::Strip;
use crate::chart::canvas;
use crate::chart::palette::{DARK, LIGHT};
use crate::chart::paper::Look;
use crate::chart::time::{Band, Mark, TimeAxes, TimeSpec, draw, frames};
use crate::session::embed::{Embed, Start};
use crate::session::playback::{Move, Playback, time};
use crate::session::{Action, Session};

#[derive(PartialEq, Properties)]
pub(super) struct TimeProps {
    pub(super) session: Rc<Session>,
    pub(super) act: Callback<Action>,
    pub(super) is_dark: bool,
    /// For a room to read.
    pub(super) is_large: bool,
    /// Its worker is one of them.
    pub(super) others: Others,
}

/// The playback as Yew wants it: the same pointer if nothing changed.
#[derive(PartialEq)]
struct Played(Rc<Playback>);

impl Reducible for Played {
    type Action = Move;

    fn reduce(self: Rc<Self>, action: Move) -> Rc<Self> {
        if matches!(action, Move::Tick(_)) && !self.0.takes_ticks() {
            return self;
        }
        Rc::new(Self(Rc::new((*self.0).clone().reduce(action))))
    }
}

/// Everything that a part of the panel needs.
struct Panel<'a> {
    session: &'a Rc<Session>,
    playback: &'a Rc<Playback>,
    act: &'a Callback<Action>,
    play: &'a Callback<Move>,
    /// Width of the charts, in pixels of the page.
    width: f64,
    /// Size of their text.
    text: f64,
    /// Number of the fault that is being looked at.
    chosen: &'a UseStateHandle<Option<usize>>,
    /// The field that is being typed in, and what stands in it: drawing anew must not undo that.
    draft: &'a UseStateHandle<Option<(&'static str, String)>>,
}

/// The panel.
#[component]
pub(super) fn TimeView(props: &TimeProps) -> Html {
    let TimeProps { session, act, is_dark, is_large, others } = props;
    let state = {
        let session = Rc::clone(session);
        use_reducer(move || Played(Rc::new(Playback::new(session, starts_playing()))))
    };
    let dispatcher = state.dispatcher();
    let play = use_callback((), move |step: Move, ()| dispatcher.dispatch(step));
    let playback = Rc::clone(&state.0);
    use_worker(&playback, &play, act, *others);
    use_following(session, &play);
    let (panel, canvas) = (use_node_ref(), use_node_ref());
    let [size] = use_sizes(std::array::from_ref(&canvas), ());
    let is_seen = use_seen(&panel);
    // The first curve comes first, and so does the next.
    let runs = playback.is_playing && is_seen && session.curve.is_some();
    use_ticks(runs, session.is_first_pass_under_way() || session.is_turned(), &play);
    let (bands, marks) = (playback.bands(), playback.marks());
    let screen = use_screen();
    let text = text_px(size.0, *is_large);
    use_drawing(&playback, &canvas, (size, *is_dark, text, screen), (bands, marks));
    let (chosen, part) = (use_state_eq(|| None), use_state_eq(String::new));
    let (hand, draft) = (use_mut_ref(|| None), use_state_eq(|| None));
    let looked_at = use_state_eq(|| None);
    let view = Panel {
        session,
        playback: &playback,
        act,
        play: &play,
        width: size.0,
        text,
        chosen: &chosen,
        draft: &draft,
    };
    let words = summary(&playback);
    html! {
        <section class="slot time" ref={panel} aria-labelledby="time-title">
            <div class="caption">
                <h2 id="time-title">{ "Over time" }</h2>
                <span class="clock">{ clock(&playback) }</span>
            </div>
            { controls::bar(&view) }
            { controls::palette(&view, &part) }
            { lane::lane(&view, &hand) }
            <div class="strips">
                <canvas ref={canvas} role="img" aria-label={words} />
                { pointing::playhead(&view, size) }
                { pointing::pointing(&view, size, &looked_at) }
            </div>
            if session.leaves_out_faults() {
                <p class="once" role="note">{ "Faults dropped here happen once: the curve, of the steady state, is without them." }</p>
            }
            if let Some(at_ms) = playback.strip.restarts_ms.last() {
                <p class="anew" role="note">{ anew(*at_ms) }</p>
            }
            if let Some(trouble) = &playback.trouble {
                <p class="wrong" role="alert">{ trouble }</p>
            }
        </section>
    }
}

/// Unless motion is unwanted, or the host of the page wants to start it.
fn starts_playing() -> bool {
    let unwanted = window().match_media("(prefers-reduced-motion: reduce)").ok().flatten();
    let is_still = unwanted.is_some_and(|query| query.matches());
    let embed = Embed::read(&address::query());
    !is_still && embed.is_none_or(|embed| embed.run == Start::Auto)
}

/// Where the run stands.
fn clock(playback: &Playback) -> String {
    let (now, span) = (time(playback.strip.now_ms), time(playback.span_ms()));
    format!("{now} of {span}")
}

/// What became of a run whose requests got other steps on the way.
fn anew(at_ms: f64) -> String {
    let at = time(at_ms);
    format!(
        "The change at {at} gives requests other steps. Those under way cannot go on in them, so the \
         system started anew there: with nobody in it, and nothing in its caches."
    )
}

/// One sentence for those who cannot see the charts.
fn summary(playback: &Playback) -> String {
    let last = crate::chart::time::spoken_window(
        &playback.strip,
        playback.strip.windows.len().wrapping_sub(1),
    );
    let last = last.map_or_else(|| "nothing yet".to_owned(), |words| format!("last at {words}"));
    let marks = playback.marks().into_iter();
    let marks = marks.map(|mark| format!(" {} at {}.", mark.words, time(mark.at_ms)));
    format!("Latency, load and waiting over time; {last}.{}", marks.collect::<String>())
}

/// Draws when something that is drawn has changed, and only then.
#[hook]
fn use_drawing(
    playback: &Rc<Playback>,
    canvas: &NodeRef,
    look: ((f64, f64), bool, f64, Screen),
    shown: (Vec<Band>, Vec<Mark>),
) {
    let axes = use_mut_ref(|| None::<TimeAxes>);
    let (playback, canvas) = (Rc::clone(playback), canvas.clone());
    let drawn = use_mut_ref(|| Rc::clone(&playback.strip));
    // Time goes on within a window, of which nothing is drawn before it is over.
    if !is_drawn_alike(&drawn.borrow(), &playback.strip) {
        *drawn.borrow_mut() = Rc::clone(&playback.strip);
    }
    let strip = Rc::as_ptr(&drawn.borrow());
    let depends = (strip, playback.span_ms().to_bits(), look, shown);
    use_effect_with(depends, move |(.., look, (bands, marks))| {
        let mut axes = axes.borrow_mut();
        let (span_ms, objective_ms) = (playback.span_ms(), playback.objective_ms());
        let present = axes.filter(|axes| (axes.x.max - span_ms).abs() < 1e-9);
        let new = TimeAxes::of(&playback.strip, span_ms, objective_ms, present);
        *axes = Some(new);
        let (size, is_dark, text_px) = (look.0, look.1, look.2);
        let &Screen { ref font, ratio, .. } = &look.3;
        let area = canvas.cast::<HtmlCanvasElement>();
        let Some(area) = area.and_then(|canvas| canvas::area(&canvas, size, ratio)) else { return };
        let spec = TimeSpec {
            strip: &playback.strip,
            bands,
            marks,
            objective_ms,
            axes: new,
            size,
            look: Look {
                palette: if is_dark { &DARK } else { &LIGHT },
                font,
                text_px,
                scale: canvas::scale(ratio),
            },
        };
        // Fails only if the browser takes the canvas away; the next drawing finds out.
        let _ = draw(&area, &spec);
    });
}

fn is_drawn_alike(one: &Strip, other: &Strip) -> bool {
    let drawn = |strip: &Strip| (strip.length_ms.to_bits(), strip.queue_of.clone());
    drawn(one) == drawn(other) && one.windows == other.windows
}

/// Left and right edge of the charts, in pixels of the page.
fn edges(view: &Panel<'_>) -> (f64, f64) {
    let [frame, ..] = frames((view.width, 0.0), view.text);
    (frame.left, frame.right)
}
