//! Signed requests, as AWS and what speaks like it want them.
//!
//! ```yaml
//! auth:
//!   aws_sigv4: {access_key: "{{ instance.key }}", secret_key: "{{ instance.secret }}", region: eu-west-1, service: es}
//! ```

use super::{Around, Login};
use crate::base::secret::Secret;
use crate::expr::code::{Code, Template};
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::http::HttpRequest;
use crate::net::login;
use crate::net::sigv4::SigV4;
use crate::source::missing_part;
use crate::source::wire::{maybe_text, wire_text};
use crate::yaml::kind::Kind;
use crate::yaml::read::{Field, Record};
use crate::yaml::shape::KindDoc;
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Login>> = Kind {
    name: "aws_sigv4",
    docs: || KindDoc {
        name: "aws_sigv4",
        doc: "Signs each request with a key of AWS (Signature Version 4).",
        fields: AwsSigV4::docs(),
        short: None,
    },
    read: |node, reader| AwsSigV4::read(node, reader).map(|keys| Arc::new(keys) as Arc<dyn Login>),
};

crate::fields! {
    /// The keys that sign.
    pub struct AwsSigV4, "aws_sigv4" {
        /// The access key: the public half.
        access_key: Template;
        /// The secret key.
        secret_key: Template;
        /// The token of temporary keys.
        session_token: Option<Template>;
        /// The region, like `eu-west-1`.
        region: Template;
        /// The service in the words of AWS, like `es`, `execute-api`, `s3`.
        service: Template;
    }
}

impl Login for AwsSigV4 {
    fn apply(&self, _: &Around<'_>, request: &mut HttpRequest, frame: &mut Frame) -> Result<(), ExchangeError> {
        let mut text = |name: &str, template: &Template| {
            wire_text(&template.value(frame)).ok_or_else(|| missing_part(&format!("auth.aws_sigv4.{name}"), &template.0, frame))
        };
        let keys = SigV4 {
            access_key: text("access_key", &self.access_key)?,
            secret_key: Secret::new(text("secret_key", &self.secret_key)?),
            region: text("region", &self.region)?,
            service: text("service", &self.service)?,
            session_token: maybe_text(&self.session_token, frame).map(Secret::new),
        };
        request.login = login::Login::SigV4(Arc::new(keys));
        Ok(())
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        [&self.access_key, &self.secret_key, &self.region, &self.service].into_iter().chain(&self.session_token).for_each(|t| take(&t.0));
    }
}
