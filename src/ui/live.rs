//! What a screen reader says after a change.

use gloo::timers::callback::Timeout;
use yew::prelude::*;

/// How long nothing must have changed.
const REST_MS: u32 = 600;

#[derive(PartialEq, Properties)]
pub(super) struct LiveProps {
    pub(super) text: String,
}

/// One sentence, once things have come to rest.
#[component]
pub(super) fn Live(props: &LiveProps) -> Html {
    let said = use_state(String::new);
    let set = said.setter();
    use_effect_with(props.text.clone(), move |text| {
        let text = text.clone();
        let timeout = (!text.is_empty()).then(|| Timeout::new(REST_MS, move || set.set(text)));
        move || drop(timeout)
    });
    html! { <div class="spoken" role="status" aria-live="polite">{ &*said }</div> }
}
