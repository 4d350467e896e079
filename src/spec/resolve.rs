//! Checks every use of a name against the scope it stands in.

use super::Spec;
use super::source::{Origin, SourceSpec};
use super::state::{unknown_previous, unknown_state};
use crate::base::diag::Diagnostic;
use crate::base::name::NameId;
use crate::base::span::Span;
use crate::base::suggest::{listed, nearest};
use crate::expr::names;
use crate::yaml::basic::meant_bool;
use crate::yaml::read::{Reader, ScopeId, Use};
use std::collections::{BTreeSet, HashMap};

/// Local names that rows of a source carry along.
type Exports = HashMap<NameId, Vec<NameId>>;

/// Reports every name that does not exist where it is used, every member that a source's result
/// does not have, and every local name that hides another.
pub fn resolve((spec, _): &(Spec, usize), reader: &mut Reader<'_>) {
    let mut exports = exports(spec);
    forget_derived_of_unread(spec, reader, &mut exports);
    let exports = exports;
    let uses = std::mem::take(&mut reader.uses);
    let mut problems = Vec::new();
    for (used, scope) in &uses {
        let before = problems.len();
        if is_rebound(used.name, *scope, reader) {
            // That it hides another name is said where it is bound.
        } else if is_visible(used.name, *scope, reader, &exports) {
            problems.extend(unknown_member(used, reader));
            problems.extend(unknown_config(used, spec, reader));
            problems.extend(unknown_memory(used, spec, reader));
        } else if !below_unread(*scope, reader, &exports) {
            problems.push(not_in_scope(used, &visible(*scope, reader, &exports), reader));
        }
        problems.iter_mut().skip(before).for_each(|problem| name_the_part(problem, *scope, reader));
    }
    problems.extend(hidden(reader));
    reader.uses = uses;
    reader.problems.extend(problems);
}

/// True for a name that a part of the spec gives anew.
fn is_rebound(name: NameId, scope: ScopeId, reader: &Reader<'_>) -> bool {
    let mut here = reader.scope(scope);
    while let Some(scope) = here.filter(|scope| scope.parent.is_some()) {
        if scope.binds.iter().any(|(bound, _)| *bound == name) {
            return names::EVERYWHERE.contains(&name) || reader.source_names.contains(&name);
        }
        here = scope.parent.and_then(|id| reader.scope(id));
    }
    false
}

/// What stands in `defaults` is read anew for every part that it is used in: the problem is there.
fn name_the_part(problem: &mut Diagnostic, scope: ScopeId, reader: &Reader<'_>) {
    let mut here = reader.scope(scope);
    while let Some(scope) = here {
        if let Some((what, span)) = scope.part.filter(|(_, span)| !span.contains(problem.span())) {
            *problem = problem.clone().also(span.head(), format!("used for this {what}"));
            return;
        }
        here = scope.parent.and_then(|id| reader.scope(id));
    }
}

fn exports(spec: &Spec) -> Exports {
    let mut exports = Exports::new();
    for source in &spec.sources {
        let mut bound = source.rows.bound_names();
        let grouped = !source.rows.group.is_empty();
        if matches!(&source.origin, Origin::Fetch(fetch) if fetch.kind() == "file") && !grouped {
            bound.push(names::FILE);
        }
        if matches!(source.rows.rows, Some(crate::rows::Choose::Recurse { .. })) && !grouped {
            bound.extend([names::PARENT, names::DEPTH]);
        }
        exports.insert(source.name, bound);
    }
    // A source may stand before those whose rows it reads, however many there are in a row.
    while inherit(spec, &mut exports) {}
    exports
}

/// Hands names on to the sources that read rows; false if all have them already.
fn inherit(spec: &Spec, exports: &mut Exports) -> bool {
    let mut changed = false;
    for source in spec.sources.iter().filter(|source| source.rows.group.is_empty()) {
        let inputs = source.rows.from.iter().map(|from| from.source);
        let read = inputs.chain(source.rows.each.iter().filter_map(|each| each.source));
        let inherited: Vec<NameId> = read.filter_map(|name| exports.get(&name)).flatten().copied().collect();
        let own = exports.entry(source.name).or_default();
        for name in inherited {
            if !own.contains(&name) {
                own.push(name);
                changed = true;
            }
        }
    }
    changed
}

fn visible(scope: ScopeId, reader: &Reader<'_>, exports: &Exports) -> BTreeSet<NameId> {
    let mut out = BTreeSet::new();
    each_visible(scope, reader, exports, &mut |name| out.extend([name]));
    out
}

fn is_visible(name: NameId, scope: ScopeId, reader: &Reader<'_>, exports: &Exports) -> bool {
    let mut found = false;
    each_visible(scope, reader, exports, &mut |visible| found |= visible == name);
    found
}

/// Calls `take` for every name that exists in a scope.
fn each_visible(scope: ScopeId, reader: &Reader<'_>, exports: &Exports, take: &mut dyn FnMut(NameId)) {
    let mut here = Some(scope);
    let mut sealed = false;
    while let Some(scope) = here.and_then(|id| reader.scope(id)) {
        let is_root = scope.parent.is_none();
        if !sealed || is_root {
            scope.binds.iter().for_each(|(name, _)| take(*name));
            scope.from.iter().filter_map(|source| exports.get(source)).flatten().for_each(|name| take(*name));
        } else {
            // What a mapping or source is about stays known after a `group`; its rows do not.
            let about = |name: &NameId| *name == names::CHECKS || *name == names::CHANGE;
            scope.binds.iter().map(|(name, _)| *name).filter(about).for_each(&mut *take);
        }
        sealed |= scope.sealed;
        here = scope.parent;
    }
}

/// True if rows come from a source that has problems of its own: what they carry is not known then.
fn below_unread(scope: ScopeId, reader: &Reader<'_>, exports: &Exports) -> bool {
    let mut here = Some(scope);
    while let Some(scope) = here.and_then(|id| reader.scope(id)) {
        if scope.from.iter().any(|source| is_unread(*source, reader, exports)) {
            return true;
        }
        here = scope.parent;
    }
    false
}

/// True for a source that is written, but could not be read.
fn is_unread(source: NameId, reader: &Reader<'_>, exports: &Exports) -> bool {
    reader.source_names.contains(&source) && !exports.contains_key(&source)
}

/// What is derived of a source that could not be read is not known either.
fn forget_derived_of_unread(spec: &Spec, reader: &Reader<'_>, exports: &mut Exports) {
    let unread = |source: &&SourceSpec, exports: &Exports| {
        let loops = source.rows.each.iter().filter_map(|each| each.source);
        source.rows.from.iter().map(|from| from.source).chain(loops).any(|from| is_unread(from, reader, exports))
    };
    while let Some(source) = spec.sources.iter().find(|source| exports.contains_key(&source.name) && unread(source, exports)) {
        exports.remove(&source.name);
    }
}

fn not_in_scope(used: &Use, visible: &BTreeSet<NameId>, reader: &Reader<'_>) -> Diagnostic {
    let name = reader.names.text(used.name);
    let known: Vec<&str> = visible.iter().map(|id| reader.names.text(*id)).collect();
    let problem = Diagnostic::error("name-not-in-scope", format!("`{name}` does not exist here"), used.span);
    let problem = problem.text(format!("Names here: {}.", listed(known.iter().copied(), 30)));
    if used.name == names::ROW {
        return problem
            .label("there is no row here")
            .help("say whose rows these are with `from: SOURCE`, or read a source with `$SOURCE.path`");
    }
    if used.name == names::CURSOR {
        return problem
            .label("there is no cursor here")
            .help("the cursor of a page exists below `paginate: {cursor: {into: …}}` only: `into: {query: {after: \"{{ cursor }}\"}}`");
    }
    if reader.sources.slice(used.span).starts_with('$') {
        let problem = match nearest(name, known.iter().copied()) {
            Some(near) => problem.label(format!("did you mean `${near}`?")),
            None => problem.label("neither a source nor another name"),
        };
        return problem.help(format!("a text that begins with a dollar sign is written with two: `$${name}`"));
    }
    if let Some(meant) = meant_bool(name).filter(|_| name.len() > 1) {
        let help = format!("write `{meant}`; if the word itself is meant, put it in quotes: `'{name}'`");
        return problem.label("in YAML 1.2 this is a word, not a boolean").help(help);
    }
    if let Some((_, place)) = ELSEWHERE.iter().find(|(other, _)| *other == name) {
        let field = if visible.contains(&names::ROW) { format!("; a field of the row is `row.{name}`") } else { String::new() };
        return problem.label("not in this place").help(format!("`{name}` exists {place}{field}"));
    }
    match nearest(name, known.iter().copied()) {
        Some(near) => problem.label(format!("did you mean `{near}`?")).help(format!("write `{near}`")).edit(used.span, near),
        None => problem.label("unknown name").help(format!(
            "if the word itself is meant, put it in quotes: `'{name}'`; a field of the row is `row.{name}`, a table `tables.{name}`"
        )),
    }
}

/// Names that the language gives in some places only, and where.
const ELSEWHERE: &[(&str, &str)] = &[
    ("key", "where there are rows: in sources, and in mappings with `from: SOURCE`"),
    ("checks", "in mappings only, after the service checks were made"),
    ("change", "in events with `on_change` only"),
    ("token", "in `inject` of a session only, where it says what the login gave"),
    (
        "answer",
        "in `token`, `renew_when` and the `expect` of the login of a session only; elsewhere a source has its own name, as in `page.status`",
    ),
    ("file", "in rows of a `file` source, and in mappings and sources with `from` of it"),
    ("parent", "where `rows: {recurse: …}` makes the rows"),
    ("depth", "where `rows: {recurse: …}` makes the rows"),
];

/// What a source's result has.
pub const MEMBERS: &[&str] = &[
    "ok",
    "ran",
    "error",
    "status",
    "headers",
    "elapsed",
    "url",
    "body",
    "doc",
    "pages",
    "rows",
    "count",
    "failed",
    "capped",
    "requests",
    "exit_code",
    "stderr",
    "certificate",
    "by",
];

fn unknown_member(used: &Use, reader: &Reader<'_>) -> Option<Diagnostic> {
    let member = used.member.as_deref()?;
    if !reader.source_names.contains(&used.name) || MEMBERS.contains(&member) {
        return None;
    }
    let name = reader.names.text(used.name);
    let span = member_span(used, member, reader);
    let problem = Diagnostic::error("unknown-member", format!("the result of source `{name}` has no `{member}`"), span);
    let problem = match nearest(member, MEMBERS.iter().copied()) {
        Some(near) => problem.label(format!("did you mean `{name}.{near}`?")).edit(span, near),
        None => problem.label("no part of a result"),
    };
    Some(problem.help(format!(
        "its document is `${name}.{member}` or `{name}.doc.{member}`; its result has {}",
        listed(MEMBERS.iter().copied(), 30)
    )))
}

/// Members of what is remembered between runs.
fn unknown_memory(used: &Use, spec: &Spec, reader: &Reader<'_>) -> Option<Diagnostic> {
    let span = used.member.as_deref().map_or(used.span, |member| member_span(used, member, reader));
    match used.name {
        names::STATE => unknown_state(used, span, &spec.state),
        names::PREVIOUS => {
            let lets: Vec<&str> = spec.lets.iter().map(|local| reader.names.text(local.name)).collect();
            unknown_previous(used, span, &lets, reader)
        }
        _ => None,
    }
}

fn unknown_config(used: &Use, spec: &Spec, reader: &Reader<'_>) -> Option<Diagnostic> {
    let member = used.member.as_deref()?;
    let (what, fields, standard): (_, _, &[&str]) = match used.name {
        names::INSTANCE => ("instance", &spec.config.instance, crate::expr::names::STANDARD_KEYS),
        names::INIT_CONFIG => ("init_config", &spec.config.init_config, &["min_collection_interval", "service"]),
        names::ENGINE => ("engine", const { &Vec::new() }, &["hostname", "version", "vars"]),
        names::RUN => ("run", const { &Vec::new() }, &["interval", "number", "failed", "errors"]),
        names::SPEC => ("spec", const { &Vec::new() }, &["name", "version"]),
        names::TABLES => return unknown_table(used, member, spec),
        _ => return None,
    };
    let known: Vec<&str> = fields.iter().map(|f| &*f.key).chain(standard.iter().copied()).collect();
    if known.contains(&member) {
        return None;
    }
    let span = member_span(used, member, reader);
    let problem = Diagnostic::error("unknown-member", format!("`{what}` has no `{member}`"), span);
    let problem = match nearest(member, known.iter().copied()) {
        Some(near) => problem.label(format!("did you mean `{what}.{near}`?")).edit(span, near),
        None => problem.label("nothing of that name is declared"),
    };
    Some(match what {
        "instance" | "init_config" => problem.help(format!("declare it under `config.{what}`, or use one of {}", listed(known, 20))),
        _ => problem.help(format!("use one of {}", listed(known, 20))),
    })
}

/// The member behind the name, where it is written as `name.member`; else the name.
fn member_span(used: &Use, member: &str, reader: &Reader<'_>) -> Span {
    let at = used.span.end as usize;
    let behind = Span::new(used.span.file, at, at + 1 + member.len());
    let written = reader.sources.slice(behind);
    if written.strip_prefix('.') == Some(member) { Span { start: behind.start + 1, ..behind } } else { used.span }
}

fn unknown_table(used: &Use, member: &str, spec: &Spec) -> Option<Diagnostic> {
    let tables = spec.tables.as_map().cloned().unwrap_or_default();
    if tables.get(member).is_some() {
        return None;
    }
    let problem = Diagnostic::error("unknown-member", format!("there is no table `{member}`"), used.span);
    let near = nearest(member, tables.keys().map(|k| &**k)).map(str::to_owned);
    let problem = problem.label(near.map_or("no table of that name".to_owned(), |near| format!("did you mean `tables.{near}`?")));
    Some(problem.help("declare it under `tables`"))
}

/// A source, `let` or `each` name must not hide another name.
fn hidden(reader: &Reader<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for id in reader.scope_ids() {
        let Some(scope) = reader.scope(id) else { continue };
        for (n, (name, span)) in scope.binds.iter().enumerate() {
            let text = reader.names.text(*name);
            let built_in = names::BUILT_IN.contains(&text);
            // What the language itself binds has no place.
            let own = *span == Default::default() && built_in;
            let bound_by_us = ["row", "key", "file", "parent", "depth", "checks", "change", "cursor"].contains(&text);
            if own || (built_in && bound_by_us && scope.parent.is_some()) {
                continue;
            }
            let earlier = scope.binds.iter().take(n).find(|(other, _)| other == name).map(|(_, at)| *at);
            let outer = outer_bind(scope.parent, *name, reader);
            if built_in || earlier.or(outer).is_some() {
                problems.push(hides(text, *span, earlier.or(outer), built_in));
            }
        }
    }
    problems
}

fn outer_bind(mut scope: Option<ScopeId>, name: NameId, reader: &Reader<'_>) -> Option<Span> {
    while let Some(here) = scope.and_then(|id| reader.scope(id)) {
        if let Some((_, span)) = here.binds.iter().find(|(other, _)| *other == name) {
            return Some(*span);
        }
        scope = here.parent;
    }
    None
}

fn hides(text: &str, span: Span, other: Option<Span>, built_in: bool) -> Diagnostic {
    let problem = Diagnostic::error("hidden-name", format!("the name `{text}` hides another"), span).help("choose another name");
    match other.filter(|span| *span != Default::default()) {
        Some(other) => problem.label("given again here").also(other, "first given here"),
        None if built_in => problem.label("the language has this name already"),
        None => problem.label("given again here"),
    }
}
