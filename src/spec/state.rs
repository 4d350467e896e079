//! `state`: names that are remembered between runs, and what a spec mentions of the last run.
//!
//! ```yaml
//! state:
//!   since: {initial: "{{ now - duration('1h') }}", next: "events.rows | pluck('clock') | max"}
//! ```
//!
//! `initial` is computed before any source runs, so it can use none of them, nor names of `let` that
//! do; `next` after all.

use crate::base::diag::Diagnostic;
use crate::base::name::NameId;
use crate::base::span::Span;
use crate::base::suggest::{listed, nearest};
use crate::base::value::Text;
use crate::expr::code::{Code, Expression};
use crate::expr::data::DataTemplate;
use crate::expr::names;
use crate::rows::Let;
use crate::yaml::node::{Entry, Node};
use crate::yaml::read::{Field, Reader, Use};

crate::fields! {
    /// One name that is remembered between runs.
    pub struct WrittenState, "state name" {
        /// Its value until there is another one, computed before any source runs; remembered from the first run on. It may use names of the top-level `let` that need no source.
        initial: Option<DataTemplate>;
        /// Its value for the next run, computed after all sources. Where it is missing, or a source that it reads failed, the name keeps the value it has.
        next: Option<Expression>;
        /// What it is for.
        pub description: Option<Text>;
    }
}

/// One name of `state`.
#[derive(Clone, Debug)]
pub struct StateSpec {
    /// The name behind `state.`.
    pub name: Text,
    /// Its value at first.
    pub initial: Option<DataTemplate>,
    /// Its value for the next run.
    pub next: Option<Expression>,
    /// Where the name stands.
    pub span: Span,
}

impl StateSpec {
    /// Calls `take` for every computed place.
    pub fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        self.initial.iter().for_each(|initial| initial.codes(take));
        self.next.iter().for_each(|next| take(&next.0));
    }
}

/// Reads the block `state`.
pub fn read_state(node: Option<&Node>, lets: &[Let], reader: &mut Reader<'_>) -> Vec<StateSpec> {
    let Some(node) = node else { return Vec::new() };
    let Some(entries) = node.as_map() else {
        reader.mismatch(node, "a map of names to `{initial, next}`");
        return Vec::new();
    };
    let early = early_names(lets, reader);
    let mut entries: Vec<&Entry> = entries.iter().collect();
    reader.bounded(&mut entries, "names of `state`", |entry| entry.key_span);
    let mut out = Vec::new();
    for entry in entries {
        let Some(written) = WrittenState::read(&entry.value, reader) else { continue };
        if written.initial.is_none() && written.next.is_none() {
            let problem = Diagnostic::error("missing-key", format!("state `{}` without `initial` and `next`", entry.key), entry.key_span);
            reader.report(problem.label("it would never have a value").help("add `next:` with what the next run is to know"));
            continue;
        }
        let state = StateSpec { name: entry.key.clone(), initial: written.initial, next: written.next, span: entry.key_span };
        check_initial(&state, &early, reader);
        out.push(state);
    }
    out
}

/// Before the sources there is the configuration, the time and the run, and what is made of them.
fn early_names(lets: &[Let], reader: &Reader<'_>) -> Vec<NameId> {
    let mut early = vec![names::INSTANCE, names::INIT_CONFIG, names::ENGINE, names::NOW, names::RUN, names::SPEC, names::TABLES];
    // They stand in the order of need.
    for local in lets {
        if local.value.0.uses.iter().all(|used| early.contains(&used.name) || !is_bound(used, reader)) {
            early.push(local.name);
        }
    }
    early
}

/// `initial` uses nothing that comes later.
fn check_initial(state: &StateSpec, early: &[NameId], reader: &mut Reader<'_>) {
    let mut late: Vec<Use> = Vec::new();
    let known = |used: &&Use| early.contains(&used.name) || !is_bound(used, reader);
    state.initial.iter().for_each(|initial| initial.codes(&mut |code| late.extend(code.uses.iter().filter(|used| !known(used)).cloned())));
    for used in late {
        let name = reader.names.text(used.name);
        let problem = Diagnostic::error("name-not-in-scope", format!("`{name}` does not exist yet"), used.span)
            .label("`initial` is computed before any source runs")
            .help(format!("use {}; what sources give belongs into `next`", listed(early.iter().map(|id| reader.names.text(*id)), 20)));
        reader.report(problem);
    }
}

/// Names that exist nowhere are reported as such, once.
fn is_bound(used: &Use, reader: &Reader<'_>) -> bool {
    let outermost = reader.scope_ids().next().and_then(|id| reader.scope(id));
    outermost.is_some_and(|scope| scope.binds.iter().any(|(name, _)| *name == used.name))
}

/// What is wrong with a member of `state`.
pub fn unknown_state(used: &Use, span: Span, declared: &[StateSpec]) -> Option<Diagnostic> {
    let member = used.member.as_deref()?;
    if declared.iter().any(|state| &*state.name == member) {
        return None;
    }
    let known = || declared.iter().map(|state| &*state.name);
    let problem = Diagnostic::error("unknown-member", format!("`state` has no `{member}`"), span);
    Some(match nearest(member, known()) {
        Some(near) => problem.label(format!("did you mean `state.{near}`?")).help(format!("write `{near}`")).edit(span, near),
        None if declared.is_empty() => {
            problem.label("nothing is declared under `state`").help(format!("declare `{member}` under `state:`"))
        }
        None => {
            problem.label("nothing of that name is declared").help(format!("declare it under `state:`, or use {}", listed(known(), 20)))
        }
    })
}

/// What is wrong with a use of `previous`: only what is named can be kept.
pub fn unknown_previous(used: &Use, span: Span, lets: &[&str], reader: &Reader<'_>) -> Option<Diagnostic> {
    let sources = || reader.source_names.iter().map(|id| reader.names.text(*id));
    let known = || sources().chain(lets.iter().copied());
    let Some(name) = used.keys.first() else {
        let problem = Diagnostic::error("whole-previous", "`previous` without a name behind it", used.span);
        let help = format!("name what is to be kept, as in `previous.NAME.rows`; names are {}", listed(known(), 20));
        return Some(problem.label("only what a spec names is kept").help(help));
    };
    if !known().any(|other| other == &**name) {
        let problem = Diagnostic::error("unknown-member", format!("`previous` has no `{name}`"), span);
        return Some(match nearest(name, known()) {
            Some(near) => problem.label(format!("did you mean `previous.{near}`?")).help(format!("write `{near}`")).edit(span, near),
            None => problem.label("neither a source nor a name of `let`").help(format!("use one of {}", listed(known(), 20))),
        });
    }
    let member = used.keys.get(1).filter(|member| sources().any(|s| s == &**name) && !super::resolve::MEMBERS.contains(&&***member))?;
    let members = super::resolve::MEMBERS.iter().copied();
    let problem = Diagnostic::error("unknown-member", format!("the result of source `{name}` has no `{member}`"), used.span);
    let problem = match nearest(member, members.clone()) {
        Some(near) => problem.label(format!("did you mean `previous.{name}.{near}`?")),
        None => problem.label("no part of a result"),
    };
    Some(problem.help(format!("its document is `previous.{name}.doc.{member}`; its result has {}", listed(members, 20))))
}

/// Something of `previous` that a spec mentions.
#[derive(Clone, Debug)]
pub struct Mention {
    /// The keys behind `previous`; never empty.
    pub keys: Box<[Text]>,
    /// Where it is mentioned first.
    pub span: Span,
}

/// The keys behind `previous` that a spec mentions: what is kept of a run. What lies inside
/// something else that is kept anyway does not stand here.
pub fn mentioned<'u>(uses: impl Iterator<Item = &'u Use>) -> Vec<Mention> {
    let of_previous = uses.filter(|used| used.name == names::PREVIOUS && !used.keys.is_empty());
    let mut found: Vec<Mention> = of_previous.map(|used| Mention { keys: used.keys.clone(), span: used.span }).collect();
    found.sort_by(|a, b| (&a.keys, a.span).cmp(&(&b.keys, b.span)));
    // Sorted, a path stands behind the one that it begins with.
    let mut kept: Vec<Mention> = Vec::new();
    for mention in found {
        if !kept.last().is_some_and(|outer| mention.keys.starts_with(&outer.keys)) {
            kept.push(mention);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(name: NameId, path: &str) -> Use {
        let keys: Box<[Text]> = path.split('.').filter(|key| !key.is_empty()).map(Text::from).collect();
        Use { name, member: keys.first().cloned(), keys, span: Span::default() }
    }

    #[test]
    fn only_the_outermost_of_what_is_mentioned_is_kept() {
        let uses = ["a.doc.x", "a.rows", "b", "a.doc", "b.ok", "a.docs", ""].map(|path| used(names::PREVIOUS, path));
        let other = used(names::STATE, "c");
        let kept: Vec<String> = mentioned(uses.iter().chain([&other])).iter().map(|mention| mention.keys.join(".")).collect();
        assert_eq!(kept, ["a.doc", "a.docs", "a.rows", "b"]);
    }
}
