//! Typed values out of nodes: all problems at once, every name noted with its place.
//!
//! Reading never stops at a problem. A part that cannot be read gives `None` and a diagnostic, and
//! its siblings are read all the same.

use super::node::{Data, Entry, Literal, Node};
use super::shape::{FieldDoc, Shape};
use crate::base::diag::{self, Diagnostic};
use crate::base::limits;
use crate::base::name::{NameId, Names};
use crate::base::span::{Sources, Span};
use crate::base::suggest::{listed, nearest};
use crate::base::value::Text;

/// A type that can be read from a node.
pub trait Field: Sized {
    /// What it accepts.
    fn shape() -> Shape;
    /// The value of a node; `None` after a problem was reported.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;
    /// The value where the key is not given; `None` makes the key required.
    fn absent() -> Option<Self> {
        None
    }
}

/// A struct whose fields stand in a map, possibly together with those of other structs.
pub trait Record: Sized {
    /// Its fields.
    fn docs() -> Vec<FieldDoc>;
    /// Takes its fields out of an opened map; `None` after a problem was reported.
    fn read_from(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<Self>;
}

/// One region of a spec in which the same names exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeId(usize);

/// What a scope adds to the one around it.
#[derive(Debug, Default)]
pub struct Scope {
    /// The scope around it.
    pub parent: Option<ScopeId>,
    /// Names that begin to exist here.
    pub binds: Vec<(NameId, Span)>,
    /// Sources whose rows this is about: their local names exist here too.
    pub from: Vec<NameId>,
    /// True after a `group`: only `row` and the names of the run exist.
    pub sealed: bool,
    /// What is read in it, in one word, and where that stands: defaults stand elsewhere.
    pub part: Option<(&'static str, Span)>,
}

/// One use of a name in a path, expression or template.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// Which name.
    pub name: NameId,
    /// The member that is read of it, where that is constant: `rows` in `hosts.rows`.
    pub member: Option<Text>,
    /// All constant keys that are read behind it: `members`, `by`, `id` in `previous.members.by.id[row.id]`.
    pub keys: Box<[Text]>,
    /// Where it stands.
    pub span: Span,
}

/// A part of a spec that other places refer to by its name.
#[derive(Clone, Debug)]
pub struct NamedNode {
    /// Its name and what stands there.
    pub entry: Entry,
    /// True once a place has referred to it.
    pub used: bool,
    /// True while it is being read.
    pub open: bool,
}

/// Reads the nodes of one file, or of several that make one spec.
#[derive(Debug)]
pub struct Reader<'s> {
    /// The texts, for places inside strings.
    pub sources: &'s Sources,
    /// All problems so far.
    pub problems: Vec<Diagnostic>,
    /// The names of the spec.
    pub names: Names,
    /// The names of sources: a path on one of them goes into its document. To be set before
    /// anything is read.
    pub source_names: Vec<NameId>,
    /// The named logins, which are read where they are used. To be set before anything is read.
    pub logins: Vec<NamedNode>,
    /// Every use of a name with the scope it stands in.
    pub uses: Vec<(Use, ScopeId)>,
    /// True if the file broke off, so that missing keys mean nothing.
    pub broken: bool,
    scopes: Vec<Scope>,
    current: ScopeId,
    n_sites: usize,
}

impl<'s> Reader<'s> {
    /// A reader in the outermost scope.
    pub fn new(sources: &'s Sources, broken: bool) -> Self {
        let scopes = vec![Scope::default()];
        Reader {
            sources,
            problems: Vec::new(),
            names: Names::default(),
            source_names: Vec::new(),
            logins: Vec::new(),
            uses: Vec::new(),
            broken,
            scopes,
            current: ScopeId(0),
            n_sites: 0,
        }
    }

    /// Notes a problem.
    pub fn report(&mut self, problem: Diagnostic) {
        diag::add(&mut self.problems, problem);
    }

    /// Cuts a list of names that is longer than anybody writes; `what` they are, like "sources".
    pub fn bounded<T>(&mut self, names: &mut Vec<T>, what: &str, place: impl Fn(&T) -> Span) {
        if let Some(beyond) = names.get(limits::SPEC_NAMES) {
            let title = format!("more than {} {what}", limits::SPEC_NAMES);
            let problem = Diagnostic::error("too-many-names", title, place(beyond)).label("one too many");
            self.report(problem.help("make several specs of it, or read what varies from an answer or a table"));
            names.truncate(limits::SPEC_NAMES);
        }
    }

    /// Reports that a node has another shape than wanted.
    pub fn mismatch(&mut self, node: &Node, expected: &str) {
        let problem =
            Diagnostic::error("wrong-type", format!("expected {expected}"), node.span).label(format!("found {}", node.describe()));
        self.report(problem.help(format!("write {expected}")));
    }

    /// Reads something in a scope of its own; the scope's id comes along.
    pub fn within<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> (T, ScopeId) {
        let outer = self.current;
        self.scopes.push(Scope { parent: Some(outer), ..Scope::default() });
        self.current = ScopeId(self.scopes.len() - 1);
        let inner = self.current;
        let value = read(self);
        self.current = outer;
        (value, inner)
    }

    /// From here on, until the surrounding [`Reader::within`] ends, only rows and the names of the
    /// run exist.
    pub fn seal(&mut self) {
        let parent = Some(self.current);
        self.scopes.push(Scope { parent, sealed: true, ..Scope::default() });
        self.current = ScopeId(self.scopes.len() - 1);
    }

    /// A name begins to exist in the current scope.
    pub fn bind(&mut self, name: &str, span: Span) -> NameId {
        let id = self.names.intern(name);
        if let Some(scope) = self.scopes.get_mut(self.current.0) {
            scope.binds.push((id, span));
        }
        id
    }

    /// The current scope is that of a part of the spec.
    pub fn begin(&mut self, what: &'static str, span: Span) {
        if let Some(scope) = self.scopes.get_mut(self.current.0) {
            scope.part = Some((what, span));
        }
    }

    /// The current scope is about the rows of these sources.
    pub fn about(&mut self, sources: &[NameId]) {
        if let Some(scope) = self.scopes.get_mut(self.current.0) {
            scope.from.extend_from_slice(sources);
        }
    }

    /// True for a name of the whole run: a built-in one, a source, one of the top-level `let`.
    pub fn is_of_run(&self, name: NameId) -> bool {
        self.scopes.first().is_some_and(|root| root.binds.iter().any(|(bound, _)| *bound == name))
    }

    /// Notes the use of a name in the current scope.
    pub fn note(&mut self, used: Use) {
        self.uses.push((used, self.current));
    }

    /// What a node says, however it is quoted: what memory is found by must outlive a change of style.
    pub fn written(&self, node: &Node) -> Text {
        match node.as_scalar() {
            Some(scalar) => scalar.text.trim().into(),
            None => self.sources.slice(node.span).trim().into(),
        }
    }

    /// A number for a place whose result can be kept per check.
    pub fn next_site(&mut self) -> usize {
        self.n_sites += 1;
        self.n_sites - 1
    }

    /// How many such places there are.
    pub fn n_sites(&self) -> usize {
        self.n_sites
    }

    /// All scopes, outer ones first.
    pub fn scope_ids(&self) -> impl Iterator<Item = ScopeId> {
        (0..self.scopes.len()).map(ScopeId)
    }

    /// A scope of this reader.
    pub fn scope(&self, id: ScopeId) -> Option<&Scope> {
        self.scopes.get(id.0)
    }
}

/// The entries of a map while a struct is read from it: knows which keys were taken.
#[derive(Debug)]
pub struct Fields<'n> {
    /// The map's place.
    pub span: Span,
    entries: &'n [Entry],
    known: Vec<&'static str>,
    /// A key that was read already, which the structs read from now on do not see.
    passed: Option<&'static str>,
    what: String,
}

impl<'n> Fields<'n> {
    /// Opens a map; `what` is the thing in messages, like "source `page`".
    pub fn open(node: &'n Node, what: impl Into<String>, reader: &mut Reader<'_>) -> Option<Self> {
        let what = what.into();
        match &node.data {
            Data::Map(entries) => Some(Fields { span: node.span, entries, known: Vec::new(), passed: None, what }),
            Data::Scalar(_) if node.is_null() => Some(Fields { span: node.span, entries: &[], known: Vec::new(), passed: None, what }),
            Data::Scalar(_) | Data::List(_) => {
                reader.mismatch(node, &format!("a map for {what}"));
                None
            }
        }
    }

    /// The same for a declared struct: what is no map is told the keys there are.
    pub fn open_record(node: &'n Node, what: &str, docs: fn() -> Vec<FieldDoc>, reader: &mut Reader<'_>) -> Option<Self> {
        if node.as_map().is_some() || node.is_null() {
            return Fields::open(node, what, reader);
        }
        let docs = docs();
        let fits = |field: &&FieldDoc| fits(&field.shape, node);
        let mut needed = docs.iter().filter(|field| field.required).peekable();
        // The first key that is needed, or else the first that takes such a value.
        let first = if needed.peek().is_some() { needed.find(fits) } else { docs.iter().find(fits) };
        let written = reader.sources.slice(node.span);
        let example = match first.filter(|_| written.len() < 80 && !written.contains('\n')) {
            Some(field) => format!("{{{}: {written}}}", field.key),
            None => format!("{{{}: …}}", docs.iter().find(|field| field.required).or(docs.first()).map_or("key", |field| field.key)),
        };
        let keys = crate::base::suggest::listed(docs.iter().map(|field| field.key), 12);
        let problem = Diagnostic::error("wrong-type", format!("expected a map for {what}"), node.span);
        let problem = problem.label(format!("found {}", node.describe()));
        reader.report(problem.help(format!("write its keys, as in `{example}`; its keys are {keys}")));
        None
    }

    /// The node of a key, which is known from now on. Null counts as not given.
    pub fn node(&mut self, key: &'static str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value).filter(|node| !node.is_null())
    }

    /// The entry of a key, which is known from now on.
    pub fn entry(&mut self, key: &'static str) -> Option<&'n Entry> {
        self.known.push(key);
        self.entries.iter().find(|entry| &*entry.key == key && self.passed != Some(key))
    }

    /// A key was read by a struct that comes before others which have it, too: for those it is not there.
    pub fn pass_over(&mut self, key: &'static str) {
        self.known.push(key);
        self.passed = Some(key);
    }

    /// Reads the field of a key.
    pub fn take<T: Field>(&mut self, key: &'static str, reader: &mut Reader<'_>) -> Option<T> {
        let Some(entry) = self.entry(key) else { return self.absent(key, reader) };
        if entry.value.is_null() && matches!(T::shape(), Shape::Any) {
            return T::read(&entry.value, reader);
        }
        if entry.value.is_null() {
            let problem = Diagnostic::error("empty-key", format!("the key `{key}` without a value"), entry.key_span)
                .label(format!("expected {}", T::shape().words()))
                .help(format!("give `{key}` a value, or remove it"));
            reader.report(problem);
            return T::absent();
        }
        let at = reader.problems.len();
        let value = T::read(&entry.value, reader);
        if value.is_none() && reader.problems.len() == at {
            reader.mismatch(&entry.value, &T::shape().words());
        }
        value
    }

    fn absent<T: Field>(&self, key: &'static str, reader: &mut Reader<'_>) -> Option<T> {
        let value = T::absent();
        if value.is_none() && !reader.broken {
            let problem = Diagnostic::error("missing-key", format!("{} without `{key}`", self.what), self.span)
                .label(format!("`{key}` is needed here"))
                .help(format!("add `{key}:` with {}", T::shape().words()));
            reader.report(problem);
        }
        value
    }

    /// Entries whose key nobody has asked for yet.
    pub fn rest(&self) -> impl Iterator<Item = &'n Entry> {
        self.entries.iter().filter(|entry| !self.known.iter().any(|k| *k == &*entry.key))
    }

    /// All entries of the map.
    pub fn all(&self) -> &'n [Entry] {
        self.entries
    }

    /// Makes a key known without reading it.
    pub fn know(&mut self, key: &'static str) {
        self.known.push(key);
    }

    /// Reports every key that nobody asked for, with the nearest known one.
    pub fn finish(self, reader: &mut Reader<'_>) {
        for entry in self.rest() {
            // Looking for the nearest name takes its time, and nobody reads so many.
            if reader.problems.len() > limits::PROBLEMS {
                return;
            }
            if !entry.key.starts_with("x-") {
                reader.report(unknown_key(entry, &self.what, self.known.iter().copied()));
            }
        }
    }
}

/// True if a plain value is one that a shape takes.
fn fits(shape: &Shape, node: &Node) -> bool {
    let Some(scalar) = node.as_scalar() else { return false };
    match shape {
        Shape::Integer | Shape::Number => matches!(scalar.literal, Literal::Number(_)),
        Shape::Bool => matches!(scalar.literal, Literal::Bool(_)),
        Shape::Any => true,
        Shape::Text | Shape::Template | Shape::Expression => scalar.literal == Literal::Text,
        Shape::Setting(of) => fits(of, node),
        Shape::Either(shapes) => shapes.iter().any(|shape| fits(shape, node)),
        Shape::Words(words) => words.contains(&&*scalar.text),
        Shape::Duration => crate::base::units::parse_duration(&scalar.text).is_ok(),
        Shape::Size => crate::base::units::parse_size(&scalar.text).is_ok(),
        Shape::List(_) | Shape::Map(_) | Shape::Struct(_) | Shape::Kind(..) | Shape::Kinds(..) => false,
    }
}

/// The diagnostic for a key that nothing understands.
pub fn unknown_key<'a>(entry: &Entry, what: &str, known: impl Iterator<Item = &'a str> + Clone) -> Diagnostic {
    let key = &*entry.key;
    let problem = Diagnostic::error("unknown-key", format!("unknown key `{key}` in {what}"), entry.key_span);
    if entry.value.is_null() && key.contains(['(', ')', '[', ']', '.', '*', '\'']) {
        return Diagnostic { code: "cut-value", title: format!("`{key}` is not a key"), ..problem }
            .label("this looks like a part of an expression or path that `{ }` has cut at a comma or bracket")
            .help("put the whole value in double quotes, or use the block form without `{ }`");
    }
    match nearest(key, known.clone()) {
        Some(near) => {
            let span = entry.key_span;
            problem.label(format!("did you mean `{near}`?")).help(format!("write `{near}`")).edit(span, near)
        }
        None => {
            let mut names: Vec<_> = known.collect();
            names.sort_unstable();
            names.dedup();
            problem.label("nothing here understands this").help(format!("remove it, or use one of {}", listed(names, 60)))
        }
    }
}
