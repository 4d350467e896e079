//! From page to page: one file per way to ask for the next one.
//!
//! ```yaml
//! paginate: {offset: {param: offset, limit: 200, limit_param: limit}, max_pages: 50}
//! ```
//!
//! A [`Pager`] only says what the next request is; that pages end, that nothing goes round in a
//! circle and that caps hold is the business of the run, the same for all of them.

pub mod cursor;
pub mod link_header;
pub mod next_url;
pub mod offset;
pub mod page;
pub mod target;

use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::expr::code::{Code, Expression, Setting};
use crate::expr::frame::Frame;
use crate::net::http::HttpRequest;
use crate::net::{Answer, ExchangeError};
use crate::yaml::basic::Count;
use crate::yaml::kind::{Kind, read_one};
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Fields, Reader, Record};
use crate::yaml::shape::{FieldDoc, Shape, Struct};
use std::fmt::Debug;
use std::sync::Arc;

/// Every way to the next page by its name in YAML.
pub const KINDS: &[Kind<Arc<dyn Pager>>] = &[page::KIND, offset::KIND, cursor::KIND, next_url::KIND, link_header::KIND];

/// One way to the next page.
pub trait Pager: Send + Sync + Debug {
    /// Puts into the first request what it needs.
    ///
    /// # Errors
    /// A part that cannot be computed.
    fn first(&self, request: &mut HttpRequest, frame: &mut Frame) -> Result<(), ExchangeError>;

    /// The request of the next page; none after the last one. The frame holds the document of the
    /// last page as `row`.
    ///
    /// # Errors
    /// A part that cannot be computed.
    fn next(&self, turn: &Turn<'_>, frame: &mut Frame) -> Result<Option<HttpRequest>, ExchangeError>;

    /// True if the number of rows of a page tells whether it is the last one.
    fn counts_rows(&self) -> bool {
        false
    }

    /// Calls `take` for every computed place.
    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code));
}

/// Where the paging stands.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'t> {
    /// The request of the first page.
    pub first: &'t HttpRequest,
    /// The request of the last page.
    pub last: &'t HttpRequest,
    /// Its answer.
    pub answer: &'t Answer,
    /// Pages so far.
    pub n_pages: usize,
    /// Rows of the last page, before any of them was left out.
    pub n_rows: usize,
    /// Rows of all pages so far.
    pub n_items: usize,
}

crate::fields! {
    /// What all ways have in common.
    struct Common, "paginate" {
        /// A condition on the whole document of a page, as `row`: where it holds, this page is the last one.
        stop_when: Option<Expression>;
        /// The most pages; further ones are left out with a warning, and `.capped` is true.
        max_pages: Setting<Count> = Setting::Fixed(Count(limits::PAGES)), "100";
        /// The most rows of all pages, before any of them is left out; the last page is cut there.
        max_items: Option<Setting<Count>>;
    }
}

/// How a source asks for its further pages.
#[derive(Clone, Debug)]
pub struct Paginate {
    /// The way to the next page.
    pub pager: Arc<dyn Pager>,
    /// This page is the last one.
    pub stop_when: Option<Expression>,
    /// The most pages.
    pub max_pages: Setting<Count>,
    /// The most rows.
    pub max_items: Option<Setting<Count>>,
}

impl Paginate {
    /// Calls `take` for every computed place.
    pub fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        self.pager.codes(take);
        self.stop_when.iter().for_each(|stop| take(&stop.0));
        self.max_pages.code().into_iter().for_each(&mut *take);
        self.max_items.iter().filter_map(Setting::code).for_each(take);
    }
}

impl Field for Paginate {
    fn shape() -> Shape {
        Shape::Either(vec![
            Shape::Words(&["link_header"]),
            Shape::Struct(Struct { name: "paginate", doc: "One way to the next page, and where the pages end.", fields: docs }),
        ])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.as_scalar().is_some() {
            let pager = read_one("way to the next page", KINDS, node, reader)?;
            return Some(Paginate { pager, stop_when: None, max_pages: Setting::Fixed(Count(limits::PAGES)), max_items: None });
        }
        let mut fields = Fields::open(node, "`paginate`", reader)?;
        let mut found = Vec::new();
        for kind in KINDS {
            if let Some(entry) = fields.entry(kind.name) {
                found.push((entry.key_span, (kind.read)(&entry.value, reader)));
            }
        }
        let (common, _) = reader.within(|reader| {
            reader.bind("row", node.span);
            Common::read_from(&mut fields, reader)
        });
        let misspelt = fields.rest().any(|entry| !entry.key.starts_with("x-"));
        fields.finish(reader);
        let names = || crate::base::suggest::listed(KINDS.iter().map(|kind| kind.name), 9);
        if let [_, (span, _), ..] = &found[..] {
            let problem = Diagnostic::error("several-kinds", "several ways to the next page", *span);
            reader.report(problem.label("there is one already").help(format!("keep one of {}", names())));
            return None;
        }
        let Some((_, pager)) = found.pop() else {
            // An unknown key is told already, and most likely meant as the way.
            if misspelt {
                return None;
            }
            let problem = Diagnostic::error("missing-key", "`paginate` without a way to the next page", node.span);
            reader.report(problem.label("nothing here says how").help(format!("add one of {}", names())));
            return None;
        };
        let common = common?;
        Some(Paginate { pager: pager?, stop_when: common.stop_when, max_pages: common.max_pages, max_items: common.max_items })
    }
}

/// The keys of all ways, of which one is needed, and those that go with each.
fn docs() -> Vec<FieldDoc> {
    let way = |kind: &Kind<Arc<dyn Pager>>| {
        let doc = (kind.docs)();
        FieldDoc { key: doc.name, doc: doc.doc.to_owned(), shape: Shape::Kind("paging", Box::new(doc)), required: false, default: None }
    };
    KINDS.iter().map(way).chain(Common::docs()).collect()
}
