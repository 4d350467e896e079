//! The defaults of settings that were not given.
//!
//! A default may use `init_config` and other fields of the same map, whatever their order; inside
//! lists and maps it sees the whole instance. A null counts as not given.

use crate::base::diag::Diagnostic;
use crate::base::map::Map;
use crate::base::name::NameId;
use crate::base::print::shown;
use crate::base::span::Span;
use crate::base::value::Value;
use crate::expr::data::DataTemplate;
use crate::expr::frame::Frame;
use crate::spec::config::{ConfigField, FieldType};

/// Fills one map of settings.
pub struct Filler<'f> {
    /// `instance` or `init_config`.
    pub name: NameId,
    /// Where the settings stand.
    pub span: Span,
    /// What defaults see.
    pub frame: &'f mut Frame,
    /// All problems so far.
    pub problems: &'f mut Vec<Diagnostic>,
}

impl Filler<'_> {
    /// Computes the defaults of fields without a value, in the order of their needs.
    pub fn fill(&mut self, config: &mut Map, fields: &[ConfigField], order: &[usize]) {
        for field in order.iter().filter_map(|at| fields.get(*at)) {
            if config.get(&field.key).is_none()
                && let Some(value) = self.value(field)
            {
                config.insert(field.key.clone(), value);
                self.frame.set(self.name, Value::map(config.clone()));
            }
        }
        for field in fields.iter().filter(|field| has_computed(&field.field)) {
            if let Some(value) = config.get(&field.key).cloned() {
                let value = self.inside(&value, &field.field);
                config.insert(field.key.clone(), value);
            }
        }
    }

    fn value(&mut self, field: &ConfigField) -> Option<Value> {
        let value = field.field.default.as_ref()?.eval(false, self.frame);
        if value.is_missing() {
            return None;
        }
        let typed = field.field.typed(&value);
        let what = match &typed {
            None => format!("no {}", words(&field.field)),
            Some(value) => match field.field.unfit(value) {
                None => return typed,
                Some(what) => format!("not {what}"),
            },
        };
        let problem = Diagnostic::error("bad-default", format!("the default of `{}` is {what}", field.key), field.span);
        let problem = problem.label(format!("it is {}", shown(&value))).also(self.span, "for this instance");
        self.problems.push(problem.help("give the field a value, or mend the default"));
        None
    }

    /// A value with the computed defaults of the maps inside of it.
    fn inside(&mut self, value: &Value, field: &FieldType) -> Value {
        match (value, &field.items, &field.fields) {
            (Value::List(items), Some(of), _) => Value::list(items.iter().map(|item| self.inside(item, of)).collect()),
            (Value::Map(map), _, Some(fields)) => {
                let mut map = Map::clone(map);
                for field in fields {
                    let filled = match map.get(&field.key).cloned() {
                        Some(value) => Some(self.inside(&value, &field.field)),
                        None => self.value(field),
                    };
                    if let Some(filled) = filled {
                        map.insert(field.key.clone(), filled);
                    }
                }
                Value::map(map)
            }
            _ => value.clone(),
        }
    }
}

/// True if maps inside have defaults that are computed.
fn has_computed(field: &FieldType) -> bool {
    let computed = |field: &ConfigField| {
        let own = field.field.default.as_ref().is_some_and(|default| !matches!(default, DataTemplate::Fixed(_)));
        own || has_computed(&field.field)
    };
    field.items.as_ref().is_some_and(|items| has_computed(items)) || field.fields.iter().flatten().any(computed)
}

fn words(field: &FieldType) -> String {
    let words: Vec<_> = field.types.iter().map(|t| t.word()).collect();
    if words.is_empty() { "value of its types".to_owned() } else { words.join(" or ") }
}
