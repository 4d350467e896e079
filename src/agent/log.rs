//! The log of the engine: lines on standard error, as text or JSON.
//!
//! What a check says has the target `checks.NAME` with the name of its spec, so that one spec can be
//! made talkative. The same line is written once in ten seconds, and how often it was left out is
//! told with the next one: a thousand checks that fail for one reason must not fill a disk. Control
//! characters are escaped, so that nothing that was monitored can write lines of its own.

use crate::base::limits;
use crate::base::print::one_line;
use crate::conf::settings::{LogFormat, LogLevel, LoggingConf};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use std::collections::{HashMap, VecDeque};
use std::fmt::{Debug, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};
use std::time::Instant;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Targets with their levels; the longest that fits decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    of: Vec<(String, LevelFilter)>,
    usual: LevelFilter,
}

impl Levels {
    /// What engine.yaml says.
    pub fn of(conf: &LoggingConf) -> Self {
        let of = conf.targets.0.iter().map(|entry| (entry.key.to_string(), filter(entry.value))).collect();
        Levels { of, usual: filter(conf.level) }
    }

    /// What the variable says: `info,checks.http=debug`.
    ///
    /// # Errors
    /// The part that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut out = Levels { of: Vec::new(), usual: LevelFilter::WARN };
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (target, level) = part.rsplit_once('=').map_or((None, part), |(target, level)| (Some(target), level));
            let level = LogLevel::from_word(&level.to_lowercase()).ok_or_else(|| part.to_owned())?;
            match target {
                Some(target) => out.of.push((target.to_owned(), filter(level))),
                None => out.usual = filter(level),
            }
        }
        Ok(out)
    }

    /// The level of a target: of itself, or of a part before a dot.
    pub fn level(&self, target: &str) -> LevelFilter {
        let fits = |name: &str| target == name || target.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ':']));
        self.of.iter().filter(|(name, _)| fits(name)).max_by_key(|(name, _)| name.len()).map_or(self.usual, |(_, level)| *level)
    }

    fn most(&self) -> LevelFilter {
        self.of.iter().map(|(_, level)| *level).chain([self.usual]).max().unwrap_or(self.usual)
    }
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
        LogLevel::Off => LevelFilter::OFF,
    }
}

/// How the log is written now; a reload may change it.
#[derive(Clone, Debug)]
struct Manner {
    levels: Levels,
    json: bool,
}

static MANNER: OnceLock<RwLock<Manner>> = OnceLock::new();

/// Begins to write the log, or goes on in another manner. The variable, where it is given, comes
/// before the settings.
///
/// # Errors
/// The part of the variable that cannot be understood; the settings are used then.
pub fn start(conf: &LoggingConf, variable: Option<&str>) -> Result<(), String> {
    let parsed = variable.map(Levels::parse);
    let (levels, fault) = match parsed {
        Some(Ok(levels)) => (levels, Ok(())),
        Some(Err(part)) => (Levels::of(conf), Err(part)),
        None => (Levels::of(conf), Ok(())),
    };
    let manner = Manner { levels, json: conf.format == LogFormat::Json };
    let first = MANNER.get().is_none();
    let kept = MANNER.get_or_init(|| RwLock::new(manner.clone()));
    *kept.write().unwrap_or_else(PoisonError::into_inner) = manner;
    if first {
        // Only tests have another one.
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Log::default()));
    }
    tracing::callsite::rebuild_interest_cache();
    fault
}

static RECENT: Mutex<Recent> = Mutex::new(Recent { lines: VecDeque::new(), n_bytes: 0 });

/// The last lines, those of the level info included, whatever is written: for who helps afterwards.
pub fn recent() -> String {
    RECENT.lock().unwrap_or_else(PoisonError::into_inner).lines.iter().map(String::as_str).collect()
}

struct Recent {
    lines: VecDeque<String>,
    n_bytes: usize,
}

impl Recent {
    fn push(&mut self, line: &str) {
        self.n_bytes += line.len();
        self.lines.push_back(line.to_owned());
        while self.n_bytes > limits::LOG_KEPT_BYTES {
            let gone = self.lines.pop_front();
            self.n_bytes -= gone.map_or(self.n_bytes, |line| line.len());
        }
    }
}

fn manner() -> Option<Manner> {
    MANNER.get().map(|manner| manner.read().unwrap_or_else(PoisonError::into_inner).clone())
}

#[derive(Default)]
struct Log {
    repeats: Mutex<Repeats>,
}

impl<S: Subscriber> Layer<S> for Log {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        manner().map(|manner| manner.levels.most().max(LevelFilter::INFO))
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some(manner) = manner() else { return };
        let mut line = Line::new(*event.metadata().level(), event.metadata().target());
        event.record(&mut line);
        let target = line.target();
        let is_written = manner.levels.level(&target) >= line.level;
        if !is_written && line.level > Level::INFO {
            return;
        }
        let left_out = self.repeats.lock().unwrap_or_else(PoisonError::into_inner).see(line.key(&target), Instant::now());
        let Some(left_out) = left_out else { return };
        let text =
            if manner.json { line.json(&target, Timestamp::now(), left_out) } else { line.text(&target, Timestamp::now(), left_out) };
        RECENT.lock().unwrap_or_else(PoisonError::into_inner).push(&text);
        if !is_written {
            return;
        }
        // Where standard error is gone, there is nobody to tell.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}

/// One line in the making.
struct Line {
    level: Level,
    target: &'static str,
    message: String,
    spec: Option<String>,
    fields: Vec<(&'static str, Json)>,
}

impl Line {
    fn new(level: Level, target: &'static str) -> Self {
        Line { level, target, message: String::new(), spec: None, fields: Vec::new() }
    }

    fn take(&mut self, field: &Field, value: Json) {
        match (field.name(), value) {
            ("message", Json::String(text)) => self.message = text,
            ("spec", Json::String(text)) => self.spec = Some(text),
            (name, value) => self.fields.push((name, value)),
        }
    }

    fn target(&self) -> String {
        match &self.spec {
            Some(spec) => format!("{}.{spec}", self.target),
            None => self.target.to_owned(),
        }
    }

    /// What makes two lines the same: numbers and times may differ.
    fn key(&self, target: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (target, &self.message, self.level.as_str()).hash(&mut hasher);
        for (name, value) in self.fields.iter().filter_map(|(name, value)| value.as_str().map(|text| (name, text))) {
            (name, value).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn text(&self, target: &str, now: Timestamp, left_out: u64) -> String {
        let mut out = format!("{now:.3} {:>5} {target}: {}", self.level, one_line(&self.message));
        for (name, value) in &self.fields {
            let value = value.as_str().map_or_else(|| value.to_string(), one_line);
            // Writing to a String cannot fail.
            let _ = if value.contains(' ') { write!(out, " {name}={value:?}") } else { write!(out, " {name}={value}") };
        }
        if left_out > 0 {
            let _ = write!(out, " (and {left_out} times more before)");
        }
        out.push('\n');
        out
    }

    fn json(&self, target: &str, now: Timestamp, left_out: u64) -> String {
        let mut map = Map::new();
        map.insert("time".into(), format!("{now:.3}").into());
        map.insert("level".into(), self.level.as_str().to_lowercase().into());
        map.insert("target".into(), target.into());
        map.insert("message".into(), one_line(&self.message).into());
        map.extend(self.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        if left_out > 0 {
            map.insert("left_out".into(), left_out.into());
        }
        format!("{}\n", Json::Object(map))
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.take(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.take(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.take(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.take(field, json!((value * 1e3).round() / 1e3));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.take(field, value.into());
    }
}

/// When each line was written last, and how often it was left out since.
#[derive(Debug, Default)]
struct Repeats(HashMap<u64, (Instant, u64)>);

impl Repeats {
    /// How often the line was left out before, if it is to be written now.
    fn see(&mut self, key: u64, now: Instant) -> Option<u64> {
        if self.0.len() >= limits::LOG_LINES {
            self.0.retain(|_, (written, _)| now.saturating_duration_since(*written) < limits::LOG_REPEAT);
        }
        if self.0.len() >= limits::LOG_LINES && !self.0.contains_key(&key) {
            // More different lines in ten seconds than are counted: each is written.
            return Some(0);
        }
        let (written, left_out) = self.0.entry(key).or_insert((now, u64::MAX));
        if *left_out == u64::MAX {
            *left_out = 0;
            return Some(0);
        }
        if now.saturating_duration_since(*written) < limits::LOG_REPEAT {
            *left_out += 1;
            return None;
        }
        *written = now;
        Some(std::mem::take(left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_longest_target_decides() {
        let levels = Levels::parse("info,checks=error,checks.http=debug").unwrap();
        assert_eq!(levels.level("reload"), LevelFilter::INFO);
        assert_eq!(levels.level("checks.disk"), LevelFilter::ERROR);
        assert_eq!(levels.level("checks.http"), LevelFilter::DEBUG);
        assert_eq!(levels.level("checks.https"), LevelFilter::ERROR);
        assert_eq!(Levels::parse("info,checks=loud"), Err("checks=loud".to_owned()));
    }

    #[test]
    fn a_repeated_line_is_counted() {
        let (mut repeats, start) = (Repeats::default(), Instant::now());
        assert_eq!(repeats.see(1, start), Some(0));
        assert_eq!(repeats.see(1, start), None);
        assert_eq!(repeats.see(2, start), Some(0));
        assert_eq!(repeats.see(1, start + Duration::from_secs(9)), None);
        assert_eq!(repeats.see(1, start + Duration::from_secs(10)), Some(2));
        assert_eq!(repeats.see(1, start + Duration::from_secs(20)), Some(0));
    }

    #[test]
    fn a_line_is_one_line() {
        let mut line = Line::new(Level::WARN, "checks");
        line.message = "failed:\n\u{1b}[31mroot".to_owned();
        line.spec = Some("http".to_owned());
        line.fields.push(("instance", "http[0]".into()));
        let text = line.text(&line.target(), Timestamp::UNIX_EPOCH, 3);
        assert!(text.starts_with("1970-01-01T00:00:00.000Z  WARN checks.http: failed:"), "{text}");
        assert!(text.ends_with(" instance=http[0] (and 3 times more before)\n"), "{text}");
        assert_eq!((text.matches('\n').count(), text.contains('\u{1b}')), (1, false));
        let json: Json = serde_json::from_str(&line.json("checks.http", Timestamp::UNIX_EPOCH, 0)).unwrap();
        assert_eq!((&json["level"], &json["instance"]), (&json!("warn"), &json!("http[0]")));
    }
}
