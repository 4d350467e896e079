//! Secrets that come back: a server that repeats a request in its answer, or a program that prints its
//! arguments, would bring a credential of the instance into tags, messages and topology.
//!
//! So whatever a run reports is searched for the secrets of its instance, once, at its end. What is
//! found is masked and told. State is left as it is: a cursor that was changed would ask for something
//! else, and its file is for the engine's own user only.

use super::Outcome;
use crate::base::map::Map;
use crate::base::masks::Masks;
use crate::base::secret::MASK;
use crate::base::value::{Text, Value};
use crate::expr::frame::Remark;
use crate::observation::{About, Event, Log, Observations, TagSet, Topology};
use crate::plan::Check;
use std::sync::Arc;

/// Masks the secrets of the check's instance, and the tokens of its logins, in everything that the run
/// reports.
pub fn mask(check: &Check, outcome: &mut Outcome) {
    let of_logins = check.sessions.masks();
    let all;
    let masks = if of_logins.is_empty() {
        check.masks()
    } else {
        all = check.masks().clone().and(of_logins);
        &all
    };
    if masks.is_empty() {
        return;
    }
    let mut search = Search { masks, n_found: 0 };
    search.observations(&mut outcome.observations);
    outcome.errors.iter_mut().for_each(|failure| search.string(&mut failure.message));
    outcome.warnings.iter_mut().for_each(|warning| search.string(&mut warning.message));
    if search.n_found > 0 {
        let count = search.n_found;
        let message = format!("what was asked repeats a secret of this instance: it was masked as {MASK} wherever it would have shown");
        outcome.warnings.push(Remark { span: check.instance.span, message, count });
    }
}

/// What is searched for, and how often it was found.
struct Search<'m> {
    masks: &'m Masks,
    n_found: usize,
}

impl Search<'_> {
    fn observations(&mut self, all: &mut Observations) {
        let masks = self.masks;
        let (mut of_tags, mut of_abouts) = (Search { masks, n_found: 0 }, Search { masks, n_found: 0 });
        all.samples.amend(|tags| of_tags.tags(tags), |about| of_abouts.about(about));
        self.n_found += of_tags.n_found + of_abouts.n_found;
        for check in &mut all.service_checks {
            [&mut check.name, &mut check.message].into_iter().for_each(|text| self.text(text));
            self.tags(&mut check.tags);
            self.optional(&mut check.hostname);
        }
        all.events.iter_mut().for_each(|event| self.event(event));
        all.logs.iter_mut().for_each(|log| self.log(log));
        all.topology.iter_mut().for_each(|topology| self.topology(topology));
        for health in &mut all.health {
            [&mut health.id, &mut health.name, &mut health.element].into_iter().for_each(|text| self.text(text));
            self.optional(&mut health.message);
        }
        if let Some(stream) = &mut all.health_stream {
            self.text(&mut stream.urn);
            self.optional(&mut stream.sub_stream);
        }
        for (name, value) in &mut all.metadata {
            self.text(name);
            self.value(value);
        }
    }

    fn about(&mut self, about: &mut Arc<About>) {
        let texts = [Some(&about.name), about.hostname.as_ref(), about.device.as_ref(), about.unit.as_ref()];
        if texts.into_iter().flatten().any(|text| self.masks.finds(text)) {
            let about = Arc::make_mut(about);
            self.text(&mut about.name);
            [&mut about.hostname, &mut about.device, &mut about.unit].into_iter().for_each(|text| self.optional(text));
        }
    }

    fn event(&mut self, event: &mut Event) {
        [&mut event.title, &mut event.text].into_iter().for_each(|text| self.text(text));
        let facts = [&mut event.event_type, &mut event.source_type_name, &mut event.aggregation_key, &mut event.event_object];
        facts.into_iter().chain([&mut event.hostname]).for_each(|text| self.optional(text));
        self.tags(&mut event.tags);
        self.value(&mut event.attributes);
        if let Some(context) = &mut event.context {
            [&mut context.category, &mut context.source_identifier, &mut context.source].into_iter().for_each(|text| self.optional(text));
            context.element_identifiers.iter_mut().for_each(|text| self.text(text));
            [&mut context.source_links, &mut context.data].into_iter().for_each(|value| self.value(value));
        }
    }

    fn log(&mut self, log: &mut Log) {
        self.text(&mut log.message);
        [&mut log.status, &mut log.service, &mut log.source, &mut log.hostname].into_iter().for_each(|text| self.optional(text));
        self.tags(&mut log.tags);
        self.value(&mut log.attributes);
    }

    fn topology(&mut self, topology: &mut Topology) {
        [&mut topology.key_type, &mut topology.key_url].into_iter().for_each(|text| self.text(text));
        for component in &mut topology.components {
            [&mut component.id, &mut component.component_type].into_iter().for_each(|text| self.text(text));
            self.value(&mut component.data);
        }
        for relation in &mut topology.relations {
            [&mut relation.source, &mut relation.target, &mut relation.relation_type].into_iter().for_each(|text| self.text(text));
            self.value(&mut relation.data);
        }
        topology.deletes.iter_mut().for_each(|text| self.text(text));
    }

    fn found(&mut self, text: &str) -> Option<String> {
        let masked = self.masks.masked(text);
        self.n_found += usize::from(masked.is_some());
        masked
    }

    fn text(&mut self, text: &mut Text) {
        if let Some(masked) = self.found(text) {
            *text = masked.into();
        }
    }

    fn string(&mut self, text: &mut String) {
        if let Some(masked) = self.found(text) {
            *text = masked;
        }
    }

    fn optional(&mut self, text: &mut Option<Text>) {
        text.iter_mut().for_each(|text| self.text(text));
    }

    /// A set is one text, so it is searched at once.
    fn tags(&mut self, tags: &mut TagSet) {
        if self.masks.finds(tags.as_text()) {
            *tags = TagSet::new(tags.iter().map(|tag| self.found(tag).unwrap_or_else(|| tag.to_owned())).collect::<Vec<_>>());
        }
    }

    fn value(&mut self, value: &mut Value) {
        if self.holds(value) {
            *value = self.without(value);
        }
    }

    /// Most values hold none, and those are not built anew.
    fn holds(&self, value: &Value) -> bool {
        match value {
            Value::Text(text) => self.masks.finds(text),
            Value::List(items) => items.iter().any(|item| self.holds(item)),
            Value::Map(map) => map.iter().any(|(key, value)| self.masks.finds(key) || self.holds(value)),
            Value::Lazy(lazy) => self.holds(&lazy.materialize()),
            _ => false,
        }
    }

    fn without(&mut self, value: &Value) -> Value {
        match value {
            Value::Text(text) => self.found(text).map_or_else(|| value.clone(), Value::text),
            Value::List(items) => Value::list(items.iter().map(|item| self.without(item)).collect()),
            Value::Map(map) => {
                let entries = map.iter().map(|(key, value)| {
                    let key = self.found(key).map_or_else(|| key.clone(), Text::from);
                    (key, self.without(value))
                });
                Value::map(entries.collect::<Map>())
            }
            Value::Lazy(lazy) => self.without(&lazy.materialize()),
            other => other.clone(),
        }
    }
}
