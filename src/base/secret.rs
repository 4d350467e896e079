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

/// The handle of a value like `"{{ secret('env:NAME') }}"`, if it is one.
pub fn handle_of(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let call = inner.strip_prefix("secret(")?.strip_suffix(')')?.trim();
    let quoted = |quote: char| call.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    quoted('\'').or_else(|| quoted('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_value_is_a_handle() {
        assert_eq!(handle_of("{{ secret('env:TOKEN') }}"), Some("env:TOKEN"));
        assert_eq!(handle_of("{{secret(\"file:/x\")}}"), Some("file:/x"));
        assert_eq!(handle_of("Bearer {{ secret('env:TOKEN') }}"), None);
        assert_eq!(handle_of("{{ env:TOKEN }}"), None);
    }
}
