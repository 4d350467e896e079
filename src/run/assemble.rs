//! Pages to the result of a source.
//!
//! Rows are made as pages come, in the order of the items; what looks at all rows of a source
//! (`group`, `dedupe`, `limit`) waits for the last one.

use super::RunCx;
use super::aside::{LARGE, aside};
use super::ask::{Failed, Item};
use super::fetch::Held;
use super::flow::{Flow, Made};
use super::page::{Page, PageSink, Room, undecodable};
use super::records::records;
use super::result::{Fate, RequestNote, SourceResult};
use super::survivors::limited;
use crate::base::value::{Text, Value};
use crate::decode::{self, DecodeError, Facts};
use crate::expr::frame::Frame;
use crate::expr::names::FILE;
use crate::net::{Answer, ExchangeError};
use crate::plan::SourcePlan;
use crate::rows::pipeline::{RowSource, capture, run};
use crate::rows::{Binds, Row};
use crate::spec::source::{Origin, SourceSpec};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Instant;

/// The result of one source in the making.
pub struct Assembly<'a> {
    cx: &'a RunCx<'a>,
    spec: &'a SourceSpec,
    source: &'a SourcePlan,
    held: &'a Held,
    frame: &'a mut Frame,
    binds: Arc<Binds>,
    result: SourceResult,
    rows: Vec<Row>,
    docs: Vec<Value>,
    /// The way of rows that are not kept.
    flow: Option<Flow<'a>>,
    made: Vec<Made>,
    /// The pages of the item so far.
    n_pages: usize,
    began: Instant,
}

impl PageSink for Assembly<'_> {
    fn pages(&mut self, pages: Vec<Page>) -> Result<(), ExchangeError> {
        let bytes: usize = pages.iter().map(|page| page.answer.body.len()).sum();
        aside(bytes > LARGE, || self.take_all(pages))
    }

    fn room(&self) -> Option<Room> {
        self.flow.as_ref()?.room(&self.made)
    }
}

impl<'a> Assembly<'a> {
    /// A result without anything in it; the pages that come first belong to the item with these names.
    pub fn new(
        cx: &'a RunCx<'a>,
        spec: &'a SourceSpec,
        source: &'a SourcePlan,
        held: &'a Held,
        frame: &'a mut Frame,
        binds: Arc<Binds>,
    ) -> Self {
        let result = SourceResult::without_exchange(Fate::Ok, None);
        let flow = Flow::of(cx, source, held, frame);
        let (rows, docs, made) = (Vec::new(), Vec::new(), Vec::new());
        let began = cx.clock.instant();
        Assembly { cx, spec, source, held, frame, binds, result, rows, docs, flow, made, n_pages: 0, began }
    }

    /// The pages that follow belong to the item with these names.
    pub fn begin(&mut self, binds: &Arc<Binds>) {
        self.binds = binds.clone();
        self.n_pages = 0;
    }

    /// Rows that go straight to the mappings come first, because their answer may prove to be
    /// undecodable: then nothing of the exchange counts.
    fn take_all(&mut self, mut pages: Vec<Page>) -> Result<(), ExchangeError> {
        for page in &mut pages {
            let before = self.n_rows();
            if let Err(error) = self.page_rows(page) {
                self.flow.iter_mut().for_each(|flow| drop(flow.take_made()));
                return Err(undecodable(page.answer.clone(), error));
            }
            page.n_rows = self.n_rows() - before;
        }
        let made = self.flow.as_mut().map(Flow::take_made).unwrap_or_default();
        self.keep(made);
        if self.result.requests.is_empty() {
            // Most sources have one answer.
            self.docs.reserve_exact(pages.len());
            self.result.requests.reserve_exact(pages.len());
        }
        pages.into_iter().for_each(|page| self.take(page));
        Ok(())
    }

    fn n_rows(&self) -> usize {
        self.rows.len() + self.flow.as_ref().map_or(0, |flow| flow.n_rows)
    }

    /// Joins what mappings have made with what they had made before.
    fn keep(&mut self, made: Vec<Made>) {
        if self.made.is_empty() {
            self.made = made;
            return;
        }
        for (all, more) in self.made.iter_mut().zip(made) {
            all.join(more, self.cx.check.max_samples());
        }
    }

    fn take(&mut self, mut page: Page) {
        self.result.kept.append(&mut page.answer.kept);
        self.docs.push(page.doc.clone());
        self.result.requests.push(RequestNote {
            request: std::mem::take(&mut page.request),
            url: page.answer.url.clone(),
            status: page.answer.status,
            elapsed: page.answer.elapsed,
            count: page.n_rows,
            // A log may be read in a thousand chunks, and nobody looks at them again.
            body: if self.flow.is_some() && !self.source.wanted.bodies { Bytes::new() } else { page.answer.body.clone() },
            from_cache: page.from_cache,
            ..self.note()
        });
        let ended = self.result.ended.max(Some(page.answer.ended));
        // The first page speaks for its item, the last item for the source.
        if self.n_pages == 0 && self.result.error.is_none() {
            self.result.fill(page.answer, page.doc);
        }
        self.result.ended = ended;
        self.n_pages += 1;
    }

    fn note(&self) -> RequestNote {
        let names = &self.cx.check.plan.names;
        let each = self.source.before.each.iter().map(|each| each.name);
        let items = each.filter_map(|name| self.binds.iter().find(|(bound, _)| *bound == name));
        RequestNote {
            items: items.map(|(name, value)| (*name, Text::from(names.text(*name)), value.clone())).collect(),
            ..RequestNote::default()
        }
    }

    /// The rows of one page, with the names of its item.
    fn page_rows(&mut self, page: &mut Page) -> Result<(), DecodeError> {
        for (name, value) in self.binds.iter() {
            self.frame.set(*name, value.clone());
        }
        if matches!(&self.spec.origin, Origin::Fetch(fetch) if fetch.kind() == "file") {
            self.frame.set(FILE, Value::from(page.answer.url.as_str()));
        }
        let inherited = self.inherited();
        if let (Some(flow), Some(decoder)) = (&mut self.flow, page.unread.take()) {
            let (warnings, n_records) = flow.answer(&page.answer, &*decoder, inherited.as_ref(), self.frame)?;
            warnings.iter().for_each(|warning| self.warn(warning));
            // An answer without rows is looked at once more: perhaps there is a reason to tell.
            if n_records == 0 && self.source.after.rows.is_some() {
                let facts = Facts { lists: &self.source.lists, ..Facts::default() };
                page.doc = decoder.decode_answer(&page.answer.body, &facts)?.doc;
                records(self.source, page, self.frame);
            }
            return Ok(());
        }
        let records = match page.records.take() {
            Some(records) => records,
            None => Arc::new(records(self.source, page, self.frame)),
        };
        if let Some(flow) = &mut self.flow {
            flow.records(&page.answer, &records, inherited.as_ref(), self.frame);
            return Ok(());
        }
        if self.source.per_record.is_plain() && self.source.carries.is_empty() {
            let records = Arc::unwrap_or_clone(records);
            if self.rows.is_empty() {
                self.rows = records;
            } else {
                self.rows.extend(records);
            }
            return Ok(());
        }
        let rows = &mut self.rows;
        let carries = if self.source.after.group.is_empty() { &self.source.carries } else { &self.source.locals };
        run(&self.source.per_record, &records, self.held, self.frame, &mut |frame| {
            rows.push(capture(carries, inherited.as_ref(), frame));
        });
        Ok(())
    }

    /// The names of the item that rows do not carry by themselves.
    fn inherited(&self) -> Option<Arc<Binds>> {
        let mut inherited: Binds = self.binds.to_vec();
        inherited.retain(|(name, _)| !self.source.carries.contains(name));
        (!inherited.is_empty()).then(|| Arc::new(inherited))
    }

    fn warn(&mut self, warning: &str) {
        let name = self.cx.check.plan.names.text(self.spec.name);
        self.frame.remark(self.spec.span, |_| format!("source `{name}`: {warning}"));
    }

    /// The end of an item, after its pages.
    pub fn end(&mut self, item: Item) {
        for warning in &item.warnings {
            self.warn(warning);
        }
        self.frame.absorb(item.remarks);
        if let Some(capped) = item.capped {
            match self.result.caps.iter_mut().find(|(cap, _)| *cap == capped) {
                Some((_, count)) => *count += 1,
                None => self.result.caps.push((capped, 1)),
            }
        }
        let nothing = self.n_pages == 0 && item.failure.is_none();
        if nothing {
            self.result.requests.push(RequestNote { elapsed: item.elapsed, ..self.note() });
        }
        if self.n_pages == 0 {
            self.result.elapsed = self.result.elapsed.max(item.elapsed);
        }
        if let Some(failed) = item.failure {
            self.fail(failed);
        }
    }

    fn fail(&mut self, failed: Failed) {
        let Failed { error, request, address, elapsed } = failed;
        let mut note = RequestNote { request, url: address, elapsed, error: Some((error.kind, error.message.clone())), ..self.note() };
        if let Some(answer) = &error.answer {
            note.status = answer.status;
            note.body = answer.body.clone();
            note.url.clone_from(&answer.url);
        }
        let result = &mut self.result;
        result.failed_items += 1;
        if result.error.is_none() {
            result.fate = Fate::Failed;
            result.error = Some((error.kind, error.message));
            // Nothing of an earlier request may look like the answer of this one.
            let answer = error.answer.map_or_else(|| Answer::of("", note.url.clone()), |answer| *answer);
            let doc = text_doc(&answer);
            result.fill(answer, doc);
            result.elapsed = note.elapsed;
            result.ended = Some(self.cx.clock.now());
        }
        result.requests.push(note);
    }

    /// All of it.
    pub fn finish(mut self) -> (SourceResult, Vec<Made>) {
        if let Some(flow) = self.flow.take() {
            let made = flow.finish(self.frame);
            self.keep(made);
        }
        let Assembly { cx, source, held, frame, mut result, rows, docs, made, began, .. } = self;
        if result.requests.len() > 1 {
            result.elapsed = result.elapsed.max(cx.clock.instant().saturating_duration_since(began));
        }
        let rows = if source.after.group.is_empty() { limited(source, rows, frame) } else { grouped(source, rows, held, frame) };
        *Arc::make_mut(&mut result.rows) = rows;
        result.pages = docs;
        (result, made)
    }
}

/// What a refused answer says where it is JSON or XML, as SOAP faults are; else nothing.
fn text_doc(answer: &Answer) -> Value {
    let kind = decode::guess(answer.header("content-type"), "").filter(|kind| matches!(*kind, "json" | "xml"));
    let decoder = kind.and_then(|kind| decode::named(kind, &Value::Missing).ok());
    decoder.and_then(|decoder| decoder.decode(&answer.body).ok()).map(|decoded| decoded.doc).unwrap_or_default()
}

fn grouped(source: &SourcePlan, rows: Vec<Row>, held: &dyn RowSource, frame: &mut Frame) -> Vec<Row> {
    let mut out = Vec::new();
    run(&source.over_all, &rows, held, frame, &mut |frame| out.push(capture(&[], None, frame)));
    out
}
