//! Problems, until they are dismissed.

use yew::prelude::*;

use crate::session::Action;

#[derive(PartialEq, Properties)]
pub(super) struct NoticesProps {
    pub(super) notices: Vec<String>,
    pub(super) act: Callback<Action>,
}

/// What was wrong with a link, or went wrong since.
#[component]
pub(super) fn Notices(props: &NoticesProps) -> Html {
    if props.notices.is_empty() {
        return Html::default();
    }
    let dismiss = props.act.reform(|_: MouseEvent| Action::DismissNotices);
    html! {
        <div class="notices" role="alert">
            <ul>{ for props.notices.iter().map(|text| html! { <li>{ text }</li> }) }</ul>
            <button type="button" onclick={dismiss}>{ "Dismiss" }</button>
        </div>
    }
}
