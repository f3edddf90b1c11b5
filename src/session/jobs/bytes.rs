//! Questions and answers as the bytes that cross to another thread.

use serde::{Deserialize, Serialize};

/// A question or an answer as the bytes that cross to the other thread; `None` if it cannot be
/// written, which takes more memory than there is.
pub fn pack<T: Serialize>(message: &T) -> Option<Vec<u8>> {
    postcard::to_allocvec(message).ok()
}

/// What `pack` made, read by the same build.
///
/// # Errors
/// Says why the bytes are no such message.
pub fn unpack<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, String> {
    postcard::from_bytes(bytes).map_err(|error| error.to_string())
}
