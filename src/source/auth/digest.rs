//! User name and password by challenge and response (RFC 7616).
//!
//! ```yaml
//! auth: {digest: {username: "{{ instance.username }}", password: "{{ instance.password }}"}}
//! ```

use super::{Around, Login};
use crate::base::secret::Secret;
use crate::expr::code::{Code, Template};
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::digest::DigestLogin;
use crate::net::http::HttpRequest;
use crate::net::login;
use crate::source::wire::wire_text;
use crate::yaml::kind::Kind;
use crate::yaml::read::{Field, Record};
use crate::yaml::shape::KindDoc;
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Login>> = Kind {
    name: "digest",
    docs: || KindDoc {
        name: "digest",
        doc: "User name and password that are never sent: the server's challenge is answered with a hash of them.",
        fields: Digest::docs(),
        short: None,
    },
    read: |node, reader| Digest::read(node, reader).map(|digest| Arc::new(digest) as Arc<dyn Login>),
};

crate::fields! {
    /// User name and password.
    pub struct Digest, "digest" {
        /// The user name; without one nothing is sent.
        username: Template;
        /// The password.
        password: Option<Template>;
    }
}

impl Login for Digest {
    fn apply(&self, _: &Around<'_>, request: &mut HttpRequest, frame: &mut Frame) -> Result<(), ExchangeError> {
        if let Some(username) = wire_text(&self.username.value(frame)) {
            let password = self.password.as_ref().and_then(|p| wire_text(&p.value(frame))).unwrap_or_default();
            let login = DigestLogin { username: Secret::new(username), password: Secret::new(password) };
            request.login = login::Login::Digest(Arc::new(login));
        }
        Ok(())
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        take(&self.username.0);
        self.password.iter().for_each(|password| take(&password.0));
    }
}
