//! The results of `check` as an operator wants to see them: aligned, coloured, counted.

use super::check_result::{Ran, warning_line};
use super::style::Style;
use crate::base::diag::Diagnostic;
use crate::base::print::{cut, one_line, to_json};
use crate::base::render;
use crate::base::span::Sources;
use crate::base::value::Text;
use crate::catalog::Checks;
use crate::fold::remembers;
use crate::observation::{Observations, Status, TagSet, Topology};
use std::fmt::Write;

/// Writes results for people.
pub struct Printer<'s> {
    sources: &'s Sources,
    style: Style,
}

impl<'s> Printer<'s> {
    /// A printer with or without colours.
    pub fn new(sources: &'s Sources, style: Style) -> Self {
        Printer { sources, style }
    }

    /// Every run, then a line that counts.
    pub fn all(&self, ran: &[Ran<'_>], checks: &Checks) -> String {
        let mut out = String::new();
        for ran in ran {
            out.push_str(&self.one(ran));
            out.push('\n');
        }
        let failed = ran.iter().filter(|ran| ran.outcome.failed()).count();
        let total: usize = ran.iter().map(|ran| ran.outcome.observations.count()).sum();
        let runs = counted(ran.len(), "run");
        let verdict = if failed == 0 { self.style.good("ok") } else { self.style.bad(&format!("{failed} failed")) };
        let mut notes = String::new();
        if checks.disabled > 0 {
            let _ = write!(notes, ", {} switched off", checks.disabled);
        }
        if checks.broken > 0 {
            let _ = write!(notes, ", {} with errors in the configuration", checks.broken);
        }
        let _ = writeln!(out, "{runs}: {verdict}, {}{notes}", counted(total, "observation"));
        out
    }

    /// Counts and times only.
    pub fn summary(&self, ran: &[Ran<'_>]) -> String {
        let mut out = String::new();
        for ran in ran {
            let o = &ran.outcome.observations;
            let _ = writeln!(
                out,
                "{} run {}: {} in {:.6} s, {} metrics, {} service checks, {} events, {} logs",
                ran.check.label(),
                ran.run,
                if ran.outcome.failed() { "error" } else { "ok" },
                ran.outcome.duration.as_secs_f64(),
                o.samples.len(),
                o.service_checks.len(),
                o.events.len(),
                o.logs.len()
            );
        }
        out
    }

    fn one(&self, ran: &Ran<'_>) -> String {
        let s = self.style;
        let mut out = String::new();
        let status = if ran.outcome.failed() {
            s.bad("ERROR")
        } else if ran.outcome.warnings.is_empty() {
            s.good("OK")
        } else {
            s.warn("OK, with warnings")
        };
        let origin = self.sources.origin(ran.check.instance.span);
        let origin = if origin.is_empty() { "without a file in conf.d".to_owned() } else { origin };
        let _ = writeln!(
            out,
            "{}  {}  run {}  {status}  {}",
            s.bold(&ran.check.label()),
            s.dim(&origin),
            ran.run,
            s.dim(&format!("{:.1} ms", ran.outcome.duration.as_secs_f64() * 1e3))
        );
        for failure in &ran.outcome.errors {
            let problem = Diagnostic::error("run-failed", one_line(&failure.message), failure.span).label("in this part of the spec");
            out.push_str(&render::human(&[problem], self.sources, s.color));
        }
        for warning in &ran.outcome.warnings {
            let _ = writeln!(out, "  {} {}", s.warn("warning:"), warning_line(warning, self.sources));
        }
        for step in &ran.trace {
            let _ = writeln!(out, "  {} {}", s.bold(&step.what), s.dim(&self.sources.origin(step.span)));
            for line in &step.lines {
                let _ = writeln!(out, "    {line}");
            }
        }
        self.observations(&ran.outcome.observations, !ran.trace.is_empty(), &mut out);
        self.series(ran, &mut out);
        out
    }

    fn observations(&self, o: &Observations, origins: bool, out: &mut String) {
        let origin = |span| if origins { format!("  {}", self.style.dim(&self.sources.origin(span))) } else { String::new() };
        let rows = o.samples.iter().map(|sample| {
            let unit = sample.unit.as_deref().unwrap_or("");
            let place = format!("{}{}", self.place(&sample.hostname, &sample.device), origin(sample.origin));
            [sample.name.to_string(), sample.metric_type.word().to_owned(), format!("{} {unit}", sample.value), tags(sample.tags) + &place]
        });
        self.table("metrics", rows.collect(), out);
        let rows = o.service_checks.iter().map(|check| {
            let text = beside(tags(&check.tags), one_line(&check.message).to_string());
            [check.name.to_string(), self.status(check.status), String::new(), text + &origin(check.origin)]
        });
        self.table("service checks", rows.collect(), out);
        let rows = o.events.iter().map(|event| {
            let kind = event.event_type.as_deref().unwrap_or("");
            let text = beside(cut(&one_line(&event.text), 120).to_string(), tags(&event.tags));
            [cut(&one_line(&event.title), 80), kind.to_owned(), String::new(), text + &origin(event.origin)]
        });
        self.table("events", rows.collect(), out);
        let rows = o
            .logs
            .iter()
            .map(|log| [cut(&one_line(&log.message), 120), log.status.as_deref().unwrap_or("").to_owned(), String::new(), tags(&log.tags)]);
        self.table("logs", rows.collect(), out);
        if let Some(topology) = &o.topology {
            self.topology(topology, out);
        }
        let rows = o.health.iter().map(|h| {
            [
                h.name.to_string(),
                h.health.word().to_owned(),
                String::new(),
                beside(h.element.to_string(), h.message.as_deref().unwrap_or("").to_owned()),
            ]
        });
        self.table("health", rows.collect(), out);
        let rows = o
            .metadata
            .iter()
            .map(|(key, value)| [key.to_string(), cut(&one_line(&to_json(value).to_string()), 120), String::new(), String::new()]);
        self.table("metadata", rows.collect(), out);
    }

    /// What counters and rates came to, where there were two readings.
    fn series(&self, ran: &Ran<'_>, out: &mut String) {
        let rows = ran.points.iter().filter(|point| remembers(point.metric_type)).map(|point| {
            let value = format!("{} {}", point.value, point.unit.as_deref().unwrap_or(""));
            [
                point.name.to_string(),
                point.metric_type.word().to_owned(),
                value,
                tags(point.tags) + &self.place(&point.hostname, &point.device),
            ]
        });
        self.table("series, as they would be sent", rows.collect(), out);
    }

    fn place(&self, hostname: &Option<Text>, device: &Option<Text>) -> String {
        let host = hostname.as_ref().map(|host| format!(" host={host}")).unwrap_or_default();
        host + &device.as_ref().map(|device| format!(" device={device}")).unwrap_or_default()
    }

    fn status(&self, status: Status) -> String {
        let word = status.word().to_uppercase();
        match status {
            Status::Ok => self.style.good(&word),
            Status::Warning => self.style.warn(&word),
            Status::Critical => self.style.bad(&word),
            Status::Unknown => self.style.dim(&word),
        }
    }

    fn topology(&self, topology: &Topology, out: &mut String) {
        let snapshot = match (topology.start_snapshot, topology.stop_snapshot) {
            (true, true) => "a complete snapshot",
            (true, false) => "a snapshot that stays open: a source was not complete",
            (false, _) => "no snapshot",
        };
        let _ = writeln!(out, "  {} {} {} ({snapshot})", self.style.bold("topology"), topology.key_type, topology.key_url);
        let rows = topology
            .components
            .iter()
            .map(|c| [c.id.to_string(), c.component_type.to_string(), String::new(), cut(&one_line(&to_json(&c.data).to_string()), 160)]);
        self.table("components", rows.collect(), out);
        let rows = topology
            .relations
            .iter()
            .map(|r| [r.source.to_string(), format!("→ {}", r.target), String::new(), r.relation_type.to_string()]);
        self.table("relations", rows.collect(), out);
        let rows = topology.deletes.iter().map(|id| [id.to_string(), String::new(), String::new(), String::new()]);
        self.table("deletes", rows.collect(), out);
    }

    fn table(&self, title: &str, rows: Vec<[String; 4]>, out: &mut String) {
        if rows.is_empty() {
            return;
        }
        let _ = writeln!(out, "  {} ({})", self.style.bold(title), rows.len());
        let width = |column: usize, most: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| visible(cell)).max().unwrap_or(0).min(most)
        };
        let (name, kind, value) = (width(0, 50), width(1, 40), width(2, 30));
        for [a, b, c, d] in &rows {
            // A column that no row fills takes no room.
            let middle = if value == 0 { String::new() } else { padded(c, value, true) + "  " };
            let kind = if kind == 0 { String::new() } else { padded(b, kind, false) + "  " };
            let line = format!("    {}  {kind}{middle}{d}", padded(a, name, false));
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
}

/// Characters that take room on a terminal: colours take none.
fn visible(text: &str) -> usize {
    let mut count = 0;
    let mut escape = false;
    for c in text.chars() {
        match (escape, c) {
            (false, '\u{1b}') => escape = true,
            (true, 'm') => escape = false,
            (true, _) => {}
            (false, _) => count += 1,
        }
    }
    count
}

fn padded(text: &str, width: usize, right: bool) -> String {
    let gap = " ".repeat(width.saturating_sub(visible(text)));
    if right { gap + text } else { text.to_owned() + &gap }
}

/// `1 run`, `2 runs`.
fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Two texts that stay apart for the eye, where both are there.
fn beside(one: String, other: String) -> String {
    if one.is_empty() || other.is_empty() { one + &other } else { format!("{one}  {other}") }
}

fn tags(tags: &TagSet) -> String {
    tags.iter().map(one_line).collect::<Vec<_>>().join(" ")
}
