//! What only a browser can show: pixels of the canvas, numbers of its engine, messages between
//! its threads. Runs in Chromium by `cargo xtask test`.
#![cfg(target_arch = "wasm32")]

use std::sync::Arc;

use gloo::events::EventListener;
use js_sys::{Promise, Uint8Array};
use kneepoint::analysis::curve::Share;
use kneepoint::analysis::report::Curve;
use kneepoint::analysis::run::run;
use kneepoint::chart::canvas;
use kneepoint::chart::measure::Measure;
use kneepoint::chart::palette::LIGHT;
use kneepoint::chart::plot::{self, Axes, Spec, text_px};
use kneepoint::scenario::{Settings, catalogue, link};
use kneepoint::session::jobs::{
    Answer, GhostWanted, Outcome, Question, Want, Worker, pack, unpack,
};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{
    CanvasRenderingContext2d, Document, HtmlCanvasElement, MessageChannel, MessageEvent,
    MutationObserver, MutationObserverInit,
};

wasm_bindgen_test_configure!(run_in_browser);

/// The links that are pinned natively, with the digests of their runs.
const GOLDEN: &str = include_str!("golden/links-v1.txt");

fn document() -> Document {
    web_sys::window().and_then(|window| window.document()).expect("a page")
}

fn canvas() -> HtmlCanvasElement {
    let element = document().create_element("canvas").expect("an element");
    document().body().expect("a body").append_child(&element).expect("a child");
    element.dyn_into().expect("a canvas")
}

/// The curve of the first scenario after its first pass, through the worker's own code.
fn curve() -> Curve {
    let scenario = catalogue::first();
    let knob = scenario.knobs[0].id.clone();
    let link = link::Link { scenario, document: None, settings: Settings::default(), before: None };
    let want = Want::Curve { knob, share: Share { index: 0, of: 1 } };
    let mut worker = Worker::default();
    worker.ask(Question { id: 1, link: link::encode(&link), want });
    loop {
        if let Some(Answer { result: Outcome::Curve(_, curve), .. }) = worker.step(100_000) {
            return curve;
        }
    }
}

/// Draws both charts at this device pixel ratio.
fn draw(canvases: [&HtmlCanvasElement; 2], curve: &Curve, size: (f64, f64), ratio: f64) {
    let scenario = catalogue::first();
    let knob = &scenario.knobs[0];
    let spec = Spec {
        curve,
        ghost: None,
        walk: None,
        knob,
        objective: &scenario.objective,
        point: knob.default,
        measured_p99: None,
        hover: None,
        axes: Axes::of(knob, (curve, None, None), &scenario.objective, None),
        size,
        scale: canvas::scale(ratio),
        palette: &LIGHT,
        font: "system-ui, sans-serif",
        text_px: text_px(size.0),
        titled: true,
        labelled: true,
    };
    let area = |canvas| canvas::area(canvas, size, ratio).expect("a context");
    plot::latency(&area(canvases[0]), &spec).expect("the latency chart");
    plot::small(&area(canvases[1]), &spec, Measure::Load).expect("the load chart");
}

/// Share of the pixels in a vertical strip of the canvas that were drawn on, 0..=1; `from` and `to`
/// are shares of its width.
fn ink(canvas: &HtmlCanvasElement, from: f64, to: f64) -> f64 {
    let context = canvas.get_context("2d").expect("a context").expect("a context");
    let context: CanvasRenderingContext2d = context.dyn_into().expect("a context");
    let (width, height) = (f64::from(canvas.width()), f64::from(canvas.height()));
    let (x, wide) = ((from * width).floor(), ((to - from) * width).floor());
    let data = context.get_image_data(x, 0.0, wide, height).expect("pixels").data();
    let corner = &data[..4];
    let drawn = data.chunks_exact(4).filter(|pixel| *pixel != corner).count();
    drawn as f64 / (data.len() / 4) as f64
}

#[wasm_bindgen_test]
fn a_canvas_has_the_pixels_of_the_device_and_charts_fill_them() {
    let (latency, load) = (canvas(), canvas());
    let curve = curve();
    for ratio in [1.0, 1.25, 1.5, 2.0, 3.0] {
        draw([&latency, &load], &curve, (640.0, 360.0), ratio);
        for canvas in [&latency, &load] {
            assert_eq!(canvas.width(), (640.0 * ratio).round() as u32);
            assert_eq!(canvas.height(), (360.0 * ratio).round() as u32);
            // A chart drawn in other units would leave most of the canvas empty, or overflow it.
            for (from, to) in [(0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0)] {
                let ink = ink(canvas, from, to);
                assert!((0.003..0.6).contains(&ink), "{ink} from {from} at ratio {ratio}");
            }
        }
    }
    latency.remove();
    load.remove();
}

#[wasm_bindgen_test]
fn charts_measure_their_text_without_touching_the_document() {
    let (latency, load) = (canvas(), canvas());
    let curve = curve();
    // The first time sets the size of the canvas.
    draw([&latency, &load], &curve, (640.0, 360.0), 2.0);
    let seen = Closure::<dyn FnMut()>::new(|| {});
    let observer = MutationObserver::new(seen.as_ref().unchecked_ref()).expect("an observer");
    let everything = MutationObserverInit::new();
    everything.set_child_list(true);
    everything.set_attributes(true);
    everything.set_character_data(true);
    everything.set_subtree(true);
    observer.observe_with_options(&document(), &everything).expect("it observes");
    draw([&latency, &load], &curve, (640.0, 360.0), 2.0);
    assert_eq!(observer.take_records().length(), 0, "drawing changed the document");
    // The observer does see what plotters would do by itself.
    let probe = document().create_element("span").expect("an element");
    document().body().expect("a body").append_child(&probe).expect("a child");
    probe.remove();
    assert_eq!(observer.take_records().length(), 2);
    observer.disconnect();
    latency.remove();
    load.remove();
}

#[wasm_bindgen_test]
fn runs_have_the_digests_that_are_pinned_natively() {
    let mut runs = 0;
    for line in GOLDEN.lines().step_by(3) {
        let (text, digest) = line.split_once(' ').expect("a link and a digest");
        let link = link::decode(text).link;
        let report = run(&link.scenario, &link.settings).expect("it runs");
        assert_eq!(report.digest, digest, "{text}");
        runs += 1;
    }
    assert!(runs >= 15, "only {runs} runs");
}

/// A message after a journey between two threads: packed, through a channel, unpacked.
async fn sent<T: Serialize + DeserializeOwned>(message: &T) -> T {
    let channel = MessageChannel::new().expect("a channel");
    let (from, to) = (channel.port1(), channel.port2());
    let bytes = pack(message).expect("it can be packed");
    let arrived = Promise::new(&mut |resolve, _| {
        let listener = EventListener::once(&to, "message", move |event| {
            let data = event.dyn_ref::<MessageEvent>().expect("a message").data();
            resolve.call1(&JsValue::NULL, &data).expect("the promise waits");
        });
        to.start();
        from.post_message(&Uint8Array::from(&bytes[..])).expect("it can be sent");
        // It runs once and is gone with the page.
        listener.forget();
    });
    let data = JsFuture::from(arrived).await.expect("it arrives");
    let bytes: Uint8Array = data.dyn_into().expect("bytes");
    unpack(&bytes.to_vec()).expect("it can be unpacked")
}

#[wasm_bindgen_test]
async fn questions_and_answers_of_workers_survive_the_way_between_threads() {
    for scenario in catalogue::all() {
        let knob = scenario.knobs[0].id.clone();
        let before = scenario
            .fixes
            .first()
            .map(|fix| Settings { fixes: [fix.id.clone()].into(), ..Settings::default() });
        let scenario = Arc::clone(scenario);
        let link = link::Link { scenario, document: None, settings: Settings::default(), before };
        let link = link::encode(&link);
        let ghost = Some(GhostWanted { knob: knob.clone(), missing: true });
        for want in [Want::Curve { knob, share: Share { index: 1, of: 2 } }, Want::Point { ghost }]
        {
            let question = Question { id: 7, link: link.clone(), want };
            assert_eq!(sent(&question).await, question);
            let mut worker = Worker::default();
            worker.ask(question);
            let mut answers = 0;
            // The first answers are of every kind; later ones only refine them.
            while worker.is_busy() && answers < 6 {
                if let Some(answer) = worker.step(200_000) {
                    assert!(!matches!(answer.result, Outcome::Error(_)), "{answer:?}");
                    assert_eq!(sent(&answer).await, answer);
                    answers += 1;
                }
            }
            assert!(answers > 0, "no answer");
        }
    }
}
