//! Pages by their number.
//!
//! ```yaml
//! paginate: {page: {param: page, start: 1, size: 100, size_param: per_page}}
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
    name: "page",
    docs: || KindDoc {
        name: "page",
        doc: "Asks for pages by their number, until one is empty or shorter than `size`.",
        fields: ByPage::docs(),
        short: None,
    },
    read: |node, reader| ByPage::read(node, reader).map(|by| Arc::new(by) as Arc<dyn Pager>),
};

crate::fields! {
    /// Pages by their number.
    struct ByPage, "page" {
        /// The parameter that holds the number; `page` where it is not given.
        param: Option<Template>;
        /// The number of the first page.
        start: Setting<usize> = Setting::Fixed(1), "1";
        /// How many rows a full page has; a shorter page is the last one.
        size: Option<Setting<Count>>;
        /// The parameter that asks for this size; nothing is asked for without it.
        size_param: Option<Template>;
        /// Where the parameters stand: in the query, in the form or in the JSON body (there a name may hold dots).
        r#in: Part = Part::Query, "query";
    }
}

impl ByPage {
    fn set(&self, request: &mut HttpRequest, number: usize, frame: &mut Frame) -> Result<(), ExchangeError> {
        let param = self.param.as_ref().and_then(|param| param.text(frame));
        set_number(request, self.r#in, param.as_deref().unwrap_or("page"), number);
        if let (Some(size), Some(param)) = (self.size(frame)?, self.size_param.as_ref().and_then(|param| param.text(frame))) {
            set_number(request, self.r#in, &param, size);
        }
        Ok(())
    }

    fn size(&self, frame: &mut Frame) -> Result<Option<usize>, ExchangeError> {
        self.size.as_ref().map(|size| size.get(frame).map(|size| size.0).map_err(|fault| bad_part("paginate.page.size", fault))).transpose()
    }

    fn start(&self, frame: &mut Frame) -> Result<usize, ExchangeError> {
        self.start.get(frame).map_err(|fault| bad_part("paginate.page.start", fault))
    }
}

impl Pager for ByPage {
    fn first(&self, request: &mut HttpRequest, frame: &mut Frame) -> Result<(), ExchangeError> {
        let start = self.start(frame)?;
        self.set(request, start, frame)
    }

    fn next(&self, turn: &Turn<'_>, frame: &mut Frame) -> Result<Option<HttpRequest>, ExchangeError> {
        if self.size(frame)?.is_some_and(|size| turn.n_rows < size) {
            return Ok(None);
        }
        let mut request = turn.first.clone();
        let number = self.start(frame)?.saturating_add(turn.n_pages);
        self.set(&mut request, number, frame)?;
        Ok(Some(request))
    }

    fn counts_rows(&self) -> bool {
        true
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        [&self.param, &self.size_param].into_iter().flatten().for_each(|template| take(&template.0));
        self.start.code().into_iter().chain(self.size.iter().filter_map(Setting::code)).for_each(take);
    }
}
