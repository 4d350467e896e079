//! One source: its loop of requests, decoding, and the rows that come out.

use super::ask::{Failed, Item, Of, Prepared, ask};
use super::assemble::Assembly;
use super::flow::Made;
use super::order::Results;
use super::page::{Page, PageSink};
use super::result::{Fate, SourceResult};
use super::rules::Rules;
use super::survivors::{limited, only_new, unlimited};
use super::{RunCx, index};
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::name::NameId;
use crate::base::value::Value;
use crate::decode::{self, Decoder};
use crate::expr::code::Setting;
use crate::expr::fault::Fault;
use crate::expr::frame::{Frame, Remark};
use crate::net::ExchangeError;
use crate::plan::SourcePlan;
use crate::rows::pipeline::{RowSource, bind, capture, loop_rows, run};
use crate::rows::{Binds, Row};
use crate::source::{Place, Request, Source};
use crate::spec::source::{Decode, Origin, SourceSpec};
use crate::yaml::basic::Count;
use futures_util::stream::{FuturesOrdered, StreamExt};
use std::sync::{Arc, OnceLock};

/// A source that is done.
pub struct Fetched {
    /// Its place in the plan.
    pub at: usize,
    /// What it came to.
    pub result: SourceResult,
    /// What it left out.
    pub remarks: Vec<Remark>,
    /// What mappings have made of its rows, where these were not kept.
    pub made: Vec<Made>,
}

/// The items of the loops that stand before the requests, as names to set; one empty item without
/// loops. Items for which the condition does not hold are not there.
pub fn items(source: &SourcePlan, sources: &Results<'_>, frame: &mut Frame) -> Vec<Arc<Binds>> {
    let mut out = Vec::new();
    let mut binds = Vec::new();
    descend(source, 0, sources, frame, &mut binds, &mut out);
    out
}

fn descend(source: &SourcePlan, level: usize, sources: &Results<'_>, frame: &mut Frame, binds: &mut Binds, out: &mut Vec<Arc<Binds>>) {
    let depth = binds.len();
    for local in source.before.lets.iter().filter(|local| local.after == level) {
        let value = local.value.0.eval(frame).unwrap_or_default();
        frame.set(local.name, value.clone());
        binds.push((local.name, value));
    }
    match source.before.each.get(level) {
        None => {
            let looped = !source.before.each.is_empty();
            let holds = !looped || source.before.when.as_ref().is_none_or(|when| when.0.holds(frame));
            if holds {
                if out.is_empty() && source.before.each.is_empty() {
                    out.reserve_exact(1);
                }
                out.push(Arc::new(binds.clone()));
            }
        }
        Some(each) => {
            for row in loop_rows(each, sources, frame) {
                let inner = binds.len();
                for (name, value) in row.binds.iter().flat_map(|b| b.iter()) {
                    frame.set(*name, value.clone());
                    binds.push((*name, value.clone()));
                }
                frame.set(each.name, row.value.clone());
                binds.push((each.name, row.value));
                descend(source, level + 1, sources, frame, binds, out);
                binds.truncate(inner);
            }
        }
    }
    binds.truncate(depth);
}

/// Runs a source that was found ready.
pub async fn fetch(cx: &RunCx<'_>, start: Start, mut frame: Frame) -> Fetched {
    let Start { at, input, mut items, held, off } = start;
    let plan = &cx.check.plan;
    let (Some(source), Some(spec)) = (plan.sources.get(at), plan.spec.sources.get(at)) else {
        return Fetched { at, result: SourceResult::without_exchange(Fate::Off, None), remarks: Vec::new(), made: Vec::new() };
    };
    let name = plan.names.text(spec.name);
    if !(items.is_empty() && input.is_empty()) {
        frame.reached(spec.span);
    }
    let (mut result, made) = match &spec.origin {
        Origin::Derived => (derived(source, &input, &held, &mut frame), Vec::new()),
        Origin::Fetch(fetch) => {
            let of = Of { at, spec, plan: source, name, repeats: fetch.repeats() };
            if off {
                let mut aside = frame.fresh();
                items.retain(|binds| prepare(cx, &of, binds, &mut aside).requests.is_ok() || !lacks_off(&**fetch, &mut aside));
            }
            if off && items.is_empty() {
                (SourceResult::without_exchange(Fate::Off, None), Vec::new())
            } else {
                exchange_all(cx, &of, items, &held, &mut frame).await
            }
        }
    };
    only_new(cx, spec, &mut result, &mut frame);
    if result.fate == Fate::Ok || !result.rows.is_empty() {
        result.by = index::of_rows(&spec.index, &result.rows, &mut frame);
    }
    if let Some(trace) = cx.trace {
        trace.source(spec.span, name, &result);
    }
    Fetched { at, result, remarks: std::mem::take(&mut frame.remarks), made }
}

/// True if a part of a request is missing because a source is off.
fn lacks_off(fetch: &dyn Source, frame: &mut Frame) -> bool {
    let mut lacks = false;
    fetch.codes(&mut |code| lacks |= code.reads_off(frame) && matches!(code.eval(frame), Ok(Value::Missing) | Err(Fault::Missing)));
    lacks
}

fn derived(source: &SourcePlan, input: &[Row], held: &Held, frame: &mut Frame) -> SourceResult {
    let mut rows = Vec::new();
    for row in input {
        bind(row, frame);
        let inherited = row.binds.clone();
        if source.after.group.is_empty() {
            let one = std::slice::from_ref(row);
            run(&unlimited(source), one, held, frame, &mut |frame| rows.push(capture(&source.carries, inherited.as_ref(), frame)));
        }
    }
    if !source.after.group.is_empty() {
        run(&source.after, input, held, frame, &mut |frame| rows.push(capture(&[], None, frame)));
    } else {
        rows = limited(source, rows, frame);
    }
    let mut result = SourceResult::without_exchange(Fate::Ok, None);
    result.doc = Value::list(rows.iter().map(|row| row.value.clone()).collect());
    result.rows = Arc::new(rows);
    result
}

/// The rows of the sources that loops of this one go over.
pub struct Held(pub Vec<(NameId, Arc<Vec<Row>>)>);

impl Held {
    /// Takes the rows that the loops of a source need.
    pub fn of(source: &SourcePlan, results: &Results<'_>) -> Held {
        let names = source.after.each.iter().filter_map(|each| each.source);
        Held(names.map(|name| (name, results.rows(name))).collect())
    }
}

impl RowSource for Held {
    fn rows(&self, source: NameId) -> Arc<Vec<Row>> {
        self.0.iter().find(|(name, _)| *name == source).map(|(_, rows)| rows.clone()).unwrap_or_default()
    }
}

/// What a source starts with.
pub struct Start {
    /// Its place in the plan.
    pub at: usize,
    /// The rows it is derived from.
    pub input: Vec<Row>,
    /// The items of its loops before the requests.
    pub items: Vec<Arc<Binds>>,
    /// Rows for its loops after them.
    pub held: Held,
    /// A source that its loops or requests read is off.
    pub off: bool,
}

/// All requests, at most `concurrency` at once; their pages in the order of the items.
async fn exchange_all(cx: &RunCx<'_>, of: &Of<'_>, items: Vec<Arc<Binds>>, held: &Held, frame: &mut Frame) -> (SourceResult, Vec<Made>) {
    let at_once =
        Setting::get_or(of.spec.concurrency.as_ref(), Count(limits::EACH_AT_ONCE), frame).map_or(limits::EACH_AT_ONCE, |count| count.0);
    if items.len() > limits::REQUESTS {
        let why = format!("`each` has {} items: one run makes {} requests at most", items.len(), limits::REQUESTS);
        return (SourceResult::without_exchange(Fate::Failed, Some((ErrorKind::Limit, why))), Vec::new());
    }
    if let [binds] = &items[..] {
        let mut prepared = prepare(cx, of, binds, frame);
        let mut assembly = Assembly::new(cx, of.spec, of.plan, held, frame, binds.clone());
        let item = ask(cx, of, &mut prepared, &mut assembly).await;
        assembly.end(item);
        return assembly.finish();
    }
    // On the heap, since the place would be a part of every run otherwise.
    Box::pin(exchange_many(cx, of, items, at_once, held, frame)).await
}

/// The requests of a loop.
async fn exchange_many(
    cx: &RunCx<'_>,
    of: &Of<'_>,
    items: Vec<Arc<Binds>>,
    at_once: usize,
    held: &Held,
    frame: &mut Frame,
) -> (SourceResult, Vec<Made>) {
    // Requests are rendered when their turn comes, while the rows of earlier ones are made.
    let mut rendering = frame.fresh();
    let mut assembly = Assembly::new(cx, of.spec, of.plan, held, frame, Arc::default());
    let mut waiting = items.iter();
    let mut running = FuturesOrdered::new();
    loop {
        for binds in waiting.by_ref().take(at_once.saturating_sub(running.len())) {
            running.push_back(ask_whole(cx, of, prepare(cx, of, binds, &mut rendering)));
        }
        let Some((mut item, pages)) = running.next().await else { break };
        assembly.begin(&item.binds);
        if let Err(error) = assembly.pages(pages) {
            item.failure.get_or_insert(Failed::at_end(error));
        }
        assembly.end(item);
    }
    let result = assembly.finish();
    frame.absorb(std::mem::take(&mut rendering.remarks));
    result
}

async fn ask_whole(cx: &RunCx<'_>, of: &Of<'_>, mut prepared: Prepared) -> (Item, Vec<Page>) {
    let mut pages = Vec::new();
    let item = ask(cx, of, &mut prepared, &mut pages).await;
    (item, pages)
}

fn prepare(cx: &RunCx<'_>, of: &Of<'_>, binds: &Arc<Binds>, frame: &mut Frame) -> Prepared {
    for (bound, value) in binds.iter() {
        frame.set(*bound, value.clone());
    }
    let requests = match &of.spec.origin {
        Origin::Fetch(source) => requests(cx, of, &**source, frame),
        Origin::Derived => Ok(Arc::default()),
    };
    let needs_frame = of.spec.expect.is_some() || of.repeats.is_some_and(|repeats| repeats.paginate.is_some() || repeats.poll.is_some());
    let own = if needs_frame { frame.fresh() } else { frame.blank() };
    Prepared { binds: binds.clone(), requests, decoder: decoder(of.spec, frame), rules: Rules::of(of.spec, frame), frame: own }
}

/// The requests of one item. Those that are the same in every run are made once, unless making them is
/// worth a remark each time, or somebody wants to know which places are reached.
fn requests(cx: &RunCx<'_>, of: &Of<'_>, source: &dyn Source, frame: &mut Frame) -> Result<Arc<[Request]>, ExchangeError> {
    let place = cx.check.requests(of.at).filter(|_| source.is_steady() && frame.marks.is_none());
    if let Some(made) = place.and_then(OnceLock::get) {
        return Ok(Arc::clone(made));
    }
    let n_remarks = |frame: &Frame| frame.remarks.iter().map(|remark| remark.count).sum::<usize>();
    let before = n_remarks(frame);
    let made = source.requests(&Place { folders: &cx.check.plan.folders, kept: cx.memory.kept(of.name) }, frame)?;
    let made: Arc<[Request]> = made.into();
    if let Some(place) = place.filter(|_| n_remarks(frame) == before) {
        // Another run of the same check cannot be under way.
        let _ = place.set(Arc::clone(&made));
    }
    Ok(made)
}

/// The decoder that the spec names; `None` to guess from the answer.
fn decoder(spec: &SourceSpec, frame: &mut Frame) -> Result<Option<Arc<dyn Decoder>>, String> {
    match &spec.decode {
        Decode::Guess => Ok(None),
        Decode::Fixed(decoder) => Ok(Some(decoder.clone())),
        Decode::Computed(options, _) => match options.try_eval(frame) {
            Err(Fault::Failed(why)) => Err(format!("`decode` cannot be computed: {why}")),
            options => decode::from_value(&options.unwrap_or_default()).map(Some),
        },
    }
}
