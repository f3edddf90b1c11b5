//! All scenarios: the question each asks, and its curve, drawn from a short run made just now.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::analysis::report::Curve;
use crate::engine::math::ln;
use crate::scenario::Scenario;
use crate::scenario::catalogue::{self, Entry};
use crate::session::{Action, Session};

/// Size of a curve, in units of its picture.
const WIDTH: f64 = 160.0;
const HEIGHT: f64 = 48.0;

#[derive(PartialEq, Properties)]
pub(super) struct GalleryProps {
    pub(super) session: std::rc::Rc<Session>,
    pub(super) act: Callback<Action>,
    pub(super) close: Callback<()>,
}

/// The scenarios by group, those that hold all the words searched for.
#[component]
pub(super) fn Gallery(props: &GalleryProps) -> Html {
    let GalleryProps { session, act, close } = props;
    let search = use_state(String::new);
    {
        let act = act.clone();
        // What is missing is computed while it can be seen, and not longer.
        use_effect_with((), move |()| {
            act.emit(Action::Gallery(true));
            move || act.emit(Action::Gallery(false))
        });
    }
    let oninput = {
        let search = search.clone();
        Callback::from(move |event: InputEvent| {
            search.set(event.target_unchecked_into::<HtmlInputElement>().value());
        })
    };
    let all = || catalogue::entries().iter().enumerate().filter(|(_, entry)| holds(entry, &search));
    // A list of its own: the field before it must stay the same element, or it loses the focus.
    let groups: Html = catalogue::GROUPS.iter().filter_map(|(key, title)| {
        let mut cards = all().filter(|(_, entry)| entry.group == *key).peekable();
        cards.peek()?;
        let cards = cards.map(|found| card(session, act, close, found));
        Some(html! { <section key={*key} aria-label={*title}><h3>{ *title }</h3><ul class="cards">{ for cards }</ul></section> })
    }).collect();
    let count = all().count();
    let words = if count == 1 { "1 scenario".to_owned() } else { format!("{count} scenarios") };
    html! {
        <>
            <div class="find">
                <input type="search" aria-label="Search scenarios" placeholder="Search: cache, retry, pool …" value={(*search).clone()} {oninput} />
                <span class="quiet" role="status">{ words }</span>
            </div>
            { groups }
        </>
    }
}

/// Whether everything that a scenario says of itself holds all the words.
fn holds(entry: &Entry, words: &str) -> bool {
    let group = catalogue::GROUPS.iter().find(|(key, _)| *key == entry.group);
    let group = group.map_or("", |(_, title)| title);
    let Entry { id, title, summary, .. } = entry;
    let text = format!("{id} {title} {summary} {group}").to_lowercase();
    words.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// One scenario.
fn card(
    session: &Session,
    act: &Callback<Action>,
    close: &Callback<()>,
    (index, entry): (usize, &'static Entry),
) -> Html {
    let onclick = {
        let (act, close) = (act.clone(), close.clone());
        Callback::from(move |_: MouseEvent| {
            act.emit(Action::Open(std::sync::Arc::clone(entry.scenario())));
            close.emit(());
        })
    };
    let is_present = session.document.is_none() && session.scenario.id == entry.id;
    let picture = session.sketch(index).map_or_else(
        || html! { <rect class="coming" x="0" y="46" width="160" height="1" /> },
        |curve| picture(entry.scenario(), curve),
    );
    html! {
        <li>
            <button type="button" class="card-of" {onclick} aria-current={is_present.then_some("true")}>
                <svg viewBox="0 0 160 48" aria-hidden="true">{ picture }</svg>
                <b>{ super::header::name_of(entry.id) }</b>
                <span>{ entry.title }</span>
            </button>
        </li>
    }
}

/// p99 over the first knob, up to the objective's sixfold, with the place of the knee, and goodput.
fn picture(scenario: &Scenario, curve: &Curve) -> Html {
    let knob = &scenario.knobs[0];
    let most = scenario.objective.p99_ms * 6.0;
    let points = || curve.points.iter().filter_map(|point| Some((point.x, point.latency_ms.p99?)));
    let least = points().map(|(_, ms)| ms).fold(scenario.objective.p99_ms, f64::min).max(1e-3);
    let place = |x: f64, ms: f64| {
        let share = ln(ms.clamp(least, most) / least) / ln(most / least);
        (knob.position(x) * WIDTH, HEIGHT - 4.0 - share * (HEIGHT - 8.0))
    };
    let mut path = String::new();
    for (x, ms) in points() {
        let (x, y) = place(x, ms);
        path += &format!("{}{x:.1} {y:.1}", if path.is_empty() { 'M' } else { 'L' });
    }
    // Goodput beside it, for failures that do not show in the latency of those who got an answer.
    let best = curve.points.iter().map(|point| point.goodput_per_s).fold(0.0, f64::max).max(1e-9);
    let mut good = String::new();
    for point in &curve.points {
        let (x, share) = (knob.position(point.x) * WIDTH, point.goodput_per_s / best);
        let y = HEIGHT - 4.0 - share * (HEIGHT - 8.0);
        good += &format!("{}{x:.1} {y:.1}", if good.is_empty() { 'M' } else { 'L' });
    }
    let knee = curve.knee.as_ref().map(|knee| {
        let (x, y) = place(knee.x, knee.p99_ms);
        html! { <circle cx={format!("{x:.1}")} cy={format!("{y:.1}")} r="3.5" /> }
    });
    html! { <><rect class="axis-of" x="0" y="47" width="160" height="1" /><path class="good" d={good} /><path class="slow" d={path} />{ for knee }</> }
}
