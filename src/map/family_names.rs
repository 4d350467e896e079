//! Which families of a Prometheus document are taken, under which names.

use crate::base::glob;
use crate::base::value::{Text, Value};
use crate::observation::MetricType;
use std::collections::HashMap;

/// What becomes of one family.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The name, without prefix.
    pub name: Text,
    /// The type of its plain value, instead of the usual one.
    pub metric_type: Option<MetricType>,
    /// Treats the family as if it had been exposed with this type.
    pub exposed_type: Option<Text>,
}

/// Families to targets: exact names first, then patterns in written order.
#[derive(Clone, Debug, Default)]
pub struct FamilyNames {
    exact: HashMap<Text, Vec<Target>>,
    patterns: Vec<(Text, Vec<Target>)>,
}

impl FamilyNames {
    /// Out of a map of families to names, to `{name, type, exposed_type}`, or to lists of these.
    ///
    /// # Errors
    /// What is wrong, as a sentence.
    pub fn of(value: &Value) -> Result<Self, String> {
        let mut names = FamilyNames::default();
        match value.materialize() {
            Value::Missing => {}
            Value::Map(map) => {
                for (family, target) in map.iter() {
                    names.add(family, targets(family, target)?);
                }
            }
            // As instances of the field's own check have them: names, patterns, or maps.
            Value::List(items) => {
                for item in items.iter() {
                    match item {
                        Value::Text(name) => names.add(name, vec![same_name(name)]),
                        Value::Map(map) => {
                            for (family, target) in map.iter() {
                                names.add(family, targets(family, target)?);
                            }
                        }
                        other => return Err(format!("an item of `metrics` is a {}, not a name or a map", other.kind())),
                    }
                }
            }
            other => return Err(format!("`metrics` is a {}, not a map of families to names", other.kind())),
        }
        Ok(names)
    }

    fn add(&mut self, family: &Text, targets: Vec<Target>) {
        if family.contains(['*', '?']) {
            self.patterns.push((family.clone(), targets));
        } else {
            self.exact.insert(family.clone(), targets);
        }
    }

    /// The targets of a family: as exposed, else without `_total`; with the text that a `*` stands
    /// for.
    pub fn find<'t>(&self, family: &'t str) -> Option<(&[Target], &'t str)> {
        let bare = family.strip_suffix("_total");
        for name in [Some(family), bare].into_iter().flatten() {
            if let Some(targets) = self.exact.get(name) {
                return Some((targets, ""));
            }
        }
        for name in [Some(family), bare].into_iter().flatten() {
            let found = self.patterns.iter().find_map(|(pattern, targets)| glob::capture(pattern, name).map(|star| (&**targets, star)));
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

fn same_name(name: &Text) -> Target {
    let name = if name.contains('*') { "*".into() } else { name.clone() };
    Target { name, metric_type: None, exposed_type: None }
}

fn targets(family: &str, value: &Value) -> Result<Vec<Target>, String> {
    match value {
        Value::List(items) => items.iter().map(|item| target(family, item)).collect(),
        other => target(family, other).map(|target| vec![target]),
    }
}

fn target(family: &str, value: &Value) -> Result<Target, String> {
    match value {
        Value::Text(name) => Ok(Target { name: name.clone(), metric_type: None, exposed_type: None }),
        Value::Map(map) => {
            for key in map.keys() {
                if !["name", "type", "exposed_type"].contains(&&**key) {
                    return Err(format!("family `{family}` has an unknown key `{key}`: expected name, type, exposed_type"));
                }
            }
            let text = |key: &str| map.get(key).and_then(Value::as_text).map(Text::from);
            let metric_type = match text("type") {
                Some(word) => Some(MetricType::from_word(&word).ok_or_else(|| format!("family `{family}` has the unknown type `{word}`"))?),
                None => None,
            };
            let name = text("name").unwrap_or_else(|| family.into());
            Ok(Target { name, metric_type, exposed_type: text("exposed_type") })
        }
        other => Err(format!("family `{family}` is mapped to a {}, not to a name", other.kind())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(json: &str) -> FamilyNames {
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        FamilyNames::of(&json.into()).unwrap()
    }

    #[test]
    fn a_family_is_found_as_exposed_else_without_total_else_by_pattern() {
        let names = names(r#"{"a_total":"a","b":"bee","disk_*":"disk.*"}"#);
        let name = |family| names.find(family).map(|(targets, star)| targets[0].name.replace('*', star));
        assert_eq!(name("a_total").as_deref(), Some("a"));
        assert_eq!(name("b_total").as_deref(), Some("bee"));
        assert_eq!(name("disk_reads_total").as_deref(), Some("disk.reads_total"));
        assert_eq!(name("other"), None);
    }
}
