//! What passes soon is not shown at all: it would only flicker.

use gloo::timers::callback::Timeout;
use yew::prelude::*;

/// What lasts as long as this is shown.
const LATE_MS: u32 = 300;

/// It is so, and has been for a while.
#[hook]
pub(super) fn use_late(is_so: bool) -> bool {
    let is_late = use_state_eq(|| false);
    let set = is_late.setter();
    use_effect_with(is_so, move |&is_so| {
        set.set(false);
        let timeout = is_so.then(|| Timeout::new(LATE_MS, move || set.set(true)));
        move || drop(timeout)
    });
    is_so && *is_late
}
