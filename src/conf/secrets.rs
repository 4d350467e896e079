//! Secret handles: a whole value of the form `"{{ secret('env:NAME') }}"`.
//!
//! What a handle stands for is read by a [`SecretStore`], so that nothing here touches files or the
//! environment.

use std::path::Path;

/// Where handles are looked up.
pub trait SecretStore {
    /// The text of a handle like `env:NAME` or `file:/run/secrets/x`. A relative path starts at
    /// `folder`.
    ///
    /// # Errors
    /// Why there is none, without any part of a secret.
    fn fetch(&self, handle: &str, folder: &Path) -> Result<String, String>;
}

/// The handle of a value, if it is one.
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
