//! Secret handles: a whole value of the form `"{{ secret('env:NAME') }}"`.
//!
//! What a handle stands for is read by a [`SecretStore`], so that nothing here touches files or the
//! environment.

pub use crate::base::secret::handle_of;
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
