//! Rows straight to the mappings: nothing is kept of a row but what was made of it.
//!
//! For sources whose rows nobody else needs, as the plan has found out. What rows make is held back
//! until the outcome of their source is known, for each mapping by itself, so that the order of the
//! output is the same as if the rows had been kept.

use super::RunCx;
use super::fetch::Held;
use super::page::Room;
use crate::base::limits;
use crate::base::name::NameId;
use crate::base::span::Span;
use crate::decode::want::RowsWanted;
use crate::decode::{DecodeError, Decoder, Facts};
use crate::expr::frame::{Frame, Remark};
use crate::map::watch::Watch;
use crate::map::{MapCx, Scratch};
use crate::net::Answer;
use crate::observation::Observations;
use crate::plan::SourcePlan;
use crate::rows::pipeline::{Stage, capture};
use crate::rows::{Binds, Row};
use crate::spec::{Family, Placed};
use jiff::Timestamp;
use std::sync::Arc;

/// What one mapping has made of the rows of one source.
#[derive(Debug, Default)]
pub struct Made {
    /// The place of the mapping in the plan.
    pub mapping: usize,
    /// The place of the mapping in the spec.
    pub span: Span,
    /// What it reports.
    pub observations: Observations,
    /// What it left out.
    pub remarks: Vec<Remark>,
    /// Why it fails the run.
    pub errors: Vec<String>,
}

impl Made {
    fn by(mapping: usize, span: Span) -> Self {
        Made { mapping, span, ..Made::default() }
    }

    /// Adds what was made later.
    pub fn join(&mut self, more: Made, max_samples: usize) {
        let cuts = self.observations.append(more.observations, max_samples);
        self.errors.extend(more.errors);
        let cuts = cuts.iter().map(|cut| Remark { span: self.span, message: cut.to_string(), count: cut.count });
        for remark in cuts.chain(more.remarks) {
            match self.remarks.iter_mut().find(|known| known.span == remark.span) {
                Some(known) => known.count += remark.count,
                None => self.remarks.push(remark),
            }
        }
    }
}

/// The rows of one source on their way.
pub struct Flow<'a> {
    source: &'a SourcePlan,
    wanted: &'a RowsWanted,
    held: &'a Held,
    over_all: Stage<'a>,
    feeds: Vec<Feed<'a>>,
    shared: Shared<'a>,
    /// Rows so far.
    pub n_rows: usize,
}

/// One mapping between two rows.
struct Feed<'a> {
    placed: &'a Placed,
    stage: Stage<'a>,
    made: Made,
}

/// What the mappings of one source share.
struct Shared<'a> {
    cx: &'a RunCx<'a>,
    /// The end of the first answer.
    ended: Option<Timestamp>,
    scratch: Scratch,
}

impl<'a> Flow<'a> {
    /// The way of the rows of a source, if they need not be kept.
    pub fn of(cx: &'a RunCx<'a>, source: &'a SourcePlan, held: &'a Held, frame: &mut Frame) -> Option<Self> {
        // Who looks on wants to see the rows.
        let wanted = source.wanted.streamed.as_ref().filter(|_| cx.trace.is_none())?;
        let mappings = &cx.check.plan.spec.mappings;
        let feed = |mapping: &usize| {
            let placed = mappings.get(*mapping)?;
            let stage = Stage::new(&placed.mapped.rows, frame);
            Some(Feed { placed, stage, made: Made::by(*mapping, placed.mapped.span) })
        };
        let mut feeds = Vec::with_capacity(source.wanted.feeds.len());
        feeds.extend(source.wanted.feeds.iter().filter_map(feed));
        let over_all = Stage::new(&source.over_all, frame);
        let over_all = if source.wanted.group_rows { over_all } else { over_all.counting() };
        let shared = Shared { cx, ended: None, scratch: cx.check.plan.scratches.take() };
        Some(Flow { source, wanted, held, over_all, feeds, shared, n_rows: 0 })
    }

    /// Takes all rows of an answer; what it leaves out comes back, and how many records it had.
    ///
    /// # Errors
    /// What cannot be decoded. What was made of the rows before must be dropped then.
    pub fn answer(
        &mut self,
        answer: &Answer,
        decoder: &dyn Decoder,
        inherited: Option<&Arc<Binds>>,
        frame: &mut Frame,
    ) -> Result<(Vec<String>, usize), DecodeError> {
        self.shared.ended.get_or_insert(answer.ended);
        let wanted = self.wanted;
        let lists = &self.source.lists;
        let facts = Facts { exit_code: answer.exit_code, content_type: answer.header("content-type"), lists };
        let (mut n_records, binds) = (0, self.binds(inherited, frame));
        let warnings = decoder.stream(&answer.body, &facts, wanted, &mut |key, value| {
            n_records += 1;
            self.record(&Row { value, key, binds: binds.clone() }, inherited, frame);
        })?;
        Ok((warnings, n_records))
    }

    /// Takes the records of an answer that is decoded already.
    pub fn records(&mut self, answer: &Answer, records: &[Row], inherited: Option<&Arc<Binds>>, frame: &mut Frame) {
        self.shared.ended.get_or_insert(answer.ended);
        let binds = self.binds(inherited, frame);
        records.iter().for_each(|record| self.record(&Row { binds: binds.clone(), ..record.clone() }, inherited, frame));
    }

    /// The names that all rows of an answer carry, before any of them is looked at.
    fn binds(&self, inherited: Option<&Arc<Binds>>, frame: &Frame) -> Option<Arc<Binds>> {
        capture(self.carries(), inherited, frame).binds
    }

    fn carries(&self) -> &'a [NameId] {
        if self.source.after.group.is_empty() { &self.source.carries } else { &self.source.locals }
    }

    /// One record of an answer, with the names that all of them carry.
    fn record(&mut self, record: &Row, inherited: Option<&Arc<Binds>>, frame: &mut Frame) {
        let carries = self.carries();
        let Flow { source, held, over_all, feeds, shared, n_rows, .. } = self;
        let mut pass = |row: &Row, frame: &mut Frame| {
            *n_rows += 1;
            if source.over_all.is_plain() {
                return to_mappings(row, feeds, shared, held, frame);
            }
            let binds = if source.after.group.is_empty() { row.binds.as_ref() } else { None };
            over_all.take(row, *held, frame, &mut |frame| to_mappings(&capture(&[], binds, frame), feeds, shared, held, frame));
        };
        if source.per_record.is_plain() {
            return pass(record, frame);
        }
        let mut stage = Stage::new(&source.per_record, frame);
        stage.take(record, *held, frame, &mut |frame| {
            let row = capture(carries, inherited, frame);
            pass(&row, frame);
        });
    }

    /// How many records fit that make one observation for each mapping, after what was `made`. The
    /// mappings of a kind share its limit, so that each has its part whatever the others do.
    pub fn room(&self, made: &[Made]) -> Option<Room> {
        let mappings = &self.shared.cx.check.plan.spec.mappings;
        let room = |feed: &Feed<'_>| {
            let family = feed.placed.family;
            let so_far = made.iter().find(|made| made.mapping == feed.made.mapping).map(|made| &made.observations);
            let (what, limit, used) = match family {
                Family::Logs => ("logs", limits::LOGS, so_far.map(|o| o.logs.len())),
                Family::Events => ("events", limits::EVENTS, so_far.map(|o| o.events.len())),
                Family::ServiceChecks => ("service checks", limits::SERVICE_CHECKS, so_far.map(|o| o.service_checks.len())),
                Family::Metrics | Family::Components | Family::Relations | Family::Deletes | Family::Health => return None,
            };
            let share = limit / mappings.iter().filter(|other| other.family == family).count().max(1);
            Some(Room { records: share.saturating_sub(used.unwrap_or_default()), what, limit })
        };
        self.feeds.iter().filter_map(room).min_by_key(|room| room.records)
    }

    /// What the rows have made since the last time; to be kept or dropped.
    pub fn take_made(&mut self) -> Vec<Made> {
        let take = |feed: &mut Feed<'_>| {
            let next = Made::by(feed.made.mapping, feed.made.span);
            std::mem::replace(&mut feed.made, next)
        };
        self.feeds.iter_mut().map(take).collect()
    }

    /// The groups, which had to wait for the last row.
    pub fn finish(self, frame: &mut Frame) -> Vec<Made> {
        let Flow { held, over_all, mut feeds, mut shared, .. } = self;
        over_all.finish(frame, &mut |frame| to_mappings(&capture(&[], None, frame), &mut feeds, &mut shared, held, frame));
        let end = |mut feed: Feed<'_>| {
            shared.with(&mut feed.made, frame, |frame, map_cx| {
                feed.stage.finish(frame, &mut |frame| feed.placed.mapped.mapping.emit(map_cx, frame));
            });
            feed.made
        };
        let mut made = Vec::with_capacity(feeds.len());
        made.extend(feeds.into_iter().map(end));
        shared.cx.check.plan.scratches.leave(shared.scratch);
        made
    }
}

/// One row to every mapping.
fn to_mappings(row: &Row, feeds: &mut [Feed<'_>], shared: &mut Shared<'_>, held: &Held, frame: &mut Frame) {
    for feed in feeds {
        let Feed { placed, stage, made } = feed;
        shared.with(made, frame, |frame, map_cx| {
            stage.take(row, held, frame, &mut |frame| placed.mapped.mapping.emit(map_cx, frame));
        });
    }
}

impl Shared<'_> {
    /// Lets a mapping write to what it has made so far.
    fn with(&mut self, made: &mut Made, frame: &mut Frame, emit: impl FnOnce(&mut Frame, &mut MapCx<'_>)) {
        let check = self.cx.check;
        std::mem::swap(&mut frame.remarks, &mut made.remarks);
        let mut map_cx = MapCx {
            out: &mut made.observations,
            max_samples: check.max_samples(),
            instance_tags: &check.tags,
            hostname: check.instance.hostname.as_ref(),
            timestamp: self.ended.unwrap_or_else(|| self.cx.clock.now()),
            tag_cache: check.tag_cache(),
            watch: Watch::default(),
            scratch: &mut self.scratch,
            errors: &mut made.errors,
        };
        emit(frame, &mut map_cx);
        std::mem::swap(&mut frame.remarks, &mut made.remarks);
    }
}
