//! Pages by the number of rows before them.
//!
//! ```yaml
//! paginate: {offset: {param: sysparm_offset, limit: 1000, limit_param: sysparm_limit}}
//! ```

use super::target::{Part, set_number};
use super::{Pager, Turn};
use crate::expr::code::{Code, Setting, Template};
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::http::HttpRequest;
use crate::source::bad_part;
use crate::yaml::basic::Count;
use crate::yaml::kind::Kind;
use crate::yaml::read::{Field, Record};
use crate::yaml::shape::KindDoc;
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Pager>> = Kind {
    name: "offset",
    docs: || KindDoc {
        name: "offset",
        doc: "Asks for the rows behind those it has, until a page is empty or shorter than `limit`.",
        fields: ByOffset::docs(),
        short: None,
    },
    read: |node, reader| ByOffset::read(node, reader).map(|by| Arc::new(by) as Arc<dyn Pager>),
};

crate::fields! {
    /// Pages by the number of rows before them.
    struct ByOffset, "offset" {
        /// The parameter that holds the offset; `offset` where it is not given.
        param: Option<Template>;
        /// The offset of the first page.
        start: Setting<usize> = Setting::Fixed(0), "0";
        /// How many rows a full page has; a shorter page is the last one. Without it the offset grows by the rows of each page, and an empty page is the last one.
        limit: Option<Setting<Count>>;
        /// The parameter that asks for this many rows; nothing is asked for without it.
        limit_param: Option<Template>;
        /// Where the parameters stand: in the query, in the form or in the JSON body (there a name may hold dots).
        r#in: Part = Part::Query, "query";
    }
}

impl ByOffset {
    fn set(&self, request: &mut HttpRequest, offset: usize, frame: &mut Frame) -> Result<(), ExchangeError> {
        let param = self.param.as_ref().and_then(|param| param.text(frame));
        set_number(request, self.r#in, param.as_deref().unwrap_or("offset"), offset);
        if let (Some(limit), Some(param)) = (self.limit(frame)?, self.limit_param.as_ref().and_then(|param| param.text(frame))) {
            set_number(request, self.r#in, &param, limit);
        }
        Ok(())
    }

    fn limit(&self, frame: &mut Frame) -> Result<Option<usize>, ExchangeError> {
        self.limit
            .as_ref()
            .map(|limit| limit.get(frame).map(|limit| limit.0).map_err(|fault| bad_part("paginate.offset.limit", fault)))
            .transpose()
    }

    fn start(&self, frame: &mut Frame) -> Result<usize, ExchangeError> {
        self.start.get(frame).map_err(|fault| bad_part("paginate.offset.start", fault))
    }
}

impl Pager for ByOffset {
    fn first(&self, request: &mut HttpRequest, frame: &mut Frame) -> Result<(), ExchangeError> {
        let start = self.start(frame)?;
        self.set(request, start, frame)
    }

    fn next(&self, turn: &Turn<'_>, frame: &mut Frame) -> Result<Option<HttpRequest>, ExchangeError> {
        let limit = self.limit(frame)?;
        if limit.is_some_and(|limit| turn.n_rows < limit) {
            return Ok(None);
        }
        let before = limit.map_or(turn.n_items, |limit| limit.saturating_mul(turn.n_pages));
        let mut request = turn.first.clone();
        let offset = self.start(frame)?.saturating_add(before);
        self.set(&mut request, offset, frame)?;
        Ok(Some(request))
    }

    fn counts_rows(&self) -> bool {
        true
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        [&self.param, &self.limit_param].into_iter().flatten().for_each(|template| take(&template.0));
        self.start.code().into_iter().chain(self.limit.iter().filter_map(Setting::code)).for_each(take);
    }
}
