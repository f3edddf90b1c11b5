//! What drawing on canvases needs to know of the page: sizes, fonts and the pixels of the screen, asked for
//! when they change and never while something is drawn, as the browser would have to lay out the page for
//! an answer.

use gloo::events::EventListener;
use gloo::utils::window;
use js_sys::Reflect;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, EventTarget, ResizeObserver};
use yew::prelude::*;

/// What everything is drawn with; what was drawn with another must be drawn again.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Screen {
    /// Names of the fonts that the page is set in..
    pub(super) font: AttrValue,
    /// ..and how often fonts have arrived.
    arrived: u32,
    /// Pixels of the screen for one of the page: changed by zooming, and by another screen.
    pub(super) ratio: f64,
}

/// The screen as it is now.
#[hook]
pub(super) fn use_screen() -> Screen {
    let arrived = use_fonts();
    let font = use_memo(arrived, |_| AttrValue::from(page_font()));
    Screen { font: (*font).clone(), arrived, ratio: use_ratio() }
}

/// Pixels of the screen for one of the page.
#[hook]
fn use_ratio() -> f64 {
    let ratio = use_state_eq(|| window().device_pixel_ratio());
    let set = ratio.setter();
    use_effect_with(*ratio, move |ratio| {
        // Browsers tell nobody the new ratio, but that it is no longer the present one.
        let query = window().match_media(&format!("(resolution: {ratio}dppx)")).ok().flatten();
        let listener = query.map(|query| {
            EventListener::new(&query, "change", move |_| set.set(window().device_pixel_ratio()))
        });
        move || drop(listener)
    });
    *ratio
}

fn page_font() -> String {
    let root = window().document().and_then(|document| document.document_element());
    let style = root.and_then(|root| window().get_computed_style(&root).ok().flatten());
    let found = style.and_then(|style| style.get_property_value("font-family").ok());
    found.unwrap_or_else(|| "sans-serif".to_owned())
}

/// How often fonts have arrived.
#[hook]
fn use_fonts() -> u32 {
    let arrived = use_state(|| 0);
    let set = arrived.setter();
    let count = use_mut_ref(|| 0);
    use_effect_with((), move |()| {
        let document = window().document();
        let fonts = document.and_then(|document| Reflect::get(&document, &"fonts".into()).ok());
        let fonts = fonts.and_then(|fonts| fonts.dyn_into::<EventTarget>().ok());
        let listener = fonts.map(|fonts| {
            EventListener::new(&fonts, "loadingdone", move |_| {
                *count.borrow_mut() += 1;
                set.set(*count.borrow());
            })
        });
        move || drop(listener)
    });
    *arrived
}

/// Sizes of elements in pixels of the page, followed as they change; zero for those that are not
/// there. `shown` changes when elements come or go.
#[hook]
pub(super) fn use_sizes<const N: usize, T: PartialEq + 'static>(
    nodes: &[NodeRef; N],
    shown: T,
) -> [(f64, f64); N] {
    let sizes = use_state_eq(|| [(0.0, 0.0); N]);
    let nodes = nodes.clone();
    let set = sizes.setter();
    use_effect_with(shown, move |_| {
        let elements = nodes.map(|node| node.cast::<Element>());
        let measured = elements.clone();
        let changed = Closure::<dyn FnMut()>::new(move || {
            let size = |element: &Element| {
                (f64::from(element.client_width()), f64::from(element.client_height()))
            };
            set.set(measured.each_ref().map(|one| one.as_ref().map(size).unwrap_or_default()));
        });
        let observer = ResizeObserver::new(changed.as_ref().unchecked_ref()).ok();
        if let Some(observer) = &observer {
            elements.iter().flatten().for_each(|element| observer.observe(element));
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(changed);
        }
    });
    *sizes
}
