//! What the engine counts of itself, in the text format of Prometheus (version 0.0.4).

use crate::agent::board::{InstanceView, SinkView, Summary};
use std::collections::BTreeMap;
use std::fmt::Write;

/// One family with its samples.
struct Family<'f> {
    name: &'f str,
    kind: &'f str,
    help: &'f str,
}

/// The page of metrics.
pub fn metrics(summary: &Summary, instances: &[InstanceView]) -> String {
    let mut out = String::new();
    let totals = &summary.totals;
    let single = |out: &mut String, name, kind, help, value: f64| family(out, &Family { name, kind, help }, &[(String::new(), value)]);
    single(&mut out, "engine_up", "gauge", "1 while the engine runs.", 1.0);
    single(&mut out, "engine_start_time_seconds", "gauge", "When the engine started.", summary.facts.started.as_millisecond() as f64 / 1e3);
    let by_status: Vec<_> = summary.by_status.iter().map(|(status, n)| (label("status", status), *n as f64)).collect();
    family(&mut out, &Family { name: "engine_instances", kind: "gauge", help: "Instances by the status of their last run." }, &by_status);
    single(&mut out, "engine_runs_running", "gauge", "Runs in progress.", summary.running as f64);
    single(&mut out, "engine_runs_waiting", "gauge", "Runs that wait for a place.", summary.waiting_for_place as f64);
    for (name, help, value) in [
        ("engine_runs_total", "Runs that ended.", totals.runs),
        ("engine_run_errors_total", "Runs with an error.", totals.errors),
        ("engine_run_warnings_total", "Runs with warnings.", totals.warnings),
        ("engine_run_overtime_total", "Runs that were dropped after their deadline.", totals.overtime),
        ("engine_run_panics_total", "Runs in which the engine itself failed.", totals.panics),
        (
            "engine_runs_skipped_total",
            "Ticks that were skipped, since the run before was not done or the engine stood still.",
            totals.skipped,
        ),
        ("engine_observations_total", "Observations of all kinds.", totals.observations),
        ("engine_clock_jumps_total", "Jumps of the wall clock and pauses of the machine or the process.", totals.clock_jumps),
        ("engine_reloads_total", "Readings of the configuration after the first one.", summary.configuration.reloads),
    ] {
        single(&mut out, name, "counter", help, value as f64);
    }
    single(&mut out, "engine_run_seconds_total", "counter", "The length of all runs together.", totals.run_seconds);
    let problems = summary.configuration.problems.iter().filter(|problem| problem.level == "error").count();
    single(&mut out, "engine_configuration_errors", "gauge", "Errors in the files of the configuration.", problems as f64);
    delivery(&mut out, summary);
    by_check(&mut out, instances);
    out
}

/// The spool and the sinks.
fn delivery(out: &mut String, summary: &Summary) {
    if let Some(spool) = &summary.spool {
        let family_of = |name, help| Family { name, kind: "gauge", help };
        family(out, &family_of("engine_spool_bytes", "Bytes of the spool on disk."), &[(String::new(), spool.bytes as f64)]);
        let trouble = f64::from(u8::from(spool.trouble.is_some()));
        family(out, &family_of("engine_spool_trouble", "1 while the disk of the spool fails."), &[(String::new(), trouble)]);
        family(out, &family_of("engine_spool_damaged", "Damaged pieces that were passed over."), &[(String::new(), spool.damaged as f64)]);
    }
    let of =
        |take: &dyn Fn(&SinkView) -> f64| -> Vec<_> { summary.sinks.iter().map(|sink| (label("sink", &sink.name), take(sink))).collect() };
    if summary.sinks.is_empty() {
        return;
    }
    let failing = |sink: &SinkView| f64::from(u8::from(sink.status == "failing"));
    family(out, &Family { name: "engine_sink_failing", kind: "gauge", help: "1 since the last delivery was not taken." }, &of(&failing));
    let delivered = |sink: &SinkView| sink.delivered as f64;
    family(out, &Family { name: "engine_sink_delivered_total", kind: "counter", help: "Items that the receiver took." }, &of(&delivered));
    let dropped = |sink: &SinkView| sink.dropped as f64;
    family(
        out,
        &Family { name: "engine_sink_refused_total", kind: "counter", help: "Items that the receiver refused for good." },
        &of(&dropped),
    );
    let oldest = |sink: &SinkView| sink.oldest.map_or(0.0, |oldest| oldest.as_millisecond() as f64 / 1e3);
    family(
        out,
        &Family {
            name: "engine_sink_oldest_seconds",
            kind: "gauge",
            help: "When the oldest record that waits was made; 0 while nothing waits.",
        },
        &of(&oldest),
    );
    let by_spool: Vec<_> = summary
        .sinks
        .iter()
        .flat_map(|sink| {
            sink.dropped_by_spool.iter().map(|(kind, n)| (format!("{{sink=\"{}\",kind=\"{kind}\"}}", escaped(&sink.name)), *n as f64))
        })
        .collect();
    family(
        out,
        &Family { name: "engine_spool_dropped_total", kind: "counter", help: "What the spool dropped before a sink had it." },
        &by_spool,
    );
}

/// What can be told for each spec without a series for each instance.
fn by_check(out: &mut String, instances: &[InstanceView]) {
    let mut sums: BTreeMap<&str, (u64, u64, u64, f64, usize)> = BTreeMap::new();
    for instance in instances {
        let (runs, errors, skipped, seconds, failing) = sums.entry(&instance.check).or_default();
        *runs += instance.runs;
        *errors += instance.errors;
        *skipped += u64::from(instance.skipped);
        *seconds += instance.average_s.unwrap_or_default() * instance.runs as f64;
        *failing += usize::from(instance.status == "error");
    }
    let of = |take: fn(&(u64, u64, u64, f64, usize)) -> f64| -> Vec<_> {
        sums.iter().map(|(check, sums)| (label("check", check), take(sums))).collect()
    };
    family(
        out,
        &Family { name: "engine_check_runs", kind: "gauge", help: "Runs of the instances of a check that are there now." },
        &of(|s| s.0 as f64),
    );
    family(out, &Family { name: "engine_check_errors", kind: "gauge", help: "Those of them with an error." }, &of(|s| s.1 as f64));
    family(
        out,
        &Family { name: "engine_check_skipped", kind: "gauge", help: "Ticks of these instances that were skipped." },
        &of(|s| s.2 as f64),
    );
    family(out, &Family { name: "engine_check_run_seconds", kind: "gauge", help: "The length of these runs together." }, &of(|s| s.3));
    family(
        out,
        &Family { name: "engine_check_failing_instances", kind: "gauge", help: "Instances whose last run had an error." },
        &of(|s| s.4 as f64),
    );
}

fn label(name: &str, value: &str) -> String {
    format!("{{{name}=\"{}\"}}", escaped(value))
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn family(out: &mut String, family: &Family<'_>, samples: &[(String, f64)]) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "# HELP {} {}\n# TYPE {} {}", family.name, family.help, family.name, family.kind);
    for (labels, value) in samples {
        let _ = writeln!(out, "{}{labels} {value}", family.name);
    }
}
