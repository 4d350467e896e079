//! What the name of a number says of it: its type, its unit, whether it measures anything at all.
//!
//! A name is a guess, and a wrong counter is worse than a wrong gauge: a gauge shows the growing number,
//! a counter makes nonsense of a level. So only what is nearly always counted is a counter.

use crate::expr::function::{normalize_name, snake_case};
use crate::lint::words::unit_of_name;

/// Words of what is counted from the start of a program.
const COUNTED: &[&str] = &[
    "accepted",
    "accepts",
    "acked",
    "completed",
    "created",
    "delivered",
    "discarded",
    "dropped",
    "errors",
    "evicted",
    "evictions",
    "exceptions",
    "failures",
    "handled",
    "hits",
    "invocations",
    "misses",
    "processed",
    "produced",
    "published",
    "received",
    "redelivered",
    "rejected",
    "restarts",
    "retransmits",
    "retries",
    "sent",
    "served",
    "timeouts",
    "transmitted",
    "written",
];
/// Words of what is counted where `total` stands behind them: a total of disks is how many there are.
const TOTALS: &[&str] = &[
    "bytes",
    "calls",
    "connections",
    "events",
    "jobs",
    "logins",
    "messages",
    "microseconds",
    "milliseconds",
    "operations",
    "ops",
    "packets",
    "queries",
    "records",
    "requests",
    "responses",
    "rows",
    "seconds",
    "statements",
    "transactions",
];
/// Words that make a level of it all the same.
const LEVELS: &[&str] = &[
    "active",
    "available",
    "avg",
    "average",
    "capacity",
    "celsius",
    "current",
    "duration",
    "fraction",
    "free",
    "heap",
    "idle",
    "last",
    "latency",
    "limit",
    "max",
    "mean",
    "median",
    "mem",
    "memory",
    "min",
    "open",
    "p50",
    "p90",
    "p95",
    "p99",
    "pct",
    "pending",
    "per",
    "percent",
    "queued",
    "rate",
    "ratio",
    "size",
    "space",
    "storage",
    "swap",
    "temperature",
    "usage",
    "used",
    "utilization",
    "volume",
    "waiting",
];
/// Last words of what names or orders something and measures nothing.
const NO_MEASURES: &[&str] =
    &["code", "id", "index", "number", "pid", "port", "ppid", "revision", "serial", "uid", "uuid", "version", "year"];
/// Words of moments, which measure nothing where the value is one.
const MOMENTS: &[&str] =
    &["at", "created", "date", "expires", "last", "modified", "now", "since", "start", "started", "time", "timestamp", "updated"];
/// Seconds from which on a number is a moment and no length of time: September 2001.
const MOMENT: f64 = 1e9;

/// The words of a name: `memUsed_bytes` has three.
pub fn words_of(name: &str) -> Vec<String> {
    let snake = snake_case(name).to_lowercase();
    snake.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A part of a metric's name that a key gives; empty where it has neither letter nor digit.
pub fn part(key: &str) -> String {
    // Behind a prefix a digit may come first: `responses.5xx`.
    let name = normalize_name(&format!("x{}", snake_case(key).replace('.', "_"))).to_lowercase();
    name.strip_prefix('x').unwrap_or(&name).trim_start_matches('_').to_owned()
}

/// One of several: `queues` are made of a `queue`.
pub fn singular(word: &str) -> String {
    let stem = |ending: &str| word.strip_suffix(ending).filter(|stem| stem.len() > 1);
    if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        return word.to_owned();
    }
    if let Some(stem) = stem("ies") {
        return format!("{stem}y");
    }
    // Of the words in `-ches` only this one is common and has an `e` of its own.
    let es = ["ches", "shes", "sses", "xes", "zes"].iter().any(|ending| word.ends_with(ending)) && !word.ends_with("caches");
    let stem = if es { stem("es") } else { stem("s") };
    stem.unwrap_or(word).to_owned()
}

/// True for a number that measures something.
pub fn measures(name: &str, value: f64) -> bool {
    let words = words_of(name);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&&**word));
    let last = words.last().map_or("", String::as_str);
    let moment = value.abs() >= MOMENT && has(MOMENTS);
    !NO_MEASURES.contains(&last) && !moment
}

/// True for a number that only grows, as far as its name says.
pub fn is_counter(name: &str, whole: bool) -> bool {
    let words = words_of(name);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&&**word));
    // Seconds that are counted may have fractions; anything else that is counted is whole.
    let total = words.last().is_some_and(|word| word == "total") && (has(TOTALS) || has(COUNTED));
    (total || (whole && has(COUNTED))) && !has(LEVELS)
}

/// The unit that a name ends in; `fraction` says that the values stay below 1.
pub fn unit(name: &str, fraction: bool) -> Option<&'static str> {
    let words = words_of(name);
    // A counter's `_total` stands behind its unit.
    let last = words.iter().rev().find(|word| *word != "total")?;
    let of_name = unit_of_name(&format!("x_{last}")).and_then(|(_, units)| units.first().copied());
    match (&**last, of_name) {
        ("ratio" | "fraction", _) => Some("fraction"),
        (_, Some("percent")) if fraction => Some("fraction"),
        (_, unit) => unit,
    }
}

/// What a word of a state says of it: a status of a service check.
pub fn status(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    let known = |words: &[&str]| words.contains(&&*word);
    match () {
        () if known(&[
            "ok",
            "up",
            "running",
            "active",
            "healthy",
            "green",
            "online",
            "alive",
            "passing",
            "ready",
            "available",
            "enabled",
            "normal",
            "started",
        ]) =>
        {
            Some("ok")
        }
        () if known(&["warning", "warn", "yellow", "degraded", "paused", "starting", "stopping", "pending", "draining", "maintenance"]) => {
            Some("warning")
        }
        () if known(&[
            "down",
            "failed",
            "error",
            "critical",
            "red",
            "offline",
            "dead",
            "unhealthy",
            "stopped",
            "unavailable",
            "failing",
            "fatal",
        ]) =>
        {
            Some("critical")
        }
        () => None,
    }
}

/// True for the name of a field that holds the state of its row.
pub fn is_state(name: &str) -> bool {
    words_of(name).last().is_some_and(|word| ["state", "status", "health", "condition", "phase"].contains(&&**word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_nearly_always_counted_is_a_counter() {
        for name in ["requests_total", "bytesSent", "cache_hits", "errors", "messages.published", "http_errors_5xx", "gc_seconds_total"] {
            assert!(is_counter(name, true), "{name}");
        }
        for name in [
            "memory_total",
            "total",
            "total_memory",
            "hit_ratio",
            "depth",
            "error_rate",
            "messages_pending",
            "max_errors",
            "requests",
            "uptime",
            "huge_pages_total",
        ] {
            assert!(!is_counter(name, true), "{name}");
        }
        assert!(!is_counter("errors", false) && is_counter("cpu_seconds_total", false));
    }

    #[test]
    fn names_that_count_nothing_are_no_metrics() {
        assert!(measures("uptime", 86_400.0) && measures("last_duration", 0.3) && measures("free", 4e9));
        for (name, value) in
            [("id", 7.0), ("queueId", 7.0), ("port", 80.0), ("started_at", 1.7e9), ("lastSeen", 1.7e12), ("status_code", 200.0)]
        {
            assert!(!measures(name, value), "{name}");
        }
    }

    #[test]
    fn units_come_from_the_last_word() {
        let cases = [
            ("mem_bytes", Some("byte")),
            ("bytes", Some("byte")),
            ("latencyMs", Some("millisecond")),
            ("wait_seconds_total", Some("second")),
        ];
        cases.into_iter().for_each(|(name, expected)| assert_eq!(unit(name, false), expected, "{name}"));
        assert_eq!(
            (unit("cpu_percent", false), unit("cpu_percent", true), unit("depth", false)),
            (Some("percent"), Some("fraction"), None)
        );
    }

    #[test]
    fn several_are_made_of_one() {
        for (many, one) in
            [("queues", "queue"), ("entries", "entry"), ("boxes", "box"), ("status", "status"), ("nodes", "node"), ("caches", "cache")]
        {
            assert_eq!(singular(many), one);
        }
    }
}
