//! The names of what a spec can make, as far as it tells them.

use crate::plan::Plan;

/// Names of what can be made.
#[derive(Debug, Default)]
pub struct Made {
    /// Of metrics.
    pub metrics: Vec<Name>,
    /// Of service checks.
    pub service_checks: Vec<Name>,
    /// Titles of events.
    pub events: Vec<Name>,
}

/// A name as a spec says it.
#[derive(Debug, PartialEq)]
pub enum Name {
    /// Any.
    Any,
    /// The parts between which anything may stand; a single part is the whole name.
    Parts(Vec<String>),
}

impl Name {
    fn of(written: &str) -> Name {
        if written.is_empty() {
            return Name::Any;
        }
        let mut parts = Vec::new();
        let mut rest = written;
        while let Some((before, after)) = rest.split_once("{{").or_else(|| rest.split_once("{%")) {
            parts.push(before.to_owned());
            let end = [after.find("}}"), after.find("%}")].into_iter().flatten().min();
            rest = end.and_then(|at| after.get(at + 2..)).unwrap_or("");
        }
        if rest.starts_with('$') {
            return Name::Any;
        }
        parts.push(rest.to_owned());
        Name::Parts(parts)
    }

    /// The name, if it is always the same.
    pub fn exact(&self) -> Option<&str> {
        match self {
            Name::Parts(parts) => parts.first().filter(|_| parts.len() == 1).map(String::as_str),
            Name::Any => None,
        }
    }

    /// True if the name can be this one; points of histograms have a suffix of their own.
    pub fn makes(&self, name: &str, suffixes: bool) -> bool {
        let Name::Parts(parts) = self else { return true };
        let [first, middle @ ..] = &parts[..] else { return true };
        let Some(mut rest) = name.strip_prefix(first.as_str()) else { return false };
        let open = suffixes && rest.starts_with('.');
        let Some((last, middle)) = middle.split_last() else { return rest.is_empty() || open };
        for part in middle {
            let Some((_, after)) = rest.split_once(part.as_str()) else { return false };
            rest = after;
        }
        suffixes || rest.ends_with(last.as_str())
    }
}

impl Made {
    /// What a spec can make.
    pub fn of(plan: &Plan) -> Made {
        let mut out = Made::default();
        for source in &plan.spec.sources {
            let name = source.service_check.iter().map(|check| Name::of(check.name.as_const().unwrap_or_default()));
            out.service_checks.extend(name);
        }
        for placed in &plan.spec.mappings {
            placed.mapped.mapping.places(&mut |_, _, what| {
                if let Some(name) = what.strip_prefix("metric ") {
                    out.metrics.push(Name::of(name));
                } else if what.starts_with("metrics of ") {
                    out.metrics.push(Name::Any);
                } else if let Some(name) = what.strip_prefix("service check ") {
                    out.service_checks.push(Name::of(name));
                } else if let Some(title) = what.strip_prefix("event ") {
                    out.events.push(Name::of(title));
                }
            });
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computed_name_makes_what_fits_its_words() {
        let name = Name::of("net.{{ row.a }}.{{ row.b }}.count");
        assert!(name.makes("net.tcp.opens.count", false));
        assert!(!name.makes("net.tcp.opens", false));
        assert!(!name.makes("system.tcp.opens.count", false));
        assert_eq!(name.exact(), None);
        assert!(Name::of("$.name").makes("x", false));
        let plain = Name::of("http.time");
        assert!(plain.makes("http.time", false) && !plain.makes("http.time.max", false) && plain.makes("http.time.max", true));
        assert_eq!(plain.exact(), Some("http.time"));
    }
}
