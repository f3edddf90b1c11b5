//! Dialogs over the page, one at a time.

use web_sys::{Element, HtmlDialogElement};
use yew::prelude::*;

/// What can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Panel {
    Gallery,
    Share,
    Verify,
    Keys,
}

impl Panel {
    /// What stands above it.
    fn title(self) -> &'static str {
        match self {
            Self::Gallery => "All scenarios",
            Self::Share => "Share this state",
            Self::Verify => "Is it true?",
            Self::Keys => "Keys",
        }
    }

    /// Its name in the style sheet.
    fn class(self) -> &'static str {
        match self {
            Self::Gallery => "gallery",
            Self::Share => "share-panel",
            Self::Verify => "verify",
            Self::Keys => "keys",
        }
    }
}

#[derive(PartialEq, Properties)]
pub(super) struct DialogProps {
    pub(super) panel: Panel,
    pub(super) close: Callback<()>,
    pub(super) children: Html,
}

/// A dialog of the browser: it keeps the focus inside, closes with Escape or a press outside, and
/// gives the focus back.
///
/// It is closed here rather than by the browser, which would tell of it only later: by then the next
/// key may have opened another.
#[component]
pub(super) fn Dialog(props: &DialogProps) -> Html {
    let DialogProps { panel, close, children } = props;
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = node.cast::<HtmlDialogElement>() {
                // Fails only for dialogs that are open already.
                let _ = dialog.show_modal();
            }
        });
    }
    let shut = {
        let (node, close) = (node.clone(), close.clone());
        move || {
            if let Some(dialog) = node.cast::<HtmlDialogElement>() {
                // Gives the focus back, which its removal would not.
                dialog.close();
            }
            close.emit(());
        }
    };
    let onclick = {
        let (node, shut) = (node.clone(), shut.clone());
        Callback::from(move |event: MouseEvent| {
            // What lies behind belongs to the dialog itself, everything inside to its children.
            if node.cast::<Element>().map(Into::into) == event.target() {
                shut();
            }
        })
    };
    let onkeydown = {
        let shut = shut.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.prevent_default();
                shut();
            }
        })
    };
    // By other means of the browser.
    let onclose = close.reform(|_: Event| ());
    html! {
        <dialog ref={node} class={panel.class()} aria-labelledby="panel-title" {onclick} {onkeydown} {onclose}>
            <div class="inside">
                <div class="top">
                    <h2 id="panel-title">{ panel.title() }</h2>
                    <button type="button" class="small" aria-label="Close" onclick={Callback::from(move |_: MouseEvent| shut())}>{ "×" }</button>
                </div>
                { children.clone() }
            </div>
        </dialog>
    }
}
