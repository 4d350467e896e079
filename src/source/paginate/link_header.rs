//! Pages by the `Link` header, as RFC 8288 has it.
//!
//! ```yaml
//! paginate: link_header
//! ```

use super::{Pager, Turn, next_url};
use crate::expr::code::Code;
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::http::HttpRequest;
use crate::net::link;
use crate::yaml::kind::Kind;
use crate::yaml::read::{Field, Record};
use crate::yaml::shape::KindDoc;
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Pager>> = Kind {
    name: "link_header",
    docs: || KindDoc {
        name: "link_header",
        doc: "Asks at the address that the answer's `Link` header names, until it names none.",
        fields: ByLink::docs(),
        short: None,
    },
    read: |node, reader| ByLink::read(node, reader).map(|by| Arc::new(by) as Arc<dyn Pager>),
};

crate::fields! {
    /// Pages by the `Link` header.
    struct ByLink, "link_header" {
        /// The relation of the link.
        rel: String = "next".to_owned(), "next";
    }
}

impl Pager for ByLink {
    fn first(&self, _: &mut HttpRequest, _: &mut Frame) -> Result<(), ExchangeError> {
        Ok(())
    }

    fn next(&self, turn: &Turn<'_>, _: &mut Frame) -> Result<Option<HttpRequest>, ExchangeError> {
        let links = turn.answer.headers.all("link");
        let link = links.iter().find_map(|header| link::target(header, &self.rel));
        link.map(|link| next_url::follow(turn.first, turn, link)).transpose()
    }

    fn codes<'s>(&'s self, _: &mut dyn FnMut(&'s Code)) {}
}
