//! What a run leaves for the next one, and what the names of memory hold while it goes on.
//!
//! A source that failed leaves nothing of its own: no position, nothing of `once`, no name of
//! `state` that reads it. Neither does one whose rows were not worked through, because something
//! that was to be made of them was held back: they will come again.

use super::RunCx;
use super::order::Results;
use super::result::Fate;
use crate::base::limits;
use crate::base::map::Map;
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::expr::frame::Frame;
use crate::expr::names::STATE;
use crate::plan::{Plan, PreviousPlan};
use crate::rows::once::Sightings;
use crate::spec::state::StateSpec;
use crate::state::Changes;
use crate::state::keep::Room;
use std::collections::{BTreeMap, BTreeSet};

/// What the mappings of a run leave.
#[derive(Debug, Default)]
pub struct Left {
    /// What `on_change` has compared, with its places.
    pub watched: BTreeMap<Text, (Value, Span)>,
    /// What `once` of the mappings has seen and sent.
    pub once: BTreeMap<Text, Sightings>,
    /// Sources with rows of which something was held back.
    pub held: BTreeSet<usize>,
}

/// The map of `state` as a run begins: what is remembered, else what is said to be at first.
pub fn state_at_first(cx: &RunCx<'_>, frame: &mut Frame) -> Value {
    let declared = &cx.check.plan.spec.state;
    if declared.is_empty() {
        return Value::Missing;
    }
    for local in cx.check.plan.lets.iter().filter(|local| local.waits.is_empty()) {
        let value = local.local.value.0.eval(frame).unwrap_or_default();
        frame.set(local.local.name, value);
    }
    let mut map = Map::with_capacity(declared.len());
    for state in declared {
        let value = match cx.memory.state().member(&state.name) {
            Value::Missing => state.initial.as_ref().map(|initial| initial.eval(false, frame)).unwrap_or_default(),
            value => value,
        };
        map.insert(state.name.clone(), value);
    }
    Value::map(map)
}

/// What the next run is to know.
pub fn changes(cx: &RunCx<'_>, results: &Results<'_>, frame: &mut Frame, left: Left) -> Changes {
    let plan = &cx.check.plan;
    let held = held_back(plan, results, left.held);
    let mut changes = Changes { once: left.once, counts_runs: plan.spec.counts_runs, ..Changes::default() };
    if let Some((_, (_, span))) = left.watched.first_key_value().filter(|_| left.watched.len() > limits::WATCHED) {
        let (n, most) = (left.watched.len(), limits::WATCHED);
        frame.remark(*span, |_| format!("`on_change` compares {n} values, and {most} are remembered: changes of the others are not seen"));
    }
    for (what, (value, span)) in left.watched {
        match Room::new(limits::STATE_BYTES).keep(&value) {
            Ok(value) => drop(changes.watched.insert(what, value)),
            Err(refusal) => frame.remark(span, |_| format!("what `on_change` compares is not remembered: {refusal}")),
        }
    }
    for (at, (spec, result)) in results.iter().enumerate() {
        if result.fate == Fate::Ok && !held.contains(&at) {
            let name = plan.names.text(spec.name);
            changes.once.extend(result.once.clone().map(|sightings| (place(name), sightings)));
            if !result.kept.is_empty() {
                changes.sources.insert(name.into(), positions(cx.memory.kept(name), &result.kept));
            }
        }
    }
    let state = next_state(cx, results, &held, frame);
    changes.state = (state != *cx.memory.state()).then_some(state);
    let previous = next_previous(cx, results, frame);
    changes.previous = (previous != *cx.memory.previous()).then_some(previous);
    changes
}

/// The positions of a source: those of this run, and before them those that it did not look at,
/// which an item of a loop has that will be back. The oldest go first.
fn positions(before: &Map, now: &[(Text, Value)]) -> Map {
    let now: Map = now.iter().cloned().collect();
    let old: Vec<_> = before.iter().filter(|(key, _)| now.get(key).is_none()).collect();
    let too_many = (old.len() + now.len()).saturating_sub(limits::POSITIONS).min(old.len());
    let old = old.into_iter().skip(too_many).map(|(key, value)| (key.clone(), value.clone()));
    old.chain(now.iter().map(|(key, value)| (key.clone(), value.clone()))).collect()
}

/// What the memory of the `once` of a source is found by.
pub fn place(source: &str) -> Text {
    format!("sources/{source}").into()
}

/// Sources of which something was not worked through: those that mappings were held back from, and
/// those that an unusable source, or one that is held back itself, was made of.
fn held_back(plan: &Plan, results: &Results<'_>, mut held: BTreeSet<usize>) -> BTreeSet<usize> {
    let unusable = |at: &usize| results.get(*at).is_some_and(|result| result.fate != Fate::Off) && !results.usable(*at);
    let mut open: Vec<usize> = (0..plan.sources.len()).filter(|at| unusable(at) || held.contains(at)).collect();
    while let Some(at) = open.pop() {
        let needs = plan.sources.get(at).map(|source| &source.needs[..]).unwrap_or_default();
        open.extend(needs.iter().filter(|need| held.insert(**need)));
    }
    held
}

/// True if a source and everything that it is made of worked, or is off.
fn worked(plan: &Plan, results: &Results<'_>, at: usize) -> bool {
    let fine = results.get(at).is_some_and(|result| matches!(result.fate, Fate::Ok | Fate::Off));
    fine && plan.sources.get(at).is_none_or(|source| source.needs.iter().all(|need| worked(plan, results, *need)))
}

fn next_state(cx: &RunCx<'_>, results: &Results<'_>, held: &BTreeSet<usize>, frame: &mut Frame) -> Value {
    let plan = &cx.check.plan;
    let mut room = Room::new(limits::STATE_BYTES);
    let mut map = Map::default();
    for (state, needs) in plan.spec.state.iter().zip(&plan.remember.state) {
        let now = frame.get(STATE).member(&state.name);
        let moves = needs.iter().all(|at| !held.contains(at) && worked(plan, results, *at));
        let next = state.next.as_ref().filter(|_| moves).map(|next| next.0.value(frame)).unwrap_or_default();
        let value = if next.is_missing() { now } else { next };
        let kept = keep_state(cx, state, &value, &mut room, frame);
        if !kept.is_missing() {
            map.insert(state.name.clone(), kept);
        }
    }
    if map.is_empty() { Value::Missing } else { Value::map(map) }
}

/// The value; where it cannot be remembered the one that is remembered already.
fn keep_state(cx: &RunCx<'_>, state: &StateSpec, value: &Value, room: &mut Room, frame: &mut Frame) -> Value {
    match room.keep(value) {
        Ok(value) => value,
        Err(refusal) => {
            frame.remark(state.span, |_| {
                format!("state `{}` keeps the value it has, the next one is not remembered: {refusal}", state.name)
            });
            room.keep(&cx.memory.state().member(&state.name)).unwrap_or_default()
        }
    }
}

fn next_previous(cx: &RunCx<'_>, results: &Results<'_>, frame: &mut Frame) -> Value {
    let plan = &cx.check.plan;
    let mut room = Room::new(limits::PREVIOUS_BYTES);
    let mut map = Map::default();
    for kept in &plan.remember.previous {
        let moves = kept.needs.iter().all(|at| worked(plan, results, *at));
        let value = if moves { inside(frame.get(kept.name), kept.keys.get(1..)) } else { inside(cx.memory.previous(), Some(&kept.keys)) };
        match room.keep(&value) {
            Ok(Value::Missing) => {}
            Ok(value) => put(&mut map, &kept.keys, value),
            Err(refusal) => frame.remark(kept.span, |_| format!("`previous.{}` is not remembered: {refusal}", written(kept))),
        }
    }
    if map.is_empty() { Value::Missing } else { Value::map(map) }
}

fn written(kept: &PreviousPlan) -> String {
    kept.keys.join(".")
}

fn inside(value: &Value, keys: Option<&[Text]>) -> Value {
    keys.unwrap_or_default().iter().fold(value.clone(), |value, key| value.member(key))
}

/// Puts a value at the end of a row of keys; what stands there already are maps.
fn put(map: &mut Map, keys: &[Text], value: Value) {
    let Some((first, rest)) = keys.split_first() else { return };
    if rest.is_empty() {
        map.insert(first.clone(), value);
        return;
    }
    let mut inner = map.get(first).and_then(Value::as_map).map(|inner| (**inner).clone()).unwrap_or_default();
    put(&mut inner, rest, value);
    map.insert(first.clone(), Value::map(inner));
}
