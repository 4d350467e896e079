//! One source: its loop of requests, decoding, and the rows that come out.

use super::aside::{LARGE, aside};
use super::order::Results;
use super::result::{Fate, RequestNote, SourceResult};
use super::survivors::{limited, unlimited};
use super::{RunCx, index};
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::map::Map;
use crate::base::name::NameId;
use crate::base::value::{Text, Value};
use crate::decode::{self, Decoder};
use crate::expr::code::Setting;
use crate::expr::frame::{Frame, Remark};
use crate::expr::names::{FILE, ROW};
use crate::net::{Answer, ExchangeError};
use crate::plan::SourcePlan;
use crate::rows::pipeline::{RowSource, bind, capture, loop_rows, run};
use crate::rows::{Binds, Row};
use crate::source::{Place, Request};
use crate::spec::source::{Decode, Origin, SourceSpec};
use futures_util::stream::{self, StreamExt};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A source that is done.
pub struct Fetched {
    /// Its place in the plan.
    pub at: usize,
    /// What it came to.
    pub result: SourceResult,
    /// What it left out.
    pub remarks: Vec<Remark>,
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

/// What one item's request gave.
struct Item {
    binds: Arc<Binds>,
    request: String,
    address: String,
    elapsed: Duration,
    outcome: Result<Vec<(Answer, Value)>, ExchangeError>,
    warnings: Vec<String>,
}

impl Item {
    fn bytes(&self) -> usize {
        self.outcome.iter().flatten().map(|(answer, _)| answer.body.len()).sum()
    }
}

/// Runs a source that was found ready.
pub async fn fetch(cx: &RunCx<'_>, start: Start, mut frame: Frame) -> Fetched {
    let Start { at, input, items, held } = start;
    frame.remarks.clear();
    let plan = &cx.check.plan;
    let (Some(source), Some(spec)) = (plan.sources.get(at), plan.spec.sources.get(at)) else {
        return Fetched { at, result: SourceResult::without_exchange(Fate::Off, None), remarks: Vec::new() };
    };
    let name = plan.names.text(spec.name);
    let mut result = match &spec.origin {
        Origin::Derived => derived(source, &input, &held, &mut frame),
        Origin::Fetch(_) => {
            let done = exchange_all(cx, spec, name, items, &mut frame).await;
            let bytes: usize = done.iter().map(Item::bytes).sum();
            aside(bytes > LARGE, || assemble(cx, spec, source, done, &held, &mut frame))
        }
    };
    if result.fate == Fate::Ok || !result.rows.is_empty() {
        result.by = index::of_rows(&spec.index, &result.rows, &mut frame);
    }
    if let Some(trace) = cx.trace {
        trace.source(spec.span, name, &result);
    }
    Fetched { at, result, remarks: std::mem::take(&mut frame.remarks) }
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
}

/// All requests, at most `concurrency` at once, in the order of their items.
async fn exchange_all(cx: &RunCx<'_>, spec: &SourceSpec, name: &str, items: Vec<Arc<Binds>>, frame: &mut Frame) -> Vec<Item> {
    let at_once = Setting::get_or(spec.concurrency.as_ref(), limits::EACH_AT_ONCE, frame).unwrap_or(limits::EACH_AT_ONCE).max(1);
    let mut prepared = Vec::with_capacity(items.len());
    for binds in items {
        for (bound, value) in binds.iter() {
            frame.set(*bound, value.clone());
        }
        let requests = match &spec.origin {
            Origin::Fetch(source) => source.requests(&Place { folders: &cx.check.plan.folders, kept: &Map::default() }, frame),
            Origin::Derived => Ok(Vec::new()),
        };
        let expecting = spec.expect.as_ref().map(|_| frame.clone());
        let decoder = decoder(spec, frame);
        prepared.push((binds, requests, decoder, expecting));
    }
    let mut out = Vec::with_capacity(prepared.len());
    if at_once == 1 || prepared.len() == 1 {
        for (binds, requests, decoder, frame) in prepared {
            out.push(one_item(cx, spec, name, binds, requests, decoder, frame).await);
        }
        return out;
    }
    let mut exchanges: Vec<Pin<Box<dyn Future<Output = Item> + Send + '_>>> = Vec::with_capacity(prepared.len());
    for (binds, requests, decoder, frame) in prepared {
        exchanges.push(Box::pin(one_item(cx, spec, name, binds, requests, decoder, frame)));
    }
    let mut running = stream::iter(exchanges).buffered(at_once);
    while let Some(item) = running.next().await {
        out.push(item);
    }
    out
}

/// The decoder that the spec names; `None` to guess from the answer.
fn decoder(spec: &SourceSpec, frame: &mut Frame) -> Result<Option<Arc<dyn Decoder>>, String> {
    match &spec.decode {
        Decode::Guess => Ok(None),
        Decode::Fixed(decoder) => Ok(Some(decoder.clone())),
        Decode::Computed(options, _) => decode::from_value(&options.eval(false, frame)).map(Some),
    }
}

/// The addresses of one item, in turn until one works.
async fn one_item(
    cx: &RunCx<'_>,
    spec: &SourceSpec,
    name: &str,
    binds: Arc<Binds>,
    requests: Result<Vec<Request>, ExchangeError>,
    decoder: Result<Option<Arc<dyn Decoder>>, String>,
    mut frame: Option<Frame>,
) -> Item {
    let started = cx.clock.instant();
    let mut item = Item {
        binds,
        request: String::new(),
        address: String::new(),
        elapsed: Duration::ZERO,
        outcome: Ok(Vec::new()),
        warnings: Vec::new(),
    };
    let decoder = decoder.map_err(|why| ExchangeError::new(ErrorKind::Decode, why));
    match requests.and_then(|requests| decoder.map(|decoder| (requests, decoder))) {
        Err(error) => item.outcome = Err(error),
        Ok((requests, decoder)) => {
            for request in &requests {
                item.outcome = attempt(cx, name, request, decoder.as_deref(), &mut item.warnings).await;
                if let (Ok(answers), Some(frame)) = (&item.outcome, &mut frame)
                    && let Some(error) = unexpected(spec, answers, frame)
                {
                    item.outcome = Err(error);
                }
                let answered = item.outcome.as_ref().is_ok_and(|answers| !answers.is_empty());
                // An answer tells its address itself, and nobody reads the request of one that worked.
                if !answered || cx.trace.is_some() {
                    item.request = request.describe();
                    item.address = request.address();
                }
                if item.outcome.is_ok() {
                    break;
                }
            }
        }
    }
    item.elapsed = cx.clock.instant().saturating_duration_since(started);
    item
}

async fn attempt(
    cx: &RunCx<'_>,
    name: &str,
    request: &Request,
    decoder: Option<&dyn Decoder>,
    warnings: &mut Vec<String>,
) -> Result<Vec<(Answer, Value)>, ExchangeError> {
    let left = cx.deadline.saturating_duration_since(cx.clock.instant());
    let deadline =
        || ExchangeError::new(ErrorKind::Timeout, "the run reached its deadline (`run_timeout`, or the interval) before this was done");
    let exchange = cx.exchanger.exchange(name, request);
    let answers = match request.ends_within() {
        // A second alarm for later would never ring.
        Some(limit) if limit <= left => exchange.await?,
        _ => tokio::time::timeout(left, exchange).await.map_err(|_| deadline())??,
    };
    let mut out = Vec::with_capacity(answers.len());
    for answer in answers {
        let doc = if is_empty_status(request, &answer) { Value::Missing } else { decoded(request, &answer, decoder, warnings)? };
        out.push((answer, doc));
    }
    Ok(out)
}

/// "Nothing there", as the spec says: fine, and without rows.
fn is_empty_status(request: &Request, answer: &Answer) -> bool {
    match (request, answer.status) {
        (Request::Http(http), Some(status)) => http.empty_status.contains(status) || status == 204,
        _ => false,
    }
}

fn decoded(request: &Request, answer: &Answer, decoder: Option<&dyn Decoder>, warnings: &mut Vec<String>) -> Result<Value, ExchangeError> {
    let guessed;
    let decoder = match decoder {
        Some(decoder) => decoder,
        None => {
            let kind = decode::guess(answer.header("content-type"), &answer.url).unwrap_or_else(|| usual(request, answer));
            let made = decode::named(kind, &Value::Missing).map_err(|why| ExchangeError::new(ErrorKind::Decode, why))?;
            guessed = made;
            &*guessed
        }
    };
    match aside(answer.body.len() > LARGE, || decoder.decode(&answer.body)) {
        Ok(decoded) => {
            warnings.extend(decoded.warnings);
            Ok(decoded.doc)
        }
        Err(error) => Err(ExchangeError { answer: Some(Box::new(answer.clone())), ..ExchangeError::new(ErrorKind::Decode, error.0) }),
    }
}

/// What an answer most likely is where neither content type nor ending tells: JSON by its first
/// character, else text.
fn usual(_: &Request, answer: &Answer) -> &'static str {
    let first = answer.body.iter().find(|b| !b.is_ascii_whitespace());
    if matches!(first, Some(b'{' | b'[')) { "json" } else { "raw" }
}

/// The error of `expect`, with the values that it read.
fn unexpected(spec: &SourceSpec, answers: &[(Answer, Value)], frame: &mut Frame) -> Option<ExchangeError> {
    let expect = spec.expect.as_ref()?;
    for (answer, doc) in answers {
        frame.set(ROW, doc.clone());
        let mut result = SourceResult::without_exchange(Fate::Ok, None);
        fill(&mut result, answer.clone(), doc.clone());
        frame.set(spec.name, Value::Lazy(Arc::new(result)));
        let why = match expect.0.eval(frame) {
            Ok(value) if value.is_true() => continue,
            Ok(_) | Err(crate::expr::fault::Fault::Missing) => "`expect` does not hold".to_owned(),
            Err(crate::expr::fault::Fault::Failed(why)) => format!("`expect` cannot be computed: {why}"),
        };
        let error = ExchangeError::new(ErrorKind::Expect, expect.0.with_values(&why, frame));
        return Some(ExchangeError { answer: Some(Box::new(answer.clone())), ..error });
    }
    None
}

fn fill(result: &mut SourceResult, answer: Answer, doc: Value) {
    result.doc = doc;
    result.status = answer.status;
    result.headers = answer.headers;
    result.url = answer.url;
    result.body = answer.body;
    result.exit_code = answer.exit_code;
    result.stderr = answer.stderr;
    result.elapsed = answer.elapsed;
    result.ended = Some(answer.ended);
}

/// All items as one result: the first failed one speaks for the source, else the last.
fn assemble(cx: &RunCx<'_>, spec: &SourceSpec, source: &SourcePlan, items: Vec<Item>, held: &Held, frame: &mut Frame) -> SourceResult {
    let mut result = SourceResult::without_exchange(Fate::Ok, None);
    let mut rows = Vec::new();
    let single = items.len() == 1;
    for item in items {
        let before = rows.len();
        let mut note = request_note(cx, source, &item);
        for warning in &item.warnings {
            frame.remark(spec.span, |_| format!("source `{}`: {warning}", cx.check.plan.names.text(spec.name)));
        }
        match item.outcome {
            Ok(answers) => {
                for (answer, doc) in answers {
                    note.status = answer.status;
                    note.body = answer.body.clone();
                    note.url.clone_from(&answer.url);
                    item_rows(spec, source, &item.binds, (&answer, &doc), held, frame, &mut rows);
                    if result.error.is_none() {
                        fill(&mut result, answer, doc);
                    }
                }
            }
            Err(error) => {
                result.failed_items += 1;
                note.error = Some((error.kind, error.message.clone()));
                if let Some(answer) = &error.answer {
                    note.status = answer.status;
                    note.body = answer.body.clone();
                    note.url.clone_from(&answer.url);
                }
                if result.error.is_none() {
                    fail(&mut result, &error, &note, cx);
                }
            }
        }
        if !single || result.ended.is_none() {
            result.elapsed = result.elapsed.max(item.elapsed);
        }
        note.count = rows.len() - before;
        result.requests.push(note);
    }
    let rows = if source.after.group.is_empty() { limited(source, rows, frame) } else { grouped(source, rows, held, frame) };
    result.rows = Arc::new(rows);
    result
}

fn fail(result: &mut SourceResult, error: &ExchangeError, note: &RequestNote, cx: &RunCx<'_>) {
    result.fate = Fate::Failed;
    result.error = Some((error.kind, error.message.clone()));
    result.doc = Value::Missing;
    result.url.clone_from(&note.url);
    result.elapsed = note.elapsed;
    result.ended = Some(cx.clock.now());
    if let Some(answer) = &error.answer {
        fill(result, answer.as_ref().clone(), text_doc(answer));
    }
}

/// What a refused answer says: its JSON, where it is JSON; else nothing.
fn text_doc(answer: &Answer) -> Value {
    let kind = decode::guess(answer.header("content-type"), "").filter(|kind| *kind == "json");
    let decoder = kind.and_then(|kind| decode::named(kind, &Value::Missing).ok());
    decoder.and_then(|decoder| decoder.decode(&answer.body).ok()).map(|decoded| decoded.doc).unwrap_or_default()
}

fn request_note(cx: &RunCx<'_>, source: &SourcePlan, item: &Item) -> RequestNote {
    let names = &cx.check.plan.names;
    let each = source.before.each.iter().map(|each| each.name);
    let items = each.filter_map(|name| item.binds.iter().find(|(bound, _)| *bound == name));
    RequestNote {
        items: items.map(|(name, value)| (*name, Text::from(names.text(*name)), value.clone())).collect(),
        request: item.request.clone(),
        url: item.address.clone(),
        error: None,
        status: None,
        elapsed: item.elapsed,
        count: 0,
        body: Default::default(),
    }
}

/// The rows of one answer, with the names of its item.
fn item_rows(
    spec: &SourceSpec,
    source: &SourcePlan,
    binds: &Arc<Binds>,
    (answer, doc): (&Answer, &Value),
    held: &Held,
    frame: &mut Frame,
    rows: &mut Vec<Row>,
) {
    let records: Vec<Row> = match doc {
        Value::Missing => Vec::new(),
        // `rows` chooses from the whole document.
        _ if source.after.rows.is_some() => vec![Row { value: doc.clone(), ..Row::default() }],
        Value::List(items) => {
            items.iter().enumerate().map(|(n, value)| Row { value: value.clone(), key: Value::from(n), binds: None }).collect()
        }
        other => vec![Row { value: other.clone(), ..Row::default() }],
    };
    let is_file = matches!(&spec.origin, Origin::Fetch(fetch) if fetch.kind() == "file");
    if source.after.is_plain() && source.carries.is_empty() {
        rows.extend(records);
        return;
    }
    for (name, value) in binds.iter() {
        frame.set(*name, value.clone());
    }
    if is_file {
        frame.set(FILE, Value::from(answer.url.as_str()));
    }
    let mut inherited: Binds = binds.to_vec();
    inherited.retain(|(name, _)| !source.carries.contains(name));
    let inherited = (!inherited.is_empty()).then(|| Arc::new(inherited));
    let before_group = ungrouped(source);
    run(&before_group, &records, held, frame, &mut |frame| {
        let carries = if source.after.group.is_empty() { &source.carries[..] } else { &source.after.bound_and(&source.before) };
        rows.push(capture(carries, inherited.as_ref(), frame));
    });
}

/// Everything up to `group`, which must see the rows of all answers.
fn ungrouped(source: &SourcePlan) -> crate::rows::RowsSpec {
    crate::rows::RowsSpec { group: Vec::new(), dedupe: None, limit: None, ..source.after.clone() }
}

fn grouped(source: &SourcePlan, rows: Vec<Row>, held: &Held, frame: &mut Frame) -> Vec<Row> {
    let tail = crate::rows::RowsSpec {
        group: source.after.group.clone(),
        dedupe: source.after.dedupe.clone(),
        limit: source.after.limit.clone(),
        ..Default::default()
    };
    let mut out = Vec::new();
    run(&tail, &rows, held, frame, &mut |frame| out.push(capture(&[], None, frame)));
    out
}
