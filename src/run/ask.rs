//! One item of a source: its addresses, pages, polls and retries.
//!
//! From the outside in: addresses are tried in order until one works; each gives pages; a first
//! page may have to be polled for; each request may be tried again. Every wait ends with the run.

use super::RunCx;
use super::aside::{LARGE, aside};
use super::login::{authorized, explained};
use super::page::{Page, PageSink, undecodable};
use super::records::records_and_their_number;
use super::result::{Fate, SourceResult};
use super::reuse::KeptItem;
use super::rules::{PageRule, PollRule, Rules, pause};
use super::seen::Seen;
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::value::Value;
use crate::decode::want::WHOLE;
use crate::decode::{self, Decoder, Facts};
use crate::expr::code::Code;
use crate::expr::fault::Fault;
use crate::expr::frame::{Frame, Remark};
use crate::expr::names::ROW;
use crate::net::http::HttpRequest;
use crate::net::{Answer, ExchangeError, words};
use crate::plan::SourcePlan;
use crate::rows::Binds;
use crate::source::paginate::{Paginate, Turn};
use crate::source::{Repeats, Request};
use crate::spec::source::SourceSpec;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// What one item is asked with.
pub struct Prepared {
    /// The names of its loops.
    pub binds: Arc<Binds>,
    /// Its addresses.
    pub requests: Result<Arc<[Request]>, ExchangeError>,
    /// The decoder that the spec names; none to guess from the answer.
    pub decoder: Result<Option<Arc<dyn Decoder>>, String>,
    /// Its settings.
    pub rules: Result<Rules, ExchangeError>,
    /// The names; with values where a condition or a page reads them.
    pub frame: Frame,
}

/// What an item came to, besides its pages.
pub struct Item {
    /// The names of its loops.
    pub binds: Arc<Binds>,
    /// Why it failed.
    pub failure: Option<Failed>,
    /// Which cap left something out.
    pub capped: Option<String>,
    /// What decoding left out.
    pub warnings: Vec<String>,
    /// What conditions left out.
    pub remarks: Vec<Remark>,
    /// From its first request to its end.
    pub elapsed: Duration,
}

/// A request that failed for good.
pub struct Failed {
    /// Why.
    pub error: ExchangeError,
    /// The request in one line.
    pub request: String,
    /// The address, path or program.
    pub address: String,
    /// How long it took.
    pub elapsed: Duration,
}

impl Failed {
    /// A failure after the exchange itself, whose answer tells where it comes from.
    pub fn at_end(error: ExchangeError) -> Failed {
        Failed { error, request: String::new(), address: String::new(), elapsed: Duration::ZERO }
    }
}

/// What is asked, with its decoder, its settings and its names.
type Parts<'p> = (&'p [Request], &'p Option<Arc<dyn Decoder>>, &'p Rules, &'p mut Frame);

impl Prepared {
    /// What is asked, and how; else what cannot be rendered.
    fn parts(&mut self) -> Result<Parts<'_>, ExchangeError> {
        let Prepared { requests, decoder, rules, frame, .. } = self;
        let requests = requests.as_ref().map_err(Clone::clone)?;
        let decoder = decoder.as_ref().map_err(|why| ExchangeError::new(ErrorKind::Decode, why.as_str()))?;
        Ok((requests, decoder, rules.as_ref().map_err(Clone::clone)?, frame))
    }
}

/// Asks for one item and hands its pages to the sink. What it is asked with stays where it is: moving
/// it into the wait would cost every run a kilobyte.
pub async fn ask(cx: &RunCx<'_>, of: &Of<'_>, prepared: &mut Prepared, sink: &mut dyn PageSink) -> Item {
    let began = cx.clock.instant();
    let binds = prepared.binds.clone();
    let mut item = Item { binds, failure: None, capped: None, warnings: Vec::new(), remarks: Vec::new(), elapsed: Duration::ZERO };
    match prepared.parts() {
        Err(error) => item.failure = Some(Failed::at_end(error)),
        Ok((requests, decoder, rules, frame)) => {
            // A failure that is worth another attempt must be found here.
            let again = rules.retry.as_ref().is_some_and(|retry| retry.failures.names(ErrorKind::Decode));
            let unread = requests.len() == 1 && of.plan.wanted.streamed.is_some() && cx.trace.is_none() && !again;
            let (capped, warnings, current) = (&mut item.capped, &mut item.warnings, None);
            let mut asking = Asking { cx, of, decoder, rules, frame, capped, warnings, ready: false, unread, current, began };
            item.failure = asking.item(&item.binds, requests, sink).await.err();
        }
    }
    item.remarks = std::mem::take(&mut prepared.frame.remarks);
    item.elapsed = cx.clock.instant().saturating_duration_since(began);
    item
}

/// The source that is asked.
#[derive(Clone, Copy)]
pub struct Of<'s> {
    /// Its place in the plan.
    pub at: usize,
    /// As written.
    pub spec: &'s SourceSpec,
    /// As compiled.
    pub plan: &'s SourcePlan,
    /// Its name.
    pub name: &'s str,
    /// Its repetitions, if it can have any.
    pub repeats: Option<&'s Repeats>,
}

struct Asking<'a, 'r> {
    cx: &'a RunCx<'r>,
    of: &'a Of<'a>,
    decoder: &'a Option<Arc<dyn Decoder>>,
    rules: &'a Rules,
    frame: &'a mut Frame,
    capped: &'a mut Option<String>,
    warnings: &'a mut Vec<String>,
    /// The poll is over: further pages are ready with the first.
    ready: bool,
    /// Rows are read straight out of the answers, and no document is made.
    unread: bool,
    /// The request under way, where it is not the one that was rendered.
    current: Option<Request>,
    began: Instant,
}

impl Asking<'_, '_> {
    async fn item(&mut self, binds: &Binds, requests: &[Request], sink: &mut dyn PageSink) -> Result<(), Failed> {
        let kept = self.rules.cache.and_then(|_| self.cx.reuse.answer(self.of.spec.name, binds, self.cx.clock.instant()));
        if let Some(kept) = kept {
            (*self.capped, *self.warnings) = (kept.capped, kept.warnings);
            return sink.pages(kept.pages).map_err(Failed::at_end);
        }
        // Pages of an address that fails half-way are no pages of the next one.
        if requests.len() == 1 && self.rules.cache.is_none() {
            let Some(request) = requests.first() else { return Ok(()) };
            return self.address(request, sink).await;
        }
        Box::pin(self.addresses(binds, requests, sink)).await
    }

    /// One address after the other until one works; what it gives may be kept for later runs.
    async fn addresses(&mut self, binds: &Binds, requests: &[Request], sink: &mut dyn PageSink) -> Result<(), Failed> {
        let mut last = Ok(());
        for (n, request) in requests.iter().enumerate() {
            let mut pages = Vec::new();
            self.began = self.cx.clock.instant();
            last = self.address(request, &mut pages).await;
            if last.is_err() && n + 1 < requests.len() {
                continue;
            }
            if let (Ok(()), Some(time)) = (&last, self.rules.cache) {
                self.keep(binds, &pages, time);
            }
            sink.pages(pages).map_err(Failed::at_end)?;
            break;
        }
        last
    }

    fn keep(&mut self, binds: &Binds, pages: &[Page], time: Duration) {
        let now = self.cx.clock.instant();
        let until = now.checked_add(time).unwrap_or_else(|| now + limits::CACHE_TIME_MOST);
        let item = KeptItem { pages: pages.to_vec(), capped: self.capped.clone(), warnings: self.warnings.clone() };
        if !self.cx.reuse.keep(self.of.spec.name, binds, item, until, now) {
            let most = words::size(limits::CACHE_BYTES as u64);
            self.warnings.push(format!("the answer is not kept: the answers under `cache` of one check may hold {most}"));
        }
    }

    async fn address(&mut self, request: &Request, sink: &mut dyn PageSink) -> Result<(), Failed> {
        (self.current, self.ready) = (None, false);
        self.warnings.clear();
        let paginate = self.of.repeats.and_then(|repeats| repeats.paginate.as_ref());
        let result = match (paginate, self.rules.pages, request) {
            // On the heap, since the place would be a part of every run otherwise.
            (Some(paginate), Some(rule), Request::Http(http)) => Box::pin(self.pages(paginate, rule, http, sink)).await,
            _ => self.chunks(request, sink).await,
        };
        result.map_err(|error| {
            let elapsed = self.cx.clock.instant().saturating_duration_since(self.began);
            let request = self.current.as_ref().unwrap_or(request);
            Failed { error, request: request.describe(), address: request.address(), elapsed }
        })
    }

    /// One exchange, or several of a file that is read in chunks: until half of the run's time is
    /// gone, or as much is reported as a run may, the rest belongs to the next run.
    async fn chunks(&mut self, request: &Request, sink: &mut dyn PageSink) -> Result<(), ExchangeError> {
        let half = self.cx.deadline.saturating_duration_since(self.began) / 2;
        let mut further: Option<Request> = None;
        loop {
            let asked = further.as_ref().unwrap_or(request);
            let bounded = sink.room().and_then(|room| asked.bounded(room.records.max(1)));
            let pages = self.ready(bounded.as_ref().unwrap_or(asked)).await?;
            let next = asked.further(pages.iter().map(|page| &page.answer));
            sink.pages(pages)?;
            let Some(next) = next.filter(|_| self.left() > half) else { return Ok(()) };
            if let Some(room) = sink.room().filter(|room| room.records == 0) {
                let (limit, what) = (room.limit, room.what);
                self.warnings.push(format!("there is more to read than the {limit} {what} of one run: the rest follows in the next run"));
                return Ok(());
            }
            further = Some(next);
        }
    }

    async fn pages(
        &mut self,
        paginate: &Paginate,
        rule: PageRule,
        first: &HttpRequest,
        sink: &mut dyn PageSink,
    ) -> Result<(), ExchangeError> {
        let mut first = first.clone();
        paginate.pager.first(&mut first, self.frame)?;
        let mut seen = Seen::default();
        let (mut n_pages, mut n_items, mut n_found) = (0, 0, 0_usize);
        let mut request = first.clone();
        loop {
            seen.request(&request, n_pages)?;
            let asked = Request::Http(Box::new(request));
            self.current = Some(asked.clone());
            self.began = self.cx.clock.instant();
            let Some(mut page) = self.ready(&asked).await?.into_iter().next() else { return Ok(()) };
            let Request::Http(last) = asked else { return Ok(()) };
            n_pages += 1;
            let (found, n_rows) = records_and_their_number(self.of.plan, &page, self.frame);
            seen.page(&page, n_rows, n_pages)?;
            let room = rule.max_items.map_or(usize::MAX, |most| most.saturating_sub(n_found));
            let n_chosen = found.len();
            page.records = Some(Arc::new(found.into_iter().take(room).collect()));
            n_found += n_chosen;
            n_items += n_rows;
            let next =
                self.next_page(paginate, &Turn { first: &first, last: &last, answer: &page.answer, n_pages, n_rows, n_items }, &page);
            sink.pages(vec![page])?;
            let next = next?;
            if n_chosen > room || (n_chosen == room && next.is_some()) {
                let most = rule.max_items.unwrap_or(room);
                *self.capped = Some(format!("`max_items` of {most} is reached: further rows are left out"));
                return Ok(());
            }
            match next {
                None => return Ok(()),
                Some(_) if n_pages >= rule.max_pages => {
                    let most = rule.max_pages;
                    *self.capped = Some(format!("`max_pages` of {most} is reached: further pages are left out"));
                    return Ok(());
                }
                Some(next) => request = next,
            }
        }
    }

    fn next_page(&mut self, paginate: &Paginate, turn: &Turn<'_>, page: &Page) -> Result<Option<HttpRequest>, ExchangeError> {
        self.see(page);
        if turn.n_rows == 0 || paginate.stop_when.as_ref().is_some_and(|stop| stop.0.holds(self.frame)) {
            return Ok(None);
        }
        let next = paginate.pager.next(turn, self.frame)?;
        let one_row = matches!((&page.doc, &page.decoded), (Value::Map(_), None)) && self.of.spec.rows.rows.is_none();
        if next.is_none() && turn.n_pages == 1 && one_row && paginate.pager.counts_rows() {
            let why = "the first page is taken for the last one: without `rows`, a page that is a map counts as one row";
            self.warnings.push(format!("{why} (`rows: $.items[*]` would choose those of `items`)"));
        }
        Ok(next)
    }

    /// Makes the page what `row` and the source's own name stand for.
    fn see(&mut self, page: &Page) {
        let own = self.of.spec.name;
        let mut result = SourceResult::without_exchange(Fate::Ok, None);
        result.fill(page.answer.clone(), page.doc.clone());
        result.rows = page.records.clone().unwrap_or_default();
        self.frame.set(ROW, page.doc.clone());
        self.frame.set(own, Value::Lazy(Arc::new(result)));
    }

    /// Repeats until the answer is ready.
    async fn ready(&mut self, request: &Request) -> Result<Vec<Page>, ExchangeError> {
        let poll = self.of.repeats.and_then(|repeats| repeats.poll.as_ref());
        let (Some(poll), Some(rule), false) = (poll, self.rules.poll, self.ready) else { return self.settled(request).await };
        let until = &poll.until.0.0;
        let began = self.cx.clock.instant();
        loop {
            let pages = self.settled(request).await?;
            if pages.first().is_none_or(|page| self.holds(until, page)) {
                self.ready = true;
                return Ok(pages);
            }
            self.poll_pause(rule, until, began).await?;
        }
    }

    fn holds(&mut self, condition: &Code, page: &Page) -> bool {
        self.see(page);
        condition.holds(self.frame)
    }

    async fn poll_pause(&mut self, rule: PollRule, until: &Code, began: Instant) -> Result<(), ExchangeError> {
        let polled = self.cx.clock.instant().saturating_duration_since(began);
        let late = polled.saturating_add(rule.every) > rule.timeout;
        if late || rule.every >= self.left() {
            let limit = if late { format!("`poll.timeout` of {}", words::time(rule.timeout)) } else { "the run's deadline".to_owned() };
            let why = until.with_values("`until` does not hold", self.frame);
            let message = format!("not ready after {}, {limit} ends the waiting: {why}", words::time(polled));
            return Err(ExchangeError::new(ErrorKind::Timeout, message));
        }
        self.cx.exchanger.pause(rule.every).await;
        Ok(())
    }

    /// Tries again while the failure may pass.
    async fn settled(&mut self, request: &Request) -> Result<Vec<Page>, ExchangeError> {
        let mut attempts = 1;
        loop {
            let error = match self.attempt(request).await {
                Ok(pages) => return Ok(pages),
                Err(error) => error,
            };
            let Some(rule) = self.rules.retry.as_ref().filter(|rule| rule.failures.hold(&error)) else { return Err(error) };
            if attempts >= rule.attempts {
                let message = if attempts > 1 { format!("{} (after {attempts} attempts)", error.message) } else { error.message };
                return Err(ExchangeError { message, ..error });
            }
            let pause = pause(self.cx, rule, attempts, &error);
            if pause >= self.left() {
                let message = format!("{} (another attempt after {} would pass the run's deadline)", error.message, words::time(pause));
                return Err(ExchangeError { message, ..error });
            }
            self.cx.exchanger.pause(pause).await;
            attempts += 1;
        }
    }

    /// What is left of the run.
    fn left(&self) -> Duration {
        self.cx.deadline.saturating_duration_since(self.cx.clock.instant())
    }

    /// One exchange, decoded, with everything that must hold of it.
    async fn attempt(&mut self, request: &Request) -> Result<Vec<Page>, ExchangeError> {
        if !request.is_at_hand() {
            self.turn().await?;
        }
        let left = self.left();
        let exchange = authorized(self.cx, self.of.name, request);
        let answers = match request.ends_within() {
            // A second alarm for later would never ring.
            Some(limit) if limit <= left => exchange.await,
            _ => tokio::time::timeout(left, exchange).await.map_err(|_| out_of_time())?,
        };
        let answers = answers.map_err(|error| explained(self.cx, error, request))?;
        let mut pages = Vec::with_capacity(answers.len());
        for mut answer in answers {
            self.warnings.append(&mut answer.warnings);
            let nothing = Nothing::of(request, &answer);
            let mut page = if nothing == Nothing::No { self.decoded(request, answer)? } else { Page::of(answer, Value::Missing) };
            if self.cx.trace.is_some() {
                page.request = request.describe();
            }
            // "Nothing there" is fine where the spec says so: it has no document to expect anything of.
            if nothing != Nothing::AsDeclared {
                self.expected(&page)?;
            }
            pages.push(page);
        }
        Ok(pages)
    }

    /// Waits for the turn that the rate allows; counts the request.
    async fn turn(&mut self) -> Result<(), ExchangeError> {
        if self.cx.requests.fetch_add(1, Relaxed) >= limits::REQUESTS {
            let message = format!("more than {} requests in one run, with pages, polls and retries", limits::REQUESTS);
            return Err(ExchangeError::new(ErrorKind::Limit, message));
        }
        let Some(rate) = self.rules.rate else { return Ok(()) };
        let wait = self.cx.reuse.book(self.of.spec.name, rate, self.cx.clock.instant());
        if wait >= self.left() && !wait.is_zero() {
            self.cx.reuse.unbook(self.of.spec.name);
            let message = format!("`rate_limit` of {rate}: the next request would begin after the run's deadline");
            return Err(ExchangeError::new(ErrorKind::Limit, message));
        }
        if !wait.is_zero() {
            self.cx.exchanger.pause(wait).await;
        }
        Ok(())
    }

    fn decoded(&mut self, request: &Request, answer: Answer) -> Result<Page, ExchangeError> {
        let decoder = match self.decoder {
            Some(decoder) => decoder.clone(),
            None => {
                let kind = decode::guess(answer.header("content-type"), &answer.url).unwrap_or_else(|| usual(request, &answer));
                decode::named(kind, &Value::Missing).map_err(|why| ExchangeError::new(ErrorKind::Decode, why))?
            }
        };
        if self.unread && answer.records.is_empty() {
            return Ok(Page { unread: Some(decoder), ..Page::of(answer, Value::Missing) });
        }
        // Who looks on wants to see everything.
        let want = if self.cx.trace.is_some() { &WHOLE } else { &self.of.plan.wanted.doc };
        let facts = Facts { exit_code: answer.exit_code, content_type: answer.header("content-type"), lists: &self.of.plan.lists };
        let decode = || match answer.records.is_empty() {
            true => decoder.decode_wanted(&answer.body, &facts, want),
            false => decode::records(&*decoder, &answer.body, &answer.records),
        };
        match aside(answer.body.len() > LARGE, decode) {
            Ok(mut decoded) => {
                self.warnings.append(&mut decoded.warnings);
                Ok(Page { decoded: decoded.rows, ..Page::of(answer, decoded.doc) })
            }
            Err(error) => Err(undecodable(answer, error)),
        }
    }

    /// The error of `expect`, with the values that it read.
    fn expected(&mut self, page: &Page) -> Result<(), ExchangeError> {
        let Some(expect) = &self.of.spec.expect else { return Ok(()) };
        self.see(page);
        let why = match expect.0.eval(self.frame) {
            Ok(value) if value.is_true() => return Ok(()),
            Ok(_) | Err(Fault::Missing) => "`expect` does not hold".to_owned(),
            Err(Fault::Failed(why)) => format!("`expect` cannot be computed: {why}"),
        };
        let message = expect.0.with_values(&why, self.frame);
        Err(ExchangeError { answer: Some(Box::new(page.answer.clone())), ..ExchangeError::new(ErrorKind::Expect, message) })
    }
}

fn out_of_time() -> ExchangeError {
    ExchangeError::new(ErrorKind::Timeout, "the run reached its deadline (`run_timeout`, or the interval) before this was done")
}

/// Whether an answer says that there is nothing: fine, and without rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nothing {
    /// There is a document.
    No,
    /// `empty_status` has it.
    AsDeclared,
    /// 204, whose answers have no body.
    ByStandard,
}

impl Nothing {
    fn of(request: &Request, answer: &Answer) -> Nothing {
        match (request, answer.status) {
            (Request::Http(http), Some(status)) if http.empty_status.contains(status) => Nothing::AsDeclared,
            (Request::Http(_), Some(204)) => Nothing::ByStandard,
            _ if request.is_nothing(answer) => Nothing::AsDeclared,
            _ => Nothing::No,
        }
    }
}

/// What an answer most likely is where neither content type nor ending tells: JSON by its first
/// character, else text. What was added to a file consists of lines.
fn usual(request: &Request, answer: &Answer) -> &'static str {
    if request.is_tail() {
        return "lines";
    }
    let first = answer.body.iter().find(|b| !b.is_ascii_whitespace());
    if matches!(first, Some(b'{' | b'[')) { "json" } else { "raw" }
}
