//! Shortcuts: what each key does, and the list of them.

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use super::panel::Panel;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Undo,
    Redo,
    Open(Panel),
    /// The next scenario, or the one before.
    Step(isize),
    Present,
}

/// All keys of the page that are one letter, as they are written, and what they do.
const LETTERS: [(&str, Wish, &str); 7] = [
    ("?", Wish::Open(Panel::Keys), "These keys"),
    ("g", Wish::Open(Panel::Gallery), "All scenarios"),
    ("n", Wish::Step(1), "Next question"),
    ("p", Wish::Step(-1), "Previous question"),
    ("s", Wish::Open(Panel::Share), "Share"),
    ("v", Wish::Open(Panel::Verify), "Claims, and their proofs"),
    ("f", Wish::Present, "Present: large and without distraction"),
];

/// Keys that work where the focus is, and what they do.
const PLACES: [(&str, &[(&str, &str)]); 3] = [
    (
        "Anywhere",
        &[
            ("Ctrl Z", "Undo"),
            ("Ctrl Shift Z", "Redo"),
            ("Tab", "The next control"),
            ("Esc", "Closes what is open"),
        ],
    ),
    (
        "On a knob",
        &[
            ("← →", "A step"),
            ("Shift ← →", "A quarter of a step"),
            ("PageUp PageDown", "Eight steps"),
            ("Home End", "The smallest, the largest"),
            ("2.5k Enter", "A typed value: 250ms, 10% and 1e6 are understood"),
        ],
    ),
    (
        "On the chart",
        &[
            ("← →", "Moves the operating point"),
            ("K", "Goes to the knee"),
            ("Home End", "To the ends of the axis"),
        ],
    ),
];

/// What a key event asks for; `letters` says whether keys of one letter do anything.
fn wish_of(event: &KeyboardEvent, letters: bool) -> Option<Wish> {
    let key = event.key().to_ascii_lowercase();
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let field = target.as_ref().and_then(|target| target.dyn_ref::<HtmlInputElement>());
    let is_typing = field
        .is_some_and(|field| !["range", "checkbox", "radio"].contains(&field.type_().as_str()))
        || target
            .as_ref()
            .is_some_and(|target| ["TEXTAREA", "SELECT"].contains(&&*target.tag_name()));
    if is_typing || event.alt_key() {
        return None;
    }
    if event.ctrl_key() || event.meta_key() {
        return match (key.as_str(), event.shift_key()) {
            ("z", false) => Some(Wish::Undo),
            ("z", true) | ("y", _) => Some(Wish::Redo),
            _ => None,
        };
    }
    // An open dialog has the page behind it out of reach; one just closed may have the focus still.
    let is_inside =
        target.is_some_and(|target| target.closest("dialog[open]").ok().flatten().is_some());
    let found = LETTERS.iter().find(|(letter, ..)| *letter == key);
    found.filter(|_| letters && !is_inside && !event.repeat()).map(|(_, wish, _)| *wish)
}

/// Listens to the keyboard.
#[hook]
pub(super) fn use_keys(wish: &Callback<Wish>, letters: bool) {
    let wish = wish.clone();
    use_effect_with((letters, wish), move |(letters, wish)| {
        let (letters, wish) = (*letters, wish.clone());
        let options = EventListenerOptions::enable_prevent_default();
        let listener = web_sys::window().map(|window| {
            EventListener::new_with_options(&window, "keydown", options, move |event| {
                let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
                let Some(wished) = wish_of(key, letters) else { return };
                event.prevent_default();
                wish.emit(wished);
            })
        });
        move || drop(listener)
    });
}

/// The list of all keys, and a switch for those of one letter, which speech input may press by chance.
pub(super) fn keys(letters: bool, set_letters: &Callback<bool>) -> Html {
    let row = |(key, what): (&str, &str)| {
        let caps = key.split(' ').map(|cap| html! { <><kbd>{ cap.to_owned() }</kbd>{ " " }</> });
        html! { <tr><th scope="row">{ for caps }</th><td>{ what.to_owned() }</td></tr> }
    };
    let table = |title: &str, rows: Html| {
        html! { <table><caption>{ title.to_owned() }</caption><tbody>{ rows }</tbody></table> }
    };
    let letter_rows = LETTERS.iter().map(|(key, _, what)| row((*key, *what))).collect();
    let places = PLACES
        .iter()
        .map(|(place, keys)| table(place, keys.iter().map(|pair| row(*pair)).collect()));
    let onchange = set_letters.reform(move |_: Event| !letters);
    html! {
        <>
            <div class="tables">
                { table("Single keys", letter_rows) }
                { for places }
            </div>
            <label class="tick"><input type="checkbox" checked={letters} {onchange} />{ "Single keys do something" }</label>
        </>
    }
}
