//! Instances that get in each other's way: the same check twice, and two snapshots of one topology.
//!
//! The memory between runs belongs to the identity of a check, so two of one identity are told
//! apart by their order, with a warning. Two instances that send snapshots under one topology key
//! would delete each other's components in turn: the second is an error.

use crate::base::diag::Diagnostic;
use crate::base::span::{FileId, Span};
use crate::base::value::{Text, Value};
use crate::expr::frame::Frame;
use crate::expr::names;
use crate::plan::Check;
use std::collections::HashMap;

/// What the instances of this session are known by.
#[derive(Debug, Default)]
pub struct Known {
    /// The beginnings of the instances: the map is there as long as they are, and they are many.
    identities: HashMap<u64, (FileId, u32)>,
    topologies: HashMap<(Text, Text), (Span, Text)>,
}

impl Known {
    /// Takes a check in, or says why it cannot run beside the others. A warning goes to `problems`.
    ///
    /// # Errors
    /// The problem of a second snapshot under one key.
    pub fn add(&mut self, check: &mut Check, engine: &Value, problems: &mut Vec<Diagnostic>) -> Result<(), Box<Diagnostic>> {
        let span = check.instance.span;
        if let Some(key) = topology_key(check, engine) {
            let first = self.topologies.get(&key).filter(|(known, _)| *known != span);
            if let Some((first, of)) = first {
                return Err(Box::new(same_topology(check, &key, of, span, *first)));
            }
            self.topologies.insert(key, (span, check.plan.spec.name.clone()));
        }
        let place = (span.file, span.start);
        match self.identities.get(&check.id).copied() {
            Some(first) if first != place => {
                problems.push(same_identity(check, span, Span { file: first.0, start: first.1, end: first.1.saturating_add(1) }));
                // Stable as long as their order is.
                while self.identities.get(&check.id).is_some_and(|known| *known != place) {
                    check.id = check.id.wrapping_add(1);
                }
                self.identities.insert(check.id, place);
            }
            Some(_) => {}
            None => {
                self.identities.insert(check.id, place);
            }
        }
        Ok(())
    }
}

/// The key under which a check sends snapshots, as far as it does not depend on a run.
fn topology_key(check: &Check, engine: &Value) -> Option<(Text, Text)> {
    let key = check.plan.spec.topology.as_ref().filter(|key| key.snapshot)?;
    let templates = [&key.key_type, &key.key_url];
    if !templates.iter().all(|template| template.0.is_steady()) {
        return None;
    }
    let mut frame = Frame::new(check.plan.names.clone(), check.cache.clone());
    frame.set(names::INSTANCE, check.instance.config.clone());
    frame.set(names::INIT_CONFIG, check.instance.init_config.clone());
    frame.set(names::ENGINE, engine.clone());
    frame.set(names::TABLES, check.plan.spec.tables.clone());
    frame.set(names::SPEC, check.plan.facts.clone());
    Some((key.key_type.text(&mut frame)?, key.key_url.text(&mut frame)?))
}

fn same_topology(check: &Check, (key_type, key_url): &(Text, Text), of: &Text, span: Span, first: Span) -> Diagnostic {
    let title = format!("two instances send snapshots of the topology `{key_type}`, `{key_url}`");
    let problem = Diagnostic::error("same-topology", title, span)
        .label("the same topology again")
        .also(first, format!("first here, for the spec `{of}`"));
    let problem = problem.text("A snapshot deletes the components that it does not name, so the two would delete each other's.");
    let place = check.plan.spec.topology.as_ref().map_or_else(Span::default, |key| key.span);
    let problem = if place.file == span.file { problem } else { problem.also(place, "this declares it") };
    problem.help("remove one of the instances, or make their topologies differ: `topology.instance` of the spec must use what the instances differ in")
}

fn same_identity(check: &Check, span: Span, first: Span) -> Diagnostic {
    let problem = match &check.instance.name {
        Some(name) => Diagnostic::warning("same-instance", format!("two instances of the name `{name}`"), span),
        None => Diagnostic::warning("same-instance", "two instances with the same settings", span),
    };
    let problem = problem.label("the same again").also(first, "first here");
    let problem = problem.text("What is remembered between runs belongs to the name, or else to the settings without tags, intervals, time limits and secrets. These two are told apart by their order alone.");
    problem.help("remove one of them, or give each a `name` of its own")
}
