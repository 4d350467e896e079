//! A token in a header (RFC 6750).
//!
//! ```yaml
//! auth: {bearer: "{{ instance.token }}"}
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
use crate::yaml::shape::{KindDoc, Shape};
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Login>> = Kind {
    name: "bearer",
    docs: || KindDoc {
        name: "bearer",
        doc: "A token, also in short: `{bearer: TOKEN}`.",
        fields: Bearer::docs(),
        short: Some(Shape::Template),
    },
    read: |node, reader| {
        let short = node.as_scalar().is_some() && !node.is_null();
        let bearer = if short { Template::read(node, reader).map(|token| Bearer { token }) } else { Bearer::read(node, reader) };
        bearer.map(|bearer| Arc::new(bearer) as Arc<dyn Login>)
    },
};

crate::fields! {
    /// A token.
    pub struct Bearer, "bearer" {
        /// The token; without one nothing is sent.
        token: Template;
    }
}

impl Login for Bearer {
    fn apply(&self, _: &Around<'_>, request: &mut HttpRequest, frame: &mut Frame) -> Result<(), ExchangeError> {
        if let Some(token) = wire_text(&self.token.value(frame)) {
            request.headers.push(("authorization".to_owned(), Secret::new(format!("Bearer {token}"))));
        }
        Ok(())
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        take(&self.token.0);
    }
}
