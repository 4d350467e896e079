//! A text that neither prints nor serializes.
//!
//! It becomes text again only through [`Secret::reveal`], which the layers that talk to the
//! outside call at the last moment.

use std::sync::Arc;

/// A password, token or key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(Arc<str>);

/// What stands in every output where a secret would be.
pub const MASK: &str = "****";

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Secret(text.into())
    }

    /// The text itself, for the wire.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MASK)
    }
}
