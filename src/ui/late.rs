//! What is there only after a while.

use gloo::timers::callback::Timeout;
use yew::prelude::*;

/// What is over sooner is no matter: shown, it would only flicker.
const FLICKER_MS: u32 = 300;

/// It is so, and has been for a while.
#[hook]
pub(super) fn use_late(is_so: bool) -> bool {
    let is_late = use_state_eq(|| false);
    let set = is_late.setter();
    use_effect_with(is_so, move |&is_so| {
        set.set(false);
        let timeout = is_so.then(|| Timeout::new(FLICKER_MS, move || set.set(true)));
        move || drop(timeout)
    });
    is_so && *is_late
}

/// It is so, or was so before; told in a task of its own, after what it follows from has been painted.
#[hook]
pub(super) fn use_latch(is_so: bool) -> bool {
    let was_so = use_state_eq(|| false);
    let set = was_so.setter();
    use_effect_with(is_so, move |&is_so| {
        let timeout = is_so.then(|| Timeout::new(0, move || set.set(true)));
        move || drop(timeout)
    });
    *was_so
}

/// How many parts of the page may be built by now. One after the other, each in a task of its own: all in
/// one go would keep a slow phone from hearing anything for half a second.
#[hook]
pub(super) fn use_parts(count: u32) -> u32 {
    let parts = use_state_eq(|| 1);
    let set = parts.setter();
    use_effect_with(*parts, move |&parts| {
        let next = (parts < count).then(|| Timeout::new(0, move || set.set(parts + 1)));
        move || drop(next)
    });
    *parts
}
