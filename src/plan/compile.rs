//! A spec to its plan: who waits for whom, and what stands before a request.

use super::remember;
use super::repeated;
use super::want::{Wanted, wanted};
use super::{InputPlan, LetPlan, MapPlan, Plan, SourcePlan, before_answer, is_need};
use crate::base::diag::Diagnostic;
use crate::base::name::NameId;
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::expr::code::Code;
use crate::expr::names;
use crate::expr::tree::Expr;
use crate::map::{Mapped, Scratches};
use crate::rows::{Choose, Input, RowsSpec};
use crate::source::Folders;
use crate::spec::source::{Origin, SourceSpec};
use crate::spec::{Placed, Spec};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Which sources a place uses: those it needs, and those it merely mentions.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    pub(super) needs: BTreeSet<usize>,
    mentions: BTreeSet<usize>,
}

impl Reach {
    fn add(&mut self, other: &Reach) {
        self.needs.extend(&other.needs);
        self.mentions.extend(&other.mentions);
    }

    fn all(&self) -> BTreeSet<usize> {
        self.needs.union(&self.mentions).copied().collect()
    }
}

pub(super) struct Graph {
    pub(super) sources: HashMap<NameId, usize>,
    pub(super) lets: HashMap<NameId, Reach>,
}

impl Graph {
    fn of(spec: &Spec) -> Graph {
        let sources = spec.sources.iter().enumerate().map(|(at, source)| (source.name, at)).collect();
        let mut graph = Graph { sources, lets: HashMap::new() };
        // The names are ordered by need, so each finds those that it uses.
        for local in &spec.lets {
            let mut reach = Reach::default();
            graph.code(&local.value.0, &mut reach);
            graph.lets.insert(local.name, reach);
        }
        graph
    }

    pub(super) fn code(&self, code: &Code, reach: &mut Reach) {
        for used in &code.uses {
            if let Some(source) = self.sources.get(&used.name) {
                let set = if is_need(used.member.as_deref()) { &mut reach.needs } else { &mut reach.mentions };
                set.insert(*source);
            }
            if let Some(through) = self.lets.get(&used.name) {
                reach.add(through);
            }
        }
    }

    fn from(&self, rows: &RowsSpec, reach: &mut Reach) {
        let each = rows.each.iter().filter_map(|each| each.source);
        let named = rows.from.iter().filter(|input| !input.requests).map(|input| input.source).chain(each);
        let mentioned = rows.from.iter().filter(|input| input.requests).filter_map(|input| self.sources.get(&input.source).copied());
        reach.mentions.extend(mentioned);
        reach.needs.extend(named.filter_map(|name| self.sources.get(&name).copied()));
    }
}

/// Compiles a spec that was read without errors.
///
/// # Errors
/// Sources, or sources and names, that wait for each other.
pub fn compile(mut spec: Spec, folders: Folders) -> Result<Plan, Vec<Diagnostic>> {
    let graph = Graph::of(&spec);
    let mut sources: Vec<SourcePlan> = spec.sources.iter().enumerate().map(|(at, source)| source_plan(at, source, &spec, &graph)).collect();
    let mut circles = circles(&spec, &sources);
    circles.extend(waiting_names(&spec, &graph));
    if !circles.is_empty() {
        return Err(circles);
    }
    let late = answer_too_late(&spec);
    if !late.is_empty() {
        return Err(late);
    }
    let lets = std::mem::take(&mut spec.lets).into_iter();
    let lets =
        lets.map(|local| LetPlan { waits: graph.lets.get(&local.name).map(Reach::all).unwrap_or_default().into_iter().collect(), local });
    let lets: Vec<LetPlan> = lets.collect();
    let mut mappings: Vec<MapPlan> = spec.mappings.iter().map(|placed| map_plan(placed, &graph, &spec)).collect();
    tell_apart(&mut mappings);
    let wants: Vec<_> = sources.iter().enumerate().map(|(at, source)| wanted(at, &spec, source, &mappings, &lets)).collect();
    sources.iter_mut().zip(wants).for_each(|(source, wanted)| source.wanted = wanted);
    let remember = remember::plan(&spec, &graph);
    let names = Arc::new(std::mem::take(&mut spec.names));
    let facts = [("name", &spec.name), ("version", &spec.version)].map(|(key, text)| (Text::from(key), Value::Text(text.clone())));
    let facts = Value::map(facts.into_iter().collect());
    Ok(Plan { spec, folders, sources, lets, mappings, remember, names, facts, version: 0, scratches: Scratches::default() })
}

fn source_plan(at: usize, source: &SourceSpec, spec: &Spec, graph: &Graph) -> SourcePlan {
    let mut reach = Reach::default();
    source.codes(&mut |code| graph.code(code, &mut reach));
    graph.from(&source.rows, &mut reach);
    let mut of_when = Reach::default();
    source.rows.when.iter().for_each(|when| graph.code(&when.0, &mut of_when));
    for reach in [&mut reach, &mut of_when] {
        reach.needs.remove(&at);
        reach.mentions.remove(&at);
    }
    let mut waits = reach.all();
    waits.extend(source.after.iter().filter_map(|(name, _)| graph.sources.get(name).copied()));
    waits.remove(&at);
    let (before, after) = split(source, spec);
    let mut asks_with = Reach::default();
    before.each.iter().for_each(|each| graph.code(&each.over.0, &mut asks_with));
    before.lets.iter().for_each(|local| graph.code(&local.value.0, &mut asks_with));
    if let Origin::Fetch(fetch) = &source.origin {
        fetch.codes(&mut |code| graph.code(code, &mut asks_with));
    }
    SourcePlan {
        asks_with: asks_with.needs.into_iter().collect(),
        wanted: Wanted::default(),
        carries: carried(source, &before, &after),
        lists: repeated::lists(source, spec),
        per_record: per_record(&after),
        over_all: RowsSpec { group: after.group.clone(), dedupe: after.dedupe.clone(), limit: after.limit.clone(), ..RowsSpec::default() },
        locals: after.bound_and(&before),
        counted: counted(&after),
        before,
        after,
        needs: reach.needs.into_iter().collect(),
        waits: waits.into_iter().collect(),
        when_names: of_when.all().into_iter().collect(),
    }
}

/// The row keys that stand before the request, since they need nothing of the answer, and those
/// after it. A derived source has no request: its condition stands before if it needs no row.
fn split(source: &SourceSpec, spec: &Spec) -> (RowsSpec, RowsSpec) {
    let rows = &source.rows;
    let fetches = matches!(source.origin, Origin::Fetch(_));
    let mut before = RowsSpec::default();
    let mut after = RowsSpec { lets: Vec::new(), each: Vec::new(), when: None, ..rows.clone() };
    let later = if fetches { after_answer(source) } else { rows.bound_and(&RowsSpec::default()) };
    for each in &rows.each {
        let place = if later.contains(&each.name) { &mut after } else { &mut before };
        place.each.push(each.clone());
    }
    let n_before = before.each.len();
    for local in &rows.lets {
        if later.contains(&local.name) {
            after.lets.push(crate::rows::Let { after: local.after.saturating_sub(n_before), ..local.clone() });
        } else {
            before.lets.push(crate::rows::Let { after: local.after.min(n_before), ..local.clone() });
        }
    }
    match &rows.when {
        Some(when) if before_answer(&when.0, source.name, &later) && (fetches || is_of_run(&when.0, spec)) => {
            before.when = Some(when.clone());
        }
        when => after.when = when.clone(),
    }
    (before, after)
}

/// True if a place reads nothing but names of the whole run: no row, and no name that comes with one.
fn is_of_run(code: &Code, spec: &Spec) -> bool {
    let known = |name: NameId| {
        names::EVERYWHERE.contains(&name)
            || spec.sources.iter().any(|source| source.name == name)
            || spec.lets.iter().any(|local| local.name == name)
    };
    code.uses.iter().all(|used| known(used.name))
}

/// Choosing rows comes before, since pages count their rows; only a recursion is a walk of its own.
fn per_record(after: &RowsSpec) -> RowsSpec {
    let rows = after.rows.clone().filter(|rows| matches!(rows, Choose::Recurse { .. }));
    RowsSpec { rows, group: Vec::new(), dedupe: None, limit: None, ..after.clone() }
}

/// What a page holds before a filter in the path of `rows`, and the first level of a recursion.
fn counted(after: &RowsSpec) -> Option<Code> {
    let (of, always) = match after.rows.as_ref()? {
        Choose::Items(of) => (&of.0, false),
        Choose::Recurse { of, .. } => (&of.0, true),
    };
    let unfiltered = match &of.expr {
        Expr::On(root, path) => path.unfiltered().map(|path| Expr::On(root.clone(), Box::new(path))),
        _ => None,
    };
    match unfiltered {
        Some(expr) => Some(Code { expr, ..of.clone() }),
        None => always.then(|| of.clone()),
    }
}

/// The local names that need the answer, by themselves or through others.
fn after_answer(source: &SourceSpec) -> Vec<NameId> {
    let loops = source.rows.each.iter().map(|each| (each.name, &each.over.0));
    let locals = source.rows.lets.iter().map(|local| (local.name, &local.value.0));
    let names: Vec<_> = loops.chain(locals).collect();
    let mut later: Vec<NameId> = Vec::new();
    loop {
        let next = names.iter().find(|(name, code)| !later.contains(name) && !before_answer(code, source.name, &later));
        match next {
            Some((name, _)) => later.push(*name),
            None => return later,
        }
    }
}

fn carried(source: &SourceSpec, before: &RowsSpec, after: &RowsSpec) -> Vec<NameId> {
    if !after.group.is_empty() {
        return Vec::new();
    }
    let mut names = before.bound_names();
    names.extend(after.bound_names());
    if matches!(&source.origin, Origin::Fetch(fetch) if fetch.kind() == "file") {
        names.push(names::FILE);
    }
    if matches!(after.rows, Some(Choose::Recurse { .. })) {
        names.extend([names::PARENT, names::DEPTH]);
    }
    names
}

fn map_plan(placed: &Placed, graph: &Graph, spec: &Spec) -> MapPlan {
    let mapped = &placed.mapped;
    let mut reach = Reach::default();
    mapped.rows.codes(&mut |code| graph.code(code, &mut reach));
    mapped.mapping.codes(&mut |code| graph.code(code, &mut reach));
    graph.from(&mapped.rows, &mut reach);
    let input = |input: &Input| graph.sources.get(&input.source).map(|at| InputPlan { at: *at, requests: input.requests });
    let from = mapped.rows.from.iter().filter_map(input).collect();
    let about = about(&mapped.rows, spec);
    let once = mapped.rows.once.as_ref();
    MapPlan {
        from,
        needs: reach.needs.into_iter().collect(),
        place: once.map(|once| format!("{}/{about}/{}", placed.family.word(), once.text)).unwrap_or_default().into(),
        about: about.into(),
        watching: watching(mapped),
    }
}

/// The sources of a mapping in words.
fn about(rows: &RowsSpec, spec: &Spec) -> String {
    let name = |input: &Input| {
        let name = spec.names.text(input.source);
        if input.requests { format!("{name}.requests") } else { name.to_owned() }
    };
    rows.from.iter().map(name).collect::<Vec<_>>().join("+")
}

fn watching(mapped: &Mapped) -> Option<RowsSpec> {
    let rows = &mapped.rows;
    let counted = !rows.group.is_empty() || rows.dedupe.is_some() || rows.limit.is_some() || rows.once.is_some();
    (mapped.mapping.watches() && !counted).then(|| RowsSpec { when: None, ..rows.clone() })
}

/// Mappings that say the same of `once` each have a memory of their own, in written order.
fn tell_apart(mappings: &mut [MapPlan]) {
    let mut met: HashMap<Text, usize> = HashMap::new();
    for mapping in mappings.iter_mut().filter(|mapping| !mapping.place.is_empty()) {
        let n_before = met.entry(mapping.place.clone()).or_default();
        if *n_before > 0 {
            mapping.place = format!("{} #{}", mapping.place, *n_before + 1).into();
        }
        *n_before += 1;
    }
}

/// Sources that can never begin, because they wait for each other.
fn circles(spec: &Spec, sources: &[SourcePlan]) -> Vec<Diagnostic> {
    let mut done: BTreeSet<usize> = BTreeSet::new();
    loop {
        let ready = |at: &usize| !done.contains(at) && sources.get(*at).is_some_and(|s| s.waits.iter().all(|w| done.contains(w)));
        let Some(next) = (0..sources.len()).find(ready) else { break };
        done.insert(next);
    }
    let stuck: Vec<usize> = (0..sources.len()).filter(|at| !done.contains(at)).collect();
    let name = |at: &usize| spec.sources.get(*at).map_or("", |s| spec.names.text(s.name));
    let names = crate::base::suggest::listed(stuck.iter().map(name), 10);
    let first = stuck.first().and_then(|at| spec.sources.get(*at));
    let problem = first.map(|source| {
        Diagnostic::error("circular-sources", "sources that wait for each other", source.span)
            .label("this one waits for the others")
            .text(format!("None of {names} can begin first."))
            .help("break the circle: one of them must not use the others")
    });
    problem.into_iter().collect()
}

/// Names of the run that need a source which itself uses them.
fn waiting_names(spec: &Spec, graph: &Graph) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (at, source) in spec.sources.iter().enumerate() {
        source.codes(&mut |code| {
            for used in &code.uses {
                if let Some(back) = use_of_source(used.name, at, spec, graph) {
                    let (name, source) = (spec.names.text(used.name), spec.names.text(source.name));
                    let title = format!("`{name}` and source `{source}` wait for each other");
                    let problem = Diagnostic::error("circular-names", title, used.span).label(format!("`{source}` begins after `{name}`"));
                    let problem = problem.also(back, format!("`{name}` is computed after `{source}`"));
                    problems.push(problem.help(format!("use `{name}` in mappings only, or do without `{source}` in it")));
                }
            }
        });
    }
    problems
}

/// Where the name of the run, or one that it uses, needs the source.
fn use_of_source(name: NameId, source: usize, spec: &Spec, graph: &Graph) -> Option<Span> {
    let reaches = |name: NameId| graph.lets.get(&name).is_some_and(|reach| reach.all().contains(&source));
    let local = spec.lets.iter().find(|local| local.name == name).filter(|_| reaches(name))?;
    let uses = &local.value.0.uses;
    let own = uses.iter().find(|used| graph.sources.get(&used.name) == Some(&source));
    own.or_else(|| uses.iter().find(|used| reaches(used.name))).map(|used| used.span)
}

/// Requests that use a name which exists only after the answer.
fn answer_too_late(spec: &Spec) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for source in &spec.sources {
        let Origin::Fetch(fetch) = &source.origin else { continue };
        let (_, after) = split(source, spec);
        let late = after.bound_names();
        let mut repeats = Vec::new();
        fetch.repeats().iter().for_each(|of| of.codes(&mut |code| repeats.extend(code.uses.iter().map(|used| used.span))));
        fetch.codes(&mut |code| {
            for used in code.uses.iter().filter(|used| used.name == source.name && !repeats.contains(&used.span)) {
                let name = spec.names.text(used.name);
                let problem = Diagnostic::error("name-not-in-scope", format!("`{name}` has no answer before this request"), used.span);
                let help = format!("read another source, or `previous.{name}` for what it held in the last run");
                problems.push(problem.label("this is the request of the same source").help(help));
            }
            for used in code.uses.iter().filter(|used| late.contains(&used.name)) {
                let name = spec.names.text(used.name);
                let problem = Diagnostic::error("name-not-in-scope", format!("`{name}` needs the answer of this request"), used.span);
                problems.push(problem.label("the request is made before").help("use names that need no row of this source"));
            }
        });
    }
    problems
}
