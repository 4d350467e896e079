//! User name and password in a header (RFC 7617).
//!
//! ```yaml
//! auth: {basic: {username: "{{ instance.username }}", password: "{{ instance.password }}"}}
//! ```

use super::{Around, Login};
use crate::base::secret::Secret;
use crate::expr::code::{Code, Template};
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::http::HttpRequest;
use crate::source::wire::wire_text;
use crate::yaml::kind::Kind;
use crate::yaml::read::{Field, Record};
use crate::yaml::shape::KindDoc;
use base64::Engine as _;
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Login>> = Kind {
    name: "basic",
    docs: || KindDoc { name: "basic", doc: "User name and password.", fields: Basic::docs(), short: None },
    read: |node, reader| Basic::read(node, reader).map(|basic| Arc::new(basic) as Arc<dyn Login>),
};

crate::fields! {
    /// User name and password.
    pub struct Basic, "basic" {
        /// The user name; without one nothing is sent.
        username: Template;
        /// The password.
        password: Option<Template>;
    }
}

impl Login for Basic {
    fn apply(&self, _: &Around<'_>, request: &mut HttpRequest, frame: &mut Frame) -> Result<(), ExchangeError> {
        if let Some(username) = wire_text(&self.username.value(frame)) {
            let password = self.password.as_ref().and_then(|p| wire_text(&p.value(frame))).unwrap_or_default();
            request.headers.push(("authorization".to_owned(), basic(&username, &password)));
        }
        Ok(())
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        take(&self.username.0);
        self.password.iter().for_each(|password| take(&password.0));
    }
}

/// The value of `Authorization`, in UTF-8.
pub fn basic(username: &str, password: &str) -> Secret {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
    Secret::new(format!("Basic {pair}"))
}
