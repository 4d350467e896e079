//! The status as a page for people: what is wrong stands first, in the title of the window as well.
//!
//! Everything that comes from the outside is escaped, and the page holds no script.

use crate::agent::board::{InstanceView, Summary};
use jiff::Timestamp;
use std::fmt::Write;

/// Rows of the table of instances; a page of ten thousand helps nobody.
const ROWS: usize = 500;

const STYLE: &str = "body{font:14px/1.45 system-ui,sans-serif;margin:1.5em auto;max-width:78em;padding:0 1em;color:#222;background:#fff}\
h1{font-size:1.3em}h2{font-size:1.1em;margin-top:1.6em}table{border-collapse:collapse;width:100%}\
td,th{text-align:left;padding:.25em .7em .25em 0;border-bottom:1px solid #ddd;vertical-align:top}\
.error{color:#b00020;font-weight:600}.warning{color:#8a5a00;font-weight:600}.ok{color:#1b7a2f}.waiting{color:#666}\
.n{text-align:right;font-variant-numeric:tabular-nums}.dim{color:#666}.box{display:inline-block;padding:.3em .8em;margin:0 .6em .6em 0;border:1px solid #ccc;border-radius:4px}\
code{font-size:.95em;overflow-wrap:anywhere}a{color:inherit}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th{border-color:#333}.error{color:#ff7b88}.warning{color:#e0b050}.ok{color:#6fce84}}";

/// The page of everything; `q` chooses the instances whose name holds it.
pub fn overview(summary: &Summary, instances: &[InstanceView], q: String, now: Timestamp) -> String {
    let facts = &summary.facts;
    let mut out = head(&format!("{} on {}", verdict(summary), facts.hostname), true);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<h1>engine on {}: <span class={}>{}</span></h1><p class=dim>version {}, process {}, started {}, every {} s; as of {}</p><p>",
        escaped(&facts.hostname),
        if is_well(summary) { "ok" } else { "error" },
        verdict(summary),
        facts.version,
        facts.pid,
        away(Some(facts.started), now),
        facts.interval_s,
        time(Some(now))
    );
    for status in ["error", "warning", "ok", "waiting"] {
        let n = summary.by_status.get(status).copied().unwrap_or(0);
        let class = if n > 0 { status } else { "dim" };
        let _ = write!(out, "<span class=box><span class={class}>{n}</span> {status}</span>");
    }
    let t = &summary.totals;
    let _ = write!(
        out,
        "</p><p class=dim>{} runs, {} with an error; {} ticks skipped; {} in progress, {} wait for a place; {} pauses or jumps of the clock</p>",
        t.runs, t.errors, t.skipped, summary.running, summary.waiting_for_place, t.clock_jumps
    );
    sinks(&mut out, summary, now);
    configuration(&mut out, summary);
    if instances.is_empty() {
        let folder = escaped(&summary.configuration.conf_dir);
        let _ = write!(out, "<p class=warning>Nothing runs: <code>{folder}</code> holds no usable instance.</p>");
    } else {
        table(&mut out, instances, &q, now);
    }
    out + "</body></html>\n"
}

/// What is wrong, in a few words, as the title of a window shows it.
fn verdict(summary: &Summary) -> String {
    let count = |n: usize, one: &str, many: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let by = |status: &str| summary.by_status.get(status).copied().unwrap_or(0);
    let failing = summary.sinks.iter().filter(|sink| sink.status == "failing").count();
    let files = summary.configuration.problems.iter().filter(|problem| problem.level == "error").count();
    let spool = summary.spool.iter().filter(|spool| spool.trouble.is_some()).count();
    let wrong: Vec<String> = [
        count(by("error"), "instance in error", "instances in error"),
        count(failing, "sink failing", "sinks failing"),
        count(spool, "disk in trouble", "disks in trouble"),
        count(files, "error in files", "errors in files"),
    ]
    .into_iter()
    .flatten()
    .collect();
    match (wrong.is_empty(), count(by("warning"), "instance with warnings", "instances with warnings")) {
        (false, _) => wrong.join(", "),
        (true, Some(warnings)) => format!("well, {warnings}"),
        (true, None) => "well".to_owned(),
    }
}

fn is_well(summary: &Summary) -> bool {
    verdict(summary).starts_with("well")
}

fn sinks(out: &mut String, summary: &Summary, now: Timestamp) {
    if let Some(trouble) = summary.spool.as_ref().and_then(|spool| spool.trouble.as_deref()) {
        let _ = write!(out, "<p class=error>The disk of the spool is in trouble, records wait in memory: {}</p>", escaped(trouble));
    }
    for said in summary.spool.iter().flat_map(|spool| &spool.said) {
        let _ = write!(out, "<p class=dim>{}: {}</p>", time(Some(said.at)), escaped(&said.text));
    }
    if summary.sinks.is_empty() {
        return;
    }
    out.push_str("<h2>Sinks</h2><table><tr><th>sink<th>status<th>why<th class=n>delivered<th>last<th>waits since<th class=n>refused<th>dropped by the spool");
    for sink in &summary.sinks {
        let failing = sink.status == "failing";
        let (class, why) = if failing { ("error", sink.last_error.as_deref()) } else { ("ok", sink.last_dropped.as_deref()) };
        let by_spool: Vec<String> = sink.dropped_by_spool.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        let _ = write!(
            out,
            "<tr><td>{}<td class={class}>{}<td><code>{}</code><td class=n>{}<td>{}<td>{}<td class=n>{}<td>{}",
            escaped(&sink.name),
            sink.status,
            escaped(why.unwrap_or_default()),
            sink.delivered,
            away(sink.last_delivery, now),
            away(sink.oldest, now),
            sink.dropped,
            by_spool.join(", ")
        );
    }
    out.push_str("</table>");
    if let Some(spool) = &summary.spool {
        let _ = write!(
            out,
            "<p class=dim>The spool has {} bytes in {} files; {} damaged pieces were passed over.</p>",
            spool.bytes, spool.segments, spool.damaged
        );
    }
}

fn configuration(out: &mut String, summary: &Summary) {
    let files = &summary.configuration;
    if files.kept_old {
        out.push_str("<p class=error>Some files have errors, and what they describe stayed as it was.</p>");
    }
    for what in &files.needs_restart {
        let _ = write!(out, "<p class=warning>{} was changed and needs a restart.</p>", escaped(what));
    }
    if !files.problems.is_empty() {
        out.push_str("<h2>Files</h2><table><tr><th>place<th>problem<th>help");
        for problem in files.problems.iter().take(ROWS) {
            let help = escaped(problem.help.as_deref().unwrap_or_default());
            let _ = write!(
                out,
                "<tr><td><code>{}</code><td><span class={}>{}</span> {}<td>{help}",
                escaped(&problem.place),
                problem.level,
                problem.level,
                escaped(&problem.title)
            );
        }
        out.push_str("</table>");
    }
    for hidden in &files.hidden {
        let _ =
            write!(out, "<p class=dim>The spec <code>{}</code> hides <code>{}</code>.</p>", escaped(&hidden.used), escaped(&hidden.hidden));
    }
}

fn table(out: &mut String, instances: &[InstanceView], q: &str, now: Timestamp) {
    let _ = write!(
        out,
        "<h2>Instances</h2><form><input name=q value=\"{}\" placeholder=\"a part of the name\"> <button>show</button></form>",
        escaped(q)
    );
    out.push_str(
        "<table><tr><th>instance<th>status<th>since<th>why<th class=n>metrics<th class=n>took<th>last run<th>next run<th class=n>skipped",
    );
    let chosen: Vec<&InstanceView> = instances.iter().filter(|instance| instance.instance.contains(q)).collect();
    for instance in chosen.iter().take(ROWS) {
        let why = instance.error.as_deref().or(instance.warnings.first().map(|warning| &**warning)).unwrap_or_default();
        let _ = write!(
            out,
            "<tr><td><a href=\"/instance/{}\">{}</a><td class={}>{}<td>{}<td><code>{}</code><td class=n>{}<td class=n>{}<td>{}<td>{}<td class=n>{}",
            instance.id,
            escaped(&instance.instance),
            instance.status,
            instance.status,
            away(instance.since, now),
            escaped(why),
            instance.last.metrics,
            took(instance.duration_s),
            away(instance.last_run, now),
            if instance.running { "running".to_owned() } else { away(instance.next_run, now) },
            instance.skipped
        );
    }
    out.push_str("</table>");
    if chosen.len() > ROWS {
        let _ = write!(out, "<p class=dim>{} more are not shown; those with errors stand first.</p>", chosen.len() - ROWS);
    }
}

/// The page of one instance, with its last values.
pub fn instance(view: &InstanceView, now: Timestamp) -> String {
    let mut out = head(&format!("{} {}", view.instance, view.status), true);
    let _ = write!(
        out,
        "<p><a href=\"/\">all instances</a></p><h1>{} <span class={}>{}</span></h1>",
        escaped(&view.instance),
        view.status,
        view.status
    );
    if let Some(error) = &view.error {
        let _ = write!(out, "<p class=error><code>{}</code></p>", escaped(error));
    }
    for warning in &view.warnings {
        let _ = write!(out, "<p class=warning><code>{}</code></p>", escaped(warning));
    }
    let _ = write!(
        out,
        "<table><tr><th>since<td>{}<tr><th>last run<td>{}<tr><th>last run without an error<td>{}<tr><th>next run<td>{}<tr><th>took<td>{} (on average {})<tr><th>runs<td>{}, {} with an error, {} ticks skipped</table>",
        both(view.since, now),
        both(view.last_run, now),
        both(view.last_ok, now),
        both(view.next_run, now),
        took(view.duration_s),
        took(view.average_s),
        view.runs,
        view.errors,
        view.skipped
    );
    let c = &view.last;
    let _ = write!(
        out,
        "<p class=dim>The last run reported {} metrics, {} service checks, {} events, {} logs, {} components and relations, {} health states.</p>",
        c.metrics, c.service_checks, c.events, c.logs, c.topology, c.health
    );
    if !view.values.is_empty() {
        out.push_str("<h2>Last values</h2><table><tr><th>metric<th class=n>value<th>unit<th>tags");
        for value in view.values.iter().take(ROWS) {
            let tags: Vec<String> = value.tags.iter().map(escaped).collect();
            let unit = escaped(value.unit.as_deref().unwrap_or_default());
            let _ = write!(out, "<tr><td>{}<td class=n>{}<td>{unit}<td class=dim>{}", escaped(&value.name), value.value, tags.join(" "));
        }
        out.push_str("</table>");
    }
    out + "</body></html>\n"
}

fn head(title: &str, refresh: bool) -> String {
    let refresh = if refresh { "<meta http-equiv=refresh content=10>" } else { "" };
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8>{refresh}<title>{}</title><style>{STYLE}</style></head><body>",
        escaped(title)
    )
}

/// Text as HTML; control characters, which could hide something, show as a box.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| format!("{at:.0}"))
}

/// How far away a moment is: people compare that at a glance, and moments they do not.
fn away(at: Option<Timestamp>, now: Timestamp) -> String {
    let Some(at) = at else { return "-".to_owned() };
    let seconds = now.duration_since(at).as_secs();
    let (n, unit) = match seconds.unsigned_abs() {
        n @ 0..120 => (n, "s"),
        n @ 120..7_200 => (n / 60, "min"),
        n @ 7_200..172_800 => (n / 3_600, "h"),
        n => (n / 86_400, "days"),
    };
    if seconds < 0 { format!("in {n} {unit}") } else { format!("{n} {unit} ago") }
}

fn both(at: Option<Timestamp>, now: Timestamp) -> String {
    if at.is_none() { away(at, now) } else { format!("{} ({})", away(at, now), time(at)) }
}

fn took(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{:.0} ms", seconds * 1e3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_by_how_far_they_are_away() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let at = |seconds: i64| away(Timestamp::from_second(1_000_000 + seconds).ok(), now);
        assert_eq!([at(-3), at(-119), at(-120), at(-9_000), at(-200_000)], ["3 s ago", "119 s ago", "2 min ago", "2 h ago", "2 days ago"]);
        assert_eq!((at(14).as_str(), away(None, now).as_str()), ("in 14 s", "-"));
    }

    #[test]
    fn nothing_of_the_data_becomes_html() {
        assert_eq!(escaped("<a href='x'>&\"\u{1b}\u{202e}"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\u{fffd}\u{fffd}");
    }
}
