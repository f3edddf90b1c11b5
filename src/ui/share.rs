//! The present state in every form in which it can be handed on.

use std::rc::Rc;

use qrcodegen::{QrCode, QrCodeEcc};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::address;
use super::builder::Builder;
use super::outside;
use super::picture;
use crate::scenario::link::encode;
use crate::session::Session;
use crate::session::share::{LINK_CHARS_MAX, markdown};

#[derive(PartialEq, Properties)]
pub(super) struct ShareProps {
    pub(super) session: Rc<Session>,
    pub(super) is_dark: bool,
}

/// A text to be copied, with its name.
#[derive(PartialEq, Properties)]
pub(super) struct CopyProps {
    pub(super) name: AttrValue,
    pub(super) text: String,
}

/// A field with a text, and a button that copies it; where that is forbidden the text is selected,
/// ready for the keyboard.
#[component]
pub(super) fn Copy(props: &CopyProps) -> Html {
    let field = use_node_ref();
    let said = use_state(|| "");
    {
        let said = said.setter();
        use_effect_with(props.text.clone(), move |_| said.set(""));
    }
    let onclick = {
        let (field, said, text) = (field.clone(), said.clone(), props.text.clone());
        Callback::from(move |_: MouseEvent| {
            let (field, said, text) = (field.clone(), said.clone(), text.clone());
            wasm_bindgen_futures::spawn_local(async move {
                if copy(&text).await {
                    said.set("Copied");
                } else if let Some(field) = field.cast::<HtmlInputElement>() {
                    let _ = field.focus();
                    field.select();
                    said.set("Selected: press Ctrl C");
                }
            });
        })
    };
    html! {
        <div class="copy">
            <label>
                <span>{ &props.name }</span>
                <input ref={field} readonly=true value={props.text.clone()} />
            </label>
            <button type="button" {onclick} aria-label={format!("Copy {}", props.name)}>{ "Copy" }</button>
            <span class="said" role="status">{ *said }</span>
        </div>
    }
}

async fn copy(text: &str) -> bool {
    let Ok(promise) = outside::call("copy", &[text.into()]) else { return false };
    let Ok(promise) = promise.dyn_into::<js_sys::Promise>() else { return false };
    JsFuture::from(promise).await.is_ok_and(|done| done.is_truthy())
}

/// What a file could not be given as, and so is shown.
#[derive(PartialEq)]
enum Shown {
    Nothing,
    Text(&'static str, String),
    Picture(String),
}

/// The panel.
#[component]
pub(super) fn Share(props: &ShareProps) -> Html {
    let session = &props.session;
    let shown = use_state(|| Shown::Nothing);
    let address = address::full(&encode(&session.link()));
    let title = &session.scenario.title;
    let length = address.chars().count();
    let file = |name: &'static str, make: Callback<(), Option<String>>| {
        let (shown, id) = (shown.setter(), session.scenario.id.clone());
        let onclick = Callback::from(move |_: MouseEvent| {
            let Some(content) = make.emit(()) else { return };
            let file = format!("kneepoint-{id}.{}", name.to_ascii_lowercase());
            let arguments: [JsValue; 3] = [file.into(), kind_of(name).into(), (&content).into()];
            let is_saved = outside::call("save", &arguments).is_ok_and(|done| done.is_truthy());
            shown.set(match (is_saved, name) {
                (true, _) => Shown::Nothing,
                (false, "PNG") => Shown::Picture(content),
                (false, _) => Shown::Text(name, content),
            });
        });
        // Beside the link to this state, a curve of the one before would be taken for its own.
        let disabled = session.present_curve().is_none();
        html! { <button type="button" {onclick} {disabled}>{ name }</button> }
    };
    let from = |make: fn(&Session, &str, bool) -> Option<String>| {
        let (session, address, is_dark) = (Rc::clone(session), address.clone(), props.is_dark);
        Callback::from(move |()| make(&session, &address, is_dark))
    };
    html! {
        <>
            <Copy name="Link" text={address.clone()} />
            if length > LINK_CHARS_MAX {
                <p class="missed" role="status">{ format!("This link has {length} characters. Some programs cut links of more than {LINK_CHARS_MAX}: test it where you send it.") }</p>
            }
            <Copy name="Markdown" text={markdown(title, &address)} />
            <Builder session={Rc::clone(session)} />
            <div class="files">
                <span>{ "Files" }</span>
                { file("PNG", from(|session, address, _| picture::png(session, address))) }
                { file("SVG", from(|session, _, is_dark| picture::svg(session, is_dark))) }
                { file("CSV", from(|session, _, _| session.csv())) }
                { file("JSON", from(|session, address, _| session.json(address))) }
            </div>
            { by_hand(&shown) }
            { qr(&address) }
            <p class="quiet">{ "Everything runs in this browser and nothing is sent anywhere: the link itself holds all that is shared." }</p>
        </>
    }
}

fn kind_of(name: &str) -> &'static str {
    match name {
        "SVG" => "image/svg+xml",
        "CSV" => "text/csv",
        "JSON" => "application/json",
        _ => "image/png",
    }
}

/// Where files are blocked, what they would hold.
fn by_hand(shown: &Shown) -> Html {
    match shown {
        Shown::Nothing => Html::default(),
        Shown::Picture(content) => html! {
            <figure class="by-hand"><figcaption>{ "Files are blocked in this frame. Keep the picture with its own menu:" }</figcaption><img src={content.clone()} alt="The charts" /></figure>
        },
        Shown::Text(name, content) => html! {
            <div class="by-hand"><p>{ format!("Files are blocked in this frame. The {name} as text:") }</p><Copy name={*name} text={content.clone()} /></div>
        },
    }
}

/// The link for cameras; none if it is longer than they can read from a wall.
fn qr(address: &str) -> Html {
    const QUIET: i32 = 3;
    let code = QrCode::encode_text(address, QrCodeEcc::Low).ok().filter(|code| code.size() <= 77);
    let Some(code) = code else {
        return html! { <p class="quiet">{ "The link is too long for a QR code." }</p> };
    };
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|&x| code.get_module(x, y)) {
            path += &format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    let size = code.size() + 2 * QUIET;
    html! {
        <svg class="qr" viewBox={format!("0 0 {size} {size}")} role="img" aria-label="QR code of the link" shape-rendering="crispEdges">
            <rect width="100%" height="100%" /><path d={path} />
        </svg>
    }
}
