//! Pages by a word of the page before.
//!
//! ```yaml
//! paginate: {cursor: {from: $.next, into: {query: {after: "{{ cursor }}"}}}}
//! ```

use super::{Pager, Turn};
use crate::base::diag::Diagnostic;
use crate::base::secret::Secret;
use crate::base::value::Value;
use crate::expr::code::{Code, Template};
use crate::expr::data::{DataMap, DataTemplate};
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::expr::names::{CURSOR, ROW};
use crate::net::ExchangeError;
use crate::net::http::HttpRequest;
use crate::source::of_document::OfDocument;
use crate::source::wire::{maybe_text, wire_json, wire_pairs};
use crate::source::{bad_part, wire::wire_text};
use crate::yaml::kind::Kind;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader, Record};
use crate::yaml::shape::{KindDoc, Shape};
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Pager>> = Kind {
    name: "cursor",
    docs: || KindDoc {
        name: "cursor",
        doc: "Asks for the next page with a word that the page before has given, until there is none.",
        fields: ByCursor::docs(),
        short: None,
    },
    read: |node, reader| {
        let by = ByCursor::read(node, reader)?;
        if !by.into.0.moves_on() {
            let into = node.entry("into").map_or(node.span, |entry| entry.value.span);
            let problem = Diagnostic::error("same-page", "every page would be asked for with the same request", into);
            let problem = problem.label("nothing here uses the name `cursor`");
            reader.report(problem.help("say where the cursor goes, like `into: {query: {after: \"{{ cursor }}\"}}`"));
            return None;
        }
        Some(Arc::new(by) as Arc<dyn Pager>)
    },
};

crate::fields! {
    /// Pages by a word of the page before.
    struct ByCursor, "cursor" {
        /// The cursor in the document of a page, as `row`; the source's own name leads to headers. Missing, empty or false: this page is the last one.
        from: OfDocument;
        /// Where the next request says it, with the name `cursor`: `{query: {after: "{{ cursor }}"}}`.
        into: WithCursor;
        /// The next request carries nothing but the cursor: neither the parameters nor the body of the first one.
        only: bool = false, "false";
    }
}

crate::fields! {
    /// What the next request says; everything else stays as in the first one.
    pub struct Into, "into" {
        /// Another address; one that starts with `/` is on the same server.
        url: Option<Template>;
        /// Parameters of the address.
        query: Option<DataMap>;
        /// Headers.
        headers: Option<DataMap>;
        /// Fields of a form body.
        form: Option<DataMap>;
        /// Fields of a JSON body, merged into the one of the first request.
        json: Option<DataTemplate>;
        /// The whole body.
        body: Option<Template>;
    }
}

/// What the next request says, which sees the page as `row`, and the cursor.
#[derive(Clone, Debug)]
struct WithCursor(Into);

impl Field for WithCursor {
    fn shape() -> Shape {
        Into::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let (read, _) = reader.within(|reader| {
            reader.bind("row", node.span);
            reader.bind("cursor", node.span);
            Into::read(node, reader)
        });
        read.map(WithCursor)
    }
}

impl Pager for ByCursor {
    fn first(&self, _: &mut HttpRequest, _: &mut Frame) -> Result<(), ExchangeError> {
        Ok(())
    }

    fn next(&self, turn: &Turn<'_>, frame: &mut Frame) -> Result<Option<HttpRequest>, ExchangeError> {
        let cursor = match self.from.0.0.eval(frame) {
            Err(Fault::Missing) | Ok(Value::Missing | Value::Bool(false)) => return Ok(None),
            Ok(Value::Text(text)) if text.is_empty() => return Ok(None),
            Ok(Value::List(items)) if items.is_empty() => return Ok(None),
            Ok(cursor) => cursor,
            Err(fault) => return Err(bad_part("paginate.cursor.from", fault)),
        };
        frame.set(CURSOR, cursor);
        let base = if self.only { turn.first.bare() } else { turn.first.clone() };
        let request = self.into.0.amend(base, turn, frame);
        frame.set(CURSOR, Value::Missing);
        request.map(Some)
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        take(&self.from.0.0);
        self.into.0.codes(take);
    }
}

impl Into {
    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        [&self.url, &self.body].into_iter().flatten().for_each(|template| take(&template.0));
        [&self.query, &self.headers, &self.form].into_iter().flatten().for_each(|map| map.0.codes(take));
        self.json.iter().for_each(|json| json.codes(take));
    }

    /// True if something differs from page to page.
    fn moves_on(&self) -> bool {
        let mut moves = false;
        self.codes(&mut |code| moves |= code.uses(CURSOR) || code.uses(ROW));
        moves
    }

    fn amend(&self, mut request: HttpRequest, turn: &Turn<'_>, frame: &mut Frame) -> Result<HttpRequest, ExchangeError> {
        if let Some(url) = maybe_text(&self.url, frame) {
            request = super::next_url::follow(&request, turn, &url)?;
        }
        if let Some(query) = &self.query {
            request.set_query(&wire_pairs("paginate.cursor.into.query", query, frame)?);
        }
        if let Some(headers) = &self.headers {
            let pairs = wire_pairs("paginate.cursor.into.headers", headers, frame)?;
            request.set_headers(pairs.into_iter().map(|(name, value)| (name, Secret::new(value))).collect());
        }
        if let Some(form) = &self.form {
            request.set_form(&wire_pairs("paginate.cursor.into.form", form, frame)?);
        }
        if let Some(json) = &self.json {
            let value = json.try_eval(frame).map_err(|fault| bad_part("paginate.cursor.into.json", fault))?;
            request.merge_json(wire_json(&value));
        }
        if let Some(body) = &self.body {
            let value = body.eval(frame).map_err(|fault| bad_part("paginate.cursor.into.body", fault))?;
            request.body = wire_text(&value).map(|text| text.into_bytes().into());
        }
        Ok(request)
    }
}
