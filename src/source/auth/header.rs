//! Any headers that log in.
//!
//! ```yaml
//! auth: {header: {X-Api-Key: "{{ instance.key }}", X-Api-Site: "{{ instance.site }}"}}
//! ```

use super::{Around, Login};
use crate::base::secret::Secret;
use crate::expr::code::Code;
use crate::expr::data::DataMap;
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::http::HttpRequest;
use crate::source::wire::wire_pairs;
use crate::yaml::kind::Kind;
use crate::yaml::read::Field;
use crate::yaml::shape::KindDoc;
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Login>> = Kind {
    name: "header",
    docs: || KindDoc {
        name: "header",
        doc: "One or several headers that log in: `{header: {X-Token: …}}`.",
        fields: Vec::new(),
        short: Some(DataMap::shape()),
    },
    read: |node, reader| {
        if node.is_null() {
            reader.mismatch(node, "a map of headers");
            return None;
        }
        DataMap::read(node, reader).map(|headers| Arc::new(Header(headers)) as Arc<dyn Login>)
    },
};

#[derive(Debug)]
struct Header(DataMap);

impl Login for Header {
    fn apply(&self, _: &Around<'_>, request: &mut HttpRequest, frame: &mut Frame) -> Result<(), ExchangeError> {
        let pairs = wire_pairs("auth.header", &self.0, frame)?;
        request.headers.extend(pairs.into_iter().map(|(name, value)| (name, Secret::new(value))));
        Ok(())
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        self.0.0.codes(take);
    }
}
