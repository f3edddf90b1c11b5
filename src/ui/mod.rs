//! The page: Yew components over a session, and the workers that simulate.
//!
//! The same module is the page and, instantiated again, each worker; in Node it is neither and only
//! exports functions.

mod app;

mod effects;

mod view;

mod header;

mod panel;

mod gallery;

mod share;

mod builder;

mod picture;

mod verify;

mod keys;

mod knobs;

mod knob;

mod fixes;

mod charts;

mod time;

mod ghost;

mod handle;

mod look;

mod readout;

mod why;

mod diagram;

mod part_card;

mod plans;

mod waterfall;

mod save;

mod table;

mod about;

mod notices;

mod live;

mod address;

mod outside;

mod clock;

mod theme;

mod pool;

mod inbox;

mod late;

mod worker;

pub mod exports;

use wasm_bindgen::JsCast as _;

#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Becomes the page or a worker, whichever this is.
pub fn main() {
    std::panic::set_hook(Box::new(|info| {
        outside::give_reason(&info.to_string());
        console_error_panic_hook::hook(info);
    }));
    let global = js_sys::global();
    if let Some(scope) = global.dyn_ref::<web_sys::DedicatedWorkerGlobalScope>() {
        worker::start(scope);
    } else if let Some(root) = app_root() {
        // A task of its own: it takes about as long as getting here.
        let build = move || {
            root.set_inner_html("");
            yew::Renderer::<app::App>::with_root(root).render();
        };
        gloo::timers::callback::Timeout::new(0, build).forget();
    }
}

/// The element that the page is built in; none in Node.
fn app_root() -> Option<web_sys::Element> {
    web_sys::window()?.document()?.get_element_by_id("app")
}

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
