//! Reads a spec from the tree of its file.

use super::config::Config;
use super::defaults::Defaults;
use super::mappings::{read_family, read_health, read_topology};
use super::misplaced;
use super::resolve::resolve;
use super::share::{self, Whole};
use super::source::SourceSpec;
use super::state::{mentioned, read_state};
use super::{Family, Spec};
use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::base::span::{FileId, Sources, Span};
use crate::base::value::{Text, Value};
use crate::expr::code::Expression;
use crate::expr::data::DataTemplate;
use crate::expr::names;
use crate::rows::read::order_lets;
use crate::source::auth::named;
use crate::yaml::basic::{Keyed, Raw};
use crate::yaml::boolean_word;
use crate::yaml::load::Loaded;
use crate::yaml::node::{Entry, Node, size_of};
use crate::yaml::read::{Field, Fields, Reader, Record, ScopeId, Use};
use std::collections::HashSet;

crate::fields! {
    /// Who the spec is.
    pub struct Identity, "spec" {
        /// The name: equal to that of the file or folder and of the conf.d file.
        pub name: Option<Text>;
        /// The version, as major.minor.patch.
        pub version: Option<Text>;
        /// A short title.
        pub title: Option<Text>;
        /// What it monitors, in a sentence or two.
        pub description: Option<Text>;
        /// The version of the language: 1.
        pub language: i64 = 1, "1";
    }
}

/// The keys that name other files; they are read where a spec is put together.
pub const SHARING: &[&str] = &["use", "override"];

/// Reads and resolves a spec, one file or a whole of several. `name` is that of its file or folder.
/// The spec is `None` if it has errors; all problems come along in any case.
pub fn read(whole: impl Into<Whole>, file: FileId, name: &str, sources: &Sources) -> (Option<Spec>, Vec<Diagnostic>) {
    let Whole { loaded, complete, fragments, standard } = whole.into();
    if let Some(problem) = too_large(&loaded.root) {
        return (None, with_size(loaded, problem));
    }
    let mut reader = reader_of(loaded.problems, loaded.broken, sources);
    let spec = read_root(&loaded.root, standard, file, Some(name), &mut reader);
    if let Some(spec) = spec.as_ref().filter(|_| complete) {
        let before = reader.problems.len();
        resolve(spec, &mut reader);
        name_the_user(&mut reader.problems, before, &fragments);
    }
    if !complete {
        reader.problems.retain(|problem| !OF_OTHER_FILES.contains(&problem.code));
    }
    let mut problems = reader.problems;
    misplaced::explain(&mut problems, &loaded.root);
    crate::base::diag::drop_consequences(&mut problems);
    crate::base::diag::sort(&mut problems);
    let errors = crate::base::diag::has_errors(&problems);
    let (names, n_sites) = (reader.names, 0);
    let uses = || reader.uses.iter().map(|(used, _)| used);
    let previous = mentioned(uses());
    let counts_runs = uses().any(|used| used.name == names::RUN && used.member.as_deref().is_none_or(|member| member == "number"));
    let spec = spec.filter(|_| !errors);
    let spec =
        spec.map(|(spec, sites)| Spec { names, uses: distinct(&reader.uses), n_sites: sites.max(n_sites), previous, counts_runs, ..spec });
    (spec, problems)
}

/// The first use of each name with these keys.
fn distinct(uses: &[(Use, ScopeId)]) -> Vec<Use> {
    let mut seen = HashSet::new();
    uses.iter().map(|(used, _)| used).filter(|used| seen.insert((used.name, &used.member, &used.keys))).cloned().collect()
}

/// Checks a fragment alone, or with those that it uses: its shape, but no name that a spec or
/// another fragment may give.
pub fn check_fragment(whole: Whole, file: FileId, sources: &Sources) -> Vec<Diagnostic> {
    let Whole { loaded, standard, .. } = whole;
    if let Some(problem) = too_large(&loaded.root) {
        return with_size(loaded, problem);
    }
    let mut reader = reader_of(loaded.problems, loaded.broken, sources);
    share::check_fragment(&loaded.root, &mut reader.problems);
    if loaded.root.as_map().is_some() || loaded.root.is_null() {
        read_root(&loaded.root, standard, file, None, &mut reader);
    }
    let open = open_places(&loaded.root);
    let mut problems = reader.problems;
    let elsewhere = |problem: &Diagnostic| {
        let missing = problem.code == "missing-key" && open.contains(&problem.span().head());
        missing || OF_OTHER_FILES.contains(&problem.code)
    };
    problems.retain(|problem| !elsewhere(problem));
    misplaced::explain(&mut problems, &loaded.root);
    crate::base::diag::drop_consequences(&mut problems);
    crate::base::diag::sort(&mut problems);
    problems
}

/// What is told of a file that is too large: where its reading stopped, that is the reason.
fn with_size(loaded: Loaded, problem: Diagnostic) -> Vec<Diagnostic> {
    let own = (!loaded.broken).then_some(problem);
    loaded.problems.into_iter().chain(own).collect()
}

/// The problem of a file that holds more than any spec does.
fn too_large(root: &Node) -> Option<Diagnostic> {
    let entries = root.as_map().unwrap_or(&[]).iter().filter(|entry| &*entry.key != "tables");
    let mut left = limits::SPEC_VALUES;
    let beyond = entries.map(|entry| (entry.key_span, size_of(&entry.value))).find(|(_, size)| {
        let fits = *size <= left;
        left = left.saturating_sub(*size);
        !fits
    });
    let (span, _) = beyond?;
    let problem = Diagnostic::error("too-large-spec", format!("a spec of more than {} values", limits::SPEC_VALUES), span);
    Some(
        problem.label("the limit is passed here").help("make several specs of it; constant data goes under `tables`, which does not count"),
    )
}

/// Problems that may be none once the other files are there.
const OF_OTHER_FILES: &[&str] = &["unknown-source", "idle-override", "unknown-login", "unused-login"];

/// Maps that others may complete: the file, `topology`, `health`, and what stands inside a kind of
/// source, where `defaults` may stand in.
fn open_places(root: &Node) -> Vec<Span> {
    let sections = ["topology", "health"].into_iter().filter_map(|key| root.entry(key)).map(|entry| &entry.value);
    let sources = root.entry("sources").and_then(|sources| sources.value.as_map()).unwrap_or(&[]);
    let kinds = sources.iter().flat_map(|source| source.value.as_map().unwrap_or(&[])).map(|kind| &kind.value);
    [root].into_iter().chain(sections).chain(kinds).map(|node| node.span.head()).collect()
}

fn reader_of(problems: Vec<Diagnostic>, broken: bool, sources: &Sources) -> Reader<'_> {
    let mut reader = Reader::new(sources, broken);
    reader.problems = problems;
    names::install(&mut reader);
    for built_in in names::EVERYWHERE {
        let text = reader.names.text(*built_in).to_owned();
        reader.bind(&text, Span::default());
    }
    reader
}

/// A name that a fragment uses may be for the spec to give: such a problem shows both places.
fn name_the_user(problems: &mut [Diagnostic], from: usize, fragments: &[(FileId, Span)]) {
    for problem in problems.iter_mut().skip(from) {
        if let Some((_, used)) = fragments.iter().find(|(file, _)| *file == problem.span().file) {
            *problem = problem.clone().also(*used, "used from here");
        }
    }
}

/// Reads the tree of a spec, or of a fragment where there is no name.
fn read_root(root: &Node, standard: Vec<Entry>, file: FileId, name: Option<&str>, reader: &mut Reader<'_>) -> Option<(Spec, usize)> {
    let what = if name.is_some() { "spec" } else { "fragment" };
    if root.is_null() {
        if !reader.broken {
            let problem = Diagnostic::error("empty-file", format!("this {what} is empty"), root.span).label("nothing here");
            reader.report(problem.help(match name {
                Some(name) => format!("begin with `name: {name}` and `version: 1.0.0`"),
                None => "write top-level keys of a spec, such as `sources:` or `metrics:`, or remove the file".to_owned(),
            }));
        }
        return None;
    }
    let mut fields = Fields::open(root, format!("a {what}"), reader)?;
    // What they name is a part of the tree already.
    SHARING.iter().for_each(|key| fields.know(key));
    bind_sources(fields.node("sources"), reader);
    bind_lets(fields.node("let"), reader);
    let identity = Identity::read_from(&mut fields, reader);
    if let (Some(identity), Some(name)) = (&identity, name) {
        check_identity(identity, &fields, name, reader);
    }
    let config = fields.take::<Config>("config", reader);
    let tables = read_tables(fields.node("tables"), reader);
    let lets = fields.take::<Keyed<Expression>>("let", reader).unwrap_or_default();
    let lets = order_lets(lets, &[], reader);
    let state = read_state(fields.node("state"), &lets, reader);
    let defaults = Defaults::read(fields.node("defaults"), standard, reader);
    named::declare(fields.node("auth"), reader);
    let specs = read_sources(fields.node("sources"), &defaults, reader);
    named::report_unused(reader);
    let mut mappings = Vec::new();
    // Service checks come first, since events may ask for the status they have found.
    for family in [Family::ServiceChecks, Family::Metrics, Family::Events, Family::Logs] {
        let node = fields.node(family.word());
        read_family(family, node, &defaults, reader, &mut mappings);
    }
    let topology = read_topology(fields.node("topology"), &defaults, reader, &mut mappings);
    let health_stream = read_health(fields.node("health"), &defaults, reader, &mut mappings);
    let metadata = fields.take::<Keyed<DataTemplate>>("metadata", reader).unwrap_or_default();
    fields.finish(reader);
    let identity = identity?;
    let spec = Spec {
        name: identity.name.unwrap_or_else(|| name.unwrap_or_default().into()),
        version: identity.version.unwrap_or_else(|| "0.0.0".into()),
        title: identity.title,
        description: identity.description,
        file,
        config: config?,
        sources: specs?,
        tables,
        lets,
        state,
        previous: Vec::new(),
        counts_runs: false,
        mappings,
        topology,
        health_stream,
        metadata: metadata.0.into_iter().map(|entry| (entry.key, entry.value)).collect(),
        names: Default::default(),
        uses: Vec::new(),
        n_sites: 0,
    };
    Some((spec, reader.n_sites()))
}

/// Source names exist everywhere, whatever their order, and paths on them go into their documents.
fn bind_sources(node: Option<&Node>, reader: &mut Reader<'_>) {
    for entry in node.and_then(Node::as_map).unwrap_or(&[]) {
        let id = reader.bind(&entry.key, entry.key_span);
        reader.source_names.push(id);
    }
}

fn bind_lets(node: Option<&Node>, reader: &mut Reader<'_>) {
    for entry in node.and_then(Node::as_map).unwrap_or(&[]) {
        reader.bind(&entry.key, entry.key_span);
    }
}

fn check_identity(identity: &Identity, fields: &Fields<'_>, name: &str, reader: &mut Reader<'_>) {
    let place = |key: &str| fields.all().iter().find(|e| &*e.key == key).map_or(fields.span.head(), |e| e.value.span);
    match &identity.name {
        Some(given) if **given != *name => {
            let problem = Diagnostic::error("wrong-name", format!("the spec is called `{given}`, its file `{name}`"), place("name"));
            reader.report(
                problem
                    .label("this must be the file's name")
                    .help(format!("write `name: {name}`, or rename the file"))
                    .edit(place("name"), name),
            );
        }
        None if !reader.broken => {
            let problem = Diagnostic::error("missing-key", "a spec without `name`", fields.span.head()).label("`name` is needed here");
            reader.report(problem.help(format!("add `name: {name}`")));
        }
        _ => {}
    }
    match identity.version.as_deref() {
        Some(version) if !is_version(version) => {
            let problem = Diagnostic::error("bad-version", format!("`{version}` is no version"), place("version"));
            reader.report(problem.label("here").help("write three numbers, as in `1.0.0`; put it in quotes if YAML takes it for a number"));
        }
        None if !reader.broken => {
            let problem =
                Diagnostic::error("missing-key", "a spec without `version`", fields.span.head()).label("`version` is needed here");
            reader.report(problem.help("add `version: 1.0.0`"));
        }
        _ => {}
    }
    if identity.language != 1 {
        let problem =
            Diagnostic::error("unknown-language", format!("version {} of the language is not known", identity.language), place("language"));
        reader.report(problem.label("here").help("write `language: 1`, or use a newer engine"));
    }
}

fn is_version(text: &str) -> bool {
    let core = text.split_once(['-', '+']).map_or(text, |(core, _)| core);
    let parts: Vec<_> = core.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn read_tables(node: Option<&Node>, reader: &mut Reader<'_>) -> Value {
    let Some(node) = node else { return Value::default() };
    if node.as_map().is_none() {
        reader.mismatch(node, "a map of tables");
    }
    boolean_word::warn(node, &mut reader.problems);
    Raw::read(node, reader).map(|raw| raw.0.to_value()).unwrap_or_default()
}

fn read_sources(node: Option<&Node>, defaults: &Defaults, reader: &mut Reader<'_>) -> Option<Vec<SourceSpec>> {
    let Some(node) = node else { return Some(Vec::new()) };
    let Some(entries) = node.as_map() else {
        let problem = Diagnostic::error("wrong-type", "expected sources by their names", node.span);
        let problem = problem.label(format!("found {}", node.describe()));
        reader.report(problem.help("write each source under its name, without `- `: `page: {http: {url: …}}`"));
        return None;
    };
    let mut entries: Vec<&Entry> = entries.iter().collect();
    reader.bounded(&mut entries, "sources", |entry| entry.key_span);
    let check_tags = defaults.tags("service_checks");
    let read: Vec<_> = entries
        .into_iter()
        .map(|entry| SourceSpec::read(entry, &defaults.source(&entry.value, &reader.logins), &check_tags, reader))
        .collect();
    // Sources that could not be read have left their problems; the others are still resolved.
    Some(read.into_iter().flatten().collect())
}
