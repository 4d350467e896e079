//! Every mapping over the rows of its sources.

use super::flow::Made;
use super::order::Results;
use super::remember::Left;
use super::result::Fate;
use super::trace::Step;
use super::{Failure, Outcome, RunCx};
use crate::base::map::Map;
use crate::base::value::{Text, Value};
use crate::expr::frame::Frame;
use crate::expr::names::CHECKS;
use crate::map::MapCx;
use crate::map::watch::Watch;
use crate::observation::{ServiceCheck, Status};
use crate::plan::{InputPlan, MapPlan};
use crate::rows::Row;
use crate::rows::once::{Gate, Verdict};
use crate::rows::pipeline::{run, run_once};
use crate::spec::{Family, Placed};
use jiff::Timestamp;
use std::sync::Arc;

/// Evaluates all mappings, whatever the sources did.
pub fn run_mappings(cx: &RunCx<'_>, results: &Results<'_>, mut made: Vec<Made>, frame: &mut Frame, left: &mut Left, outcome: &mut Outcome) {
    let plan = &cx.check.plan;
    let now = cx.clock.now();
    let mut errors = Vec::new();
    let mut scratch = plan.scratches.take();
    let mut out = std::mem::take(&mut outcome.observations);
    let mut map_cx = MapCx {
        out: &mut out,
        max_samples: cx.check.max_samples(),
        instance_tags: &cx.check.tags,
        hostname: cx.check.instance.hostname.as_ref(),
        timestamp: now,
        tag_cache: cx.check.tag_cache(),
        watch: Watch { before: cx.memory.watched(), ..Watch::default() },
        scratch: &mut scratch,
        errors: &mut errors,
    };
    begin_topology(cx, frame, &mut map_cx);
    source_checks(results, frame, &mut map_cx);
    // Nobody looks at the statuses of most specs.
    let mut checks_set = !plan.reads(CHECKS);
    for (n, (placed, planned)) in plan.spec.mappings.iter().zip(&plan.mappings).enumerate() {
        if placed.family != Family::ServiceChecks && !checks_set {
            frame.set(CHECKS, statuses(&map_cx));
            checks_set = true;
        }
        let before = map_cx.errors.len();
        map_cx.timestamp = timestamp(results, planned, now);
        match made.iter().position(|made| made.mapping == n) {
            Some(at) if may_emit(results, placed.family, planned) => hand_over(made.swap_remove(at), placed, frame, &mut map_cx),
            Some(_) => left.held.extend(planned.from.iter().map(|one| one.at)),
            None => one_mapping(cx, results, (placed, planned), left, frame, &mut map_cx),
        }
        for message in map_cx.errors.drain(before..) {
            outcome.errors.push(Failure { span: placed.mapped.span, message });
        }
    }
    end_topology(cx, results, frame, &mut map_cx);
    metadata(cx, frame, &mut map_cx);
    left.watched = std::mem::take(&mut map_cx.watch.now);
    outcome.observations = out;
    plan.scratches.leave(scratch);
}

fn one_mapping(
    cx: &RunCx<'_>,
    results: &Results<'_>,
    (placed, planned): (&Placed, &MapPlan),
    left: &mut Left,
    frame: &mut Frame,
    map_cx: &mut MapCx<'_>,
) {
    let remarks = frame.remarks.len();
    map_cx.watch.about = planned.about.clone();
    map_cx.watch.has_rows = !(planned.from.is_empty() && placed.mapped.rows.each.is_empty());
    if !may_emit(results, placed.family, planned) {
        left.held.extend(planned.from.iter().map(|one| one.at));
        watch_only(results, (placed, planned), frame, map_cx);
        frame.remarks.truncate(remarks);
        return;
    }
    let counts = cx.trace.map(|_| map_cx.out.count());
    send(cx, results, (placed, planned), left, frame, map_cx);
    // What is missing because a source failed has its reason in that source's warning.
    let whole = planned.needs.iter().all(|at| results.get(*at).is_some_and(|r| r.fate == Fate::Ok));
    if !whole && planned.from.is_empty() {
        frame.remarks.truncate(remarks);
    }
    if let (Some(trace), Some(before)) = (cx.trace, counts) {
        let made = map_cx.out.count() - before;
        trace.note(Step { span: placed.mapped.span, what: placed.family.word().to_owned(), lines: vec![format!("made     {made}")] });
    }
}

/// Hands over what was made while the rows came in.
fn hand_over(made: Made, placed: &Placed, frame: &mut Frame, map_cx: &mut MapCx<'_>) {
    for cut in map_cx.out.append(made.observations, map_cx.max_samples) {
        frame.remark_many(placed.mapped.span, cut.count, |_| cut.to_string());
    }
    frame.absorb(made.remarks);
    map_cx.errors.extend(made.errors);
}

/// What is compared with earlier runs moves even where nothing may be sent.
fn watch_only(results: &Results<'_>, (placed, planned): (&Placed, &MapPlan), frame: &mut Frame, map_cx: &mut MapCx<'_>) {
    if let (Some(rows), []) = (&planned.watching, &planned.from[..]) {
        run_once(rows, results, frame, &mut |frame| placed.mapped.mapping.watch(map_cx, frame));
    }
}

/// Makes the observations of all rows of a mapping that its `when` and `once` let through.
fn send(
    cx: &RunCx<'_>,
    results: &Results<'_>,
    (placed, planned): (&Placed, &MapPlan),
    left: &mut Left,
    frame: &mut Frame,
    map_cx: &mut MapCx<'_>,
) {
    let mapping = &placed.mapped.mapping;
    let written = &placed.mapped.rows;
    let rows = planned.watching.as_ref().unwrap_or(written);
    let when = planned.watching.as_ref().and(written.when.as_ref());
    let mut gate = written.once.as_ref().map(|once| Gate::new(once, cx.memory.once(&planned.place), frame));
    let mut emit = |frame: &mut Frame| {
        if when.is_some_and(|when| !when.0.holds(frame)) {
            mapping.watch(map_cx, frame);
            return;
        }
        match gate.as_mut().map(|gate| (gate.judge(frame), gate)) {
            None => mapping.emit(map_cx, frame),
            Some((Verdict::Hold, _)) => {}
            Some((Verdict::Send(ticket), gate)) => {
                let before = map_cx.out.count();
                mapping.emit(map_cx, frame);
                // What was left out, for a missing title or a limit, has its chance in the next run.
                if map_cx.out.count() > before {
                    gate.was_sent(ticket);
                }
            }
        }
    };
    match &planned.from[..] {
        [] => run_once(rows, results, frame, &mut emit),
        [one] => run(rows, &input(results, *one), results, frame, &mut emit),
        many => {
            let joined: Vec<Row> = many.iter().flat_map(|one| input(results, *one).to_vec()).collect();
            run(rows, &joined, results, frame, &mut emit);
        }
    }
    if let Some(gate) = gate {
        left.once.insert(planned.place.clone(), gate.finish(frame));
    }
}

/// What rows make is sent only where their source worked, or may fail; what mentions a source at
/// most is sent in any case, and so are service checks, which tell whether something works. What is
/// looked up in a source that is off is missing, like any other value.
fn may_emit(results: &Results<'_>, family: Family, planned: &MapPlan) -> bool {
    let is_input = |at: &usize| planned.from.iter().any(|input| input.at == *at);
    let others = planned.needs.iter().filter(|at| !is_input(at)).all(|at| results.usable(*at) || results.is_off(*at));
    let inputs = planned.from.is_empty() || planned.from.iter().any(|one| one.requests || results.usable(one.at));
    (others || family == Family::ServiceChecks) && inputs
}

/// The rows that one input gives; none where its source failed under `on_error: fail`.
fn input(results: &Results<'_>, input: InputPlan) -> Arc<Vec<Row>> {
    let source = results.spec(input.at).filter(|_| input.requests || results.usable(input.at));
    source.map(|source| results.input(source.name, input.requests)).unwrap_or_default()
}

/// The end of the answer of the one source that it is about; else now.
fn timestamp(results: &Results<'_>, planned: &MapPlan, now: Timestamp) -> Timestamp {
    let about = match (&planned.from[..], &planned.needs[..]) {
        ([one], _) => Some(one.at),
        ([], [one]) => Some(*one),
        _ => None,
    };
    about.and_then(|one| results.get(one)?.ended).unwrap_or(now)
}

/// The can-connect checks of the sources.
fn source_checks(results: &Results<'_>, frame: &mut Frame, map_cx: &mut MapCx<'_>) {
    for (spec, result) in results.iter() {
        let Some(check) = &spec.service_check else { continue };
        let status = match result.fate {
            Fate::Ok => Status::Ok,
            Fate::Off => continue,
            Fate::Failed | Fate::Skipped => Status::Critical,
        };
        let Some(name) = check.name.text(frame) else { continue };
        let error = result.error.as_ref().map(|(_, message)| Text::from(message.as_str()));
        let given = check.message.as_ref().filter(|_| status != Status::Ok).and_then(|message| message.text(frame));
        let tags = check.labels.set(map_cx, frame);
        map_cx.out.service_checks.push(ServiceCheck {
            name,
            status,
            tags,
            hostname: map_cx.hostname.cloned(),
            message: given.or(error).unwrap_or_default(),
            timestamp: result.ended.unwrap_or(map_cx.timestamp),
            origin: check.span,
        });
    }
}

fn statuses(map_cx: &MapCx<'_>) -> Value {
    let found = map_cx.out.service_checks.iter().map(|check| (check.name.clone(), Value::from(check.status.word())));
    Value::map(found.collect::<Map>())
}

fn begin_topology(cx: &RunCx<'_>, frame: &mut Frame, map_cx: &mut MapCx<'_>) {
    let Some(key) = &cx.check.plan.spec.topology else { return };
    let topology = map_cx.out.topology.get_or_insert_default();
    topology.key_type = key.key_type.text(frame).unwrap_or_default();
    topology.key_url = key.key_url.text(frame).unwrap_or_default();
    topology.start_snapshot = key.snapshot;
    topology.stop_snapshot = key.snapshot;
}

/// A snapshot is closed only when every source that feeds it was complete.
fn end_topology(cx: &RunCx<'_>, results: &Results<'_>, frame: &mut Frame, map_cx: &mut MapCx<'_>) {
    let plan = &cx.check.plan;
    let complete = |wanted: fn(Family) -> bool| {
        let feeding = plan.spec.mappings.iter().zip(&plan.mappings).filter(|(placed, _)| wanted(placed.family));
        let mut sources = feeding.flat_map(|(_, planned)| planned.from.iter().map(|one| one.at).chain(planned.needs.iter().copied()));
        sources.all(|at| results.get(at).is_some_and(|result| result.complete))
    };
    if let Some(topology) = &mut map_cx.out.topology {
        topology.stop_snapshot &= complete(Family::feeds_snapshot);
    }
    if let Some(stream) = &plan.spec.health_stream {
        map_cx.out.health_stream = stream.eval(frame);
        if let Some(stream) = &mut map_cx.out.health_stream {
            stream.complete = complete(|family| family == Family::Health);
        }
    }
}

fn metadata(cx: &RunCx<'_>, frame: &mut Frame, map_cx: &mut MapCx<'_>) {
    for (key, value) in &cx.check.plan.spec.metadata {
        let value = value.eval(false, frame);
        if !value.is_missing() {
            map_cx.out.metadata.push((key.clone(), value));
        }
    }
}
