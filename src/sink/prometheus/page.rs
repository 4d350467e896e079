//! The page that Prometheus scrapes: the last value of every series, while it is reported.
//!
//! ```text
//! # HELP queue_depth Reported by the check `broker`.
//! # TYPE queue_depth gauge
//! queue_depth{host="mon-01",queue="a"} 12
//! ```
//!
//! The text format 0.0.4, or OpenMetrics where the request prefers it. Values bear no times: they
//! are those of the last run, and a series that is not reported any more leaves the page.

use super::FAMILIES;
use super::names::{self, Label};
use super::series::{Kind, Samples, samples};
use crate::base::limits;
use crate::base::number::Number;
use crate::base::value::Text;
use crate::net::words;
use crate::sink::batch::{self, Batch, Most};
use crate::sink::filter::Filter;
use crate::sink::totals::Totals;
use crate::sink::{DeliverCx, Delivery, Numbered, Sink, Verdict};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// The sink.
#[derive(Debug)]
pub struct Page {
    filter: Filter,
    totals: Mutex<Totals>,
    families: Arc<Mutex<Families>>,
    /// Until the server begins.
    listener: Mutex<Option<TcpListener>>,
    server: OnceLock<JoinHandle<()>>,
}

/// Names and values of the labels of one series, in the order of the names.
type Labels = Vec<(String, String)>;

fn owned(labels: &[Label<'_>]) -> Arc<Labels> {
    Arc::new(labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
}

/// All series by the name of their family.
#[derive(Debug)]
struct Families {
    all: BTreeMap<Text, Family>,
    stale_after: Duration,
}

#[derive(Debug)]
struct Family {
    /// None where two checks disagree.
    kind: Option<Kind>,
    unit: Option<Text>,
    check: Text,
    series: BTreeMap<Arc<Labels>, (f64, Instant)>,
}

impl Page {
    /// Takes the address; the page is served as soon as there is a runtime.
    ///
    /// # Errors
    /// An address that cannot be had.
    pub fn open(filter: Filter, address: SocketAddr, stale_after: Duration) -> Result<Page, String> {
        let listener = TcpListener::bind(address).and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
        let listener = listener.map_err(|error| format!("cannot listen at {address}: {}", words::of_io(&error)))?;
        let families = Arc::new(Mutex::new(Families { all: BTreeMap::new(), stale_after }));
        let page = Page { filter, totals: Mutex::default(), families, listener: Mutex::new(Some(listener)), server: OnceLock::new() };
        if tokio::runtime::Handle::try_current().is_ok() {
            page.serve();
        }
        Ok(page)
    }

    /// Begins to serve, once.
    fn serve(&self) {
        let Some(listener) = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let serving = tokio::spawn(serve(listener, Arc::clone(&self.families)));
        if let Err(second) = self.server.set(serving) {
            second.abort();
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Some(server) = self.server.get() {
            server.abort();
        }
    }
}

impl Sink for Page {
    fn batches(&self, mut reports: Vec<Numbered>) -> Vec<Batch> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner).add(&mut reports);
        let most = Most { items: limits::BATCH_ITEMS, bytes: usize::MAX };
        batch::cut(&reports.into(), 0, most, |numbered| self.filter.items(&numbered.report, FAMILIES))
    }

    /// The whole page as it is, since a batch changes a part of it only.
    fn body(&self, _: &Batch) -> Vec<u8> {
        self.families.lock().unwrap_or_else(PoisonError::into_inner).page(Instant::now(), false).into_bytes()
    }

    fn deliver<'d>(&'d self, batch: &'d Batch, cx: &'d DeliverCx<'d>) -> Delivery<'d> {
        Box::pin(async move {
            self.serve();
            let now = cx.clock.instant();
            let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
            families.set(samples(batch, &self.filter, owned), now);
            Verdict::Delivered(None)
        })
    }
}

impl Families {
    fn set(&mut self, samples: Samples<'_, Arc<Labels>>, now: Instant) {
        for sample in &samples.all {
            let (Some(name), Some(labels)) = (samples.names.get(sample.name), samples.sets.get(sample.set)) else { continue };
            let new =
                || Family { kind: Some(sample.kind), unit: sample.unit.cloned(), check: sample.check.clone(), series: BTreeMap::new() };
            let family = self.all.entry(name.clone()).or_insert_with(new);
            if family.kind != Some(sample.kind) {
                family.kind = None;
            }
            family.series.insert(labels.clone(), (sample.value, now));
        }
    }

    /// The page; series that are stale go.
    fn page(&mut self, now: Instant, open_metrics: bool) -> String {
        let stale_after = self.stale_after;
        self.all.retain(|_, family| {
            family.series.retain(|_, (_, seen)| now.saturating_duration_since(*seen) <= stale_after);
            !family.series.is_empty()
        });
        let mut out = String::new();
        for (name, family) in &self.all {
            // Writing to a String cannot fail.
            let _ = family.write(name, open_metrics, &mut out);
        }
        if open_metrics {
            out.push_str("# EOF\n");
        }
        out
    }
}

impl Family {
    fn write(&self, name: &str, open_metrics: bool, out: &mut String) -> std::fmt::Result {
        let (kind, of_family) = match self.kind {
            // OpenMetrics names a family of counters without the end that its samples have.
            Some(Kind::Counter) if open_metrics => ("counter", name.strip_suffix("_total").unwrap_or(name)),
            Some(Kind::Counter) => ("counter", name),
            Some(Kind::Gauge) => ("gauge", name),
            None => (if open_metrics { "unknown" } else { "untyped" }, name),
        };
        writeln!(out, "# HELP {of_family} Reported by the check `{}`.", escaped(&self.check, open_metrics))?;
        writeln!(out, "# TYPE {of_family} {kind}")?;
        let unit = self.unit.as_deref().and_then(names::unit).filter(|unit| open_metrics && of_family.ends_with(&format!("_{unit}")));
        if let Some(unit) = unit {
            writeln!(out, "# UNIT {of_family} {unit}")?;
        }
        for (labels, (value, _)) in &self.series {
            out.push_str(name);
            for (nth, (label, value)) in labels.iter().enumerate() {
                let open = if nth == 0 { '{' } else { ',' };
                write!(out, "{open}{label}=\"{}\"", escaped(value, true))?;
            }
            out.push_str(if labels.is_empty() { "" } else { "}" });
            writeln!(out, " {}", Number::Float(*value))?;
        }
        Ok(())
    }
}

fn escaped(text: &str, quotes: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if quotes { text.replace('"', "\\\"") } else { text }
}

async fn serve(listener: TcpListener, families: Arc<Mutex<Families>>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let room = Arc::new(Semaphore::new(limits::PAGE_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // Too many open files: others must give some back first.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let families = Arc::clone(&families);
        tokio::spawn(async move {
            let service = service_fn(|request| std::future::ready(Ok::<_, Infallible>(answer(&request, &families))));
            let mut server = http1::Builder::new();
            let server = server.timer(TokioTimer::new()).header_read_timeout(limits::PAGE_TIME).keep_alive(false);
            // A client that hangs up is none of our business.
            let _ = tokio::time::timeout(limits::PAGE_TIME, server.serve_connection(TokioIo::new(stream), service)).await;
            drop(permit);
        });
    }
}

fn answer(request: &Request<Incoming>, families: &Mutex<Families>) -> Response<String> {
    let of = |status: u16, kind: &str, body: String| {
        Response::builder().status(status).header(CONTENT_TYPE, kind).body(body).unwrap_or_else(|_| Response::new(String::new()))
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return of(405, "text/plain", "only GET\n".to_owned());
    }
    if !matches!(request.uri().path(), "/metrics" | "/") {
        return of(404, "text/plain", "the page is at /metrics\n".to_owned());
    }
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let open_metrics = accept.contains("application/openmetrics-text");
    let page = families.lock().unwrap_or_else(PoisonError::into_inner).page(Instant::now(), open_metrics);
    let kind = if open_metrics {
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    } else {
        "text/plain; version=0.0.4; charset=utf-8"
    };
    of(200, kind, page)
}
