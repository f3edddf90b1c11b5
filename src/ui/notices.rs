//! Problems, until they are dismissed.

use yew::prelude::*;

use crate::session::Action;

/// What was wrong with a link, or went wrong since.
pub(super) fn notices(notices: &[String], act: &Callback<Action>) -> Html {
    if notices.is_empty() {
        return Html::default();
    }
    let dismiss = act.reform(|_: MouseEvent| Action::DismissNotices);
    html! {
        <div class="notices" role="alert">
            <ul>{ for notices.iter().map(|text| html! { <li>{ text }</li> }) }</ul>
            <button type="button" onclick={dismiss}>{ "Dismiss" }</button>
        </div>
    }
}
