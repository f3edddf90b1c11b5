//! Files for the visitor, made in the page.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlElement, Url};

/// Saves a text as a file. Does nothing where the host of the page forbids downloads.
pub(super) fn save(name: &str, kind: &str, text: &str) {
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let about = BlobPropertyBag::new();
    about.set_type(kind);
    let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &about) else { return };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else { return };
    let link = gloo::utils::document().create_element("a");
    if let Ok(link) = link.map(JsCast::unchecked_into::<HtmlElement>)
        && link.set_attribute("href", &url).is_ok()
        && link.set_attribute("download", name).is_ok()
    {
        link.click();
    }
    // The download has its own hold on the data. Freeing them cannot fail.
    let _ = Url::revoke_object_url(&url);
}
