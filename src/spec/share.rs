//! `use`: what several specs share, put together before anything is read.
//!
//! ```yaml
//! # specs/etcd.yaml
//! name: etcd
//! version: 1.0.0
//! use: [fragments/openmetrics.yaml]      # from the folder of the specs
//! ```
//!
//! A fragment is a file with any of the top-level keys of a spec but `name` and `version`; its
//! `title` and `description` are about itself. It may use others. Each file counts once, however
//! many use it. Trees are merged, not texts, so places stay true; anchors belong to their file.
//! Nothing here touches a disk: a [`FragmentStore`] finds the texts.

use super::merge::{Merger, Override};
use super::standard;
use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::base::span::{FileId, Sources, Span};
use crate::base::value::Text;
use crate::yaml::load::{Loaded, load};
use crate::yaml::node::{Data, Entry, Node};

/// Where fragments are found.
pub trait FragmentStore {
    /// Takes the text of a fragment into the session, or finds it there. `path` starts at the
    /// folder of the specs and does not leave it.
    ///
    /// # Errors
    /// Why it cannot be read, as words after its path.
    fn open(&mut self, path: &str, sources: &mut Sources) -> Result<FileId, String>;
}

/// The store of a spec that stands alone.
#[derive(Clone, Copy, Debug)]
pub struct NoFragments;

impl FragmentStore for NoFragments {
    fn open(&mut self, _: &str, _: &mut Sources) -> Result<FileId, String> {
        Err("there are no fragments here".to_owned())
    }
}

/// Everything that one spec consists of.
#[derive(Debug)]
pub struct Whole {
    /// The merged tree, and the problems so far.
    pub loaded: Loaded,
    /// False if a part could not be had, so that missing names mean nothing.
    pub complete: bool,
    /// The fragments, each with the place of its first use.
    pub fragments: Vec<(FileId, Span)>,
    /// What `config.use` adds to sources that do not say otherwise.
    pub standard: Vec<Entry>,
}

impl From<Loaded> for Whole {
    fn from(loaded: Loaded) -> Self {
        Whole { loaded, complete: true, fragments: Vec::new(), standard: Vec::new() }
    }
}

/// Puts a spec together with all fragments that it uses and the options that `config.use` names.
pub fn assemble(loaded: Loaded, sources: &mut Sources, store: &mut dyn FragmentStore) -> Whole {
    let mut collector = Collector {
        sources,
        store,
        parts: Vec::new(),
        overrides: Vec::new(),
        chain: Vec::new(),
        done: Vec::new(),
        whole: Whole::from(Loaded { root: Node::null(loaded.root.span), problems: loaded.problems, broken: loaded.broken }),
    };
    collector.visit(&loaded.root);
    let Collector { mut parts, overrides, mut whole, .. } = collector;
    whole.loaded.root = loaded.root;
    if !parts.is_empty() {
        let own = std::mem::replace(&mut whole.loaded.root, Node::null(Span::default()));
        parts.push(own);
        let mut merger = Merger::new(overrides, parts.len());
        whole.loaded.root = merger.merge(parts);
        whole.loaded.problems.append(&mut merger.problems);
    } else {
        whole.loaded.problems.extend(overrides.iter().map(override_without_use));
    }
    standard::add(&mut whole, sources);
    whole
}

fn override_without_use(entry: &Override) -> Diagnostic {
    let problem = Diagnostic::warning("idle-override", format!("`{}` overrides nothing", entry.path), entry.span);
    problem.label("this spec uses no fragments").help("remove it, or name the fragment under `use`")
}

struct Collector<'c> {
    sources: &'c mut Sources,
    store: &'c mut dyn FragmentStore,
    parts: Vec<Node>,
    overrides: Vec<Override>,
    /// The fragments that are being visited, each used by the one before.
    chain: Vec<Text>,
    done: Vec<Text>,
    whole: Whole,
}

impl Collector<'_> {
    /// Collects what a file uses, in order, and its overrides.
    fn visit(&mut self, root: &Node) {
        for (path, span) in texts(root, "use", &mut self.whole.loaded.problems) {
            self.fragment(path, span);
        }
        let part = self.parts.len();
        let overrides = texts(root, "override", &mut self.whole.loaded.problems);
        self.overrides.extend(overrides.into_iter().map(|(path, span)| Override { path, span, part }));
    }

    fn fragment(&mut self, path: Text, span: Span) {
        if let Some(problem) = self.refused(&path, span) {
            self.whole.complete = false;
            self.whole.loaded.problems.push(problem);
            return;
        }
        let path = plain(&path);
        if self.done.contains(&path) {
            return;
        }
        self.done.push(path.clone());
        let file = match self.store.open(&path, self.sources) {
            Ok(file) => file,
            Err(why) => {
                self.whole.complete = false;
                let problem = Diagnostic::error("no-fragment", format!("the fragment `{path}` cannot be read: {why}"), span);
                let problem = problem.label("used here");
                self.whole
                    .loaded
                    .problems
                    .push(problem.help("paths under `use` start at the folder of the specs: `use: [fragments/NAME.yaml]`"));
                return;
            }
        };
        let loaded = load(self.sources, file);
        self.whole.complete &= !loaded.broken;
        self.whole.loaded.broken |= loaded.broken;
        self.whole.loaded.problems.extend(loaded.problems);
        self.whole.fragments.push((file, span));
        self.chain.push(path);
        self.visit(&loaded.root);
        self.chain.pop();
        let own = fragment_keys(loaded.root, &mut self.whole.loaded.problems);
        self.parts.push(own);
    }

    fn refused(&self, path: &str, span: Span) -> Option<Diagnostic> {
        let problem = |title: String| Diagnostic::error("bad-use", title, span);
        let leaves = path.split('/').any(|part| part == "..");
        if path.starts_with('/') || leaves || path.contains('\\') {
            let problem = problem(format!("`{path}` leaves the folder of the specs")).label("a fragment lies below that folder");
            return Some(problem.help("put it there and write its path from that folder: `use: [fragments/NAME.yaml]`"));
        }
        let circle = self.chain.iter().position(|open| **open == *plain(path));
        if let Some(at) = circle {
            let names: Vec<_> = self.chain.iter().skip(at).map(|open| format!("`{open}`")).chain([format!("`{path}`")]).collect();
            let problem = problem("fragments that use each other".to_owned()).label("this leads back");
            return Some(
                problem
                    .text(format!("{}.", names.join(" uses ")))
                    .help("remove one `use` of the circle; put what both need into a third file"),
            );
        }
        if self.done.len() >= limits::FRAGMENTS && !self.done.contains(&plain(path)) {
            let problem = problem(format!("more than {} fragments in one spec", limits::FRAGMENTS)).label("this is one too many");
            return Some(problem.help("put what belongs together into one file"));
        }
        None
    }
}

/// Without `./` and doubled slashes, so that each file has one name.
fn plain(path: &str) -> Text {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    parts.join("/").into()
}

/// The texts of a top-level key that holds a list of them, or one.
fn texts(root: &Node, key: &str, problems: &mut Vec<Diagnostic>) -> Vec<(Text, Span)> {
    let Some(entry) = root.entry(key).filter(|entry| !entry.value.is_null()) else { return Vec::new() };
    let items = entry.value.as_list().unwrap_or(std::slice::from_ref(&entry.value));
    let mut out = Vec::new();
    for item in items {
        match item.as_scalar() {
            Some(scalar) if !scalar.text.is_empty() => out.push((scalar.text.clone(), item.span)),
            _ => {
                let example = if key == "use" { "fragments/NAME.yaml" } else { "sources.NAME" };
                let problem = Diagnostic::error("wrong-type", format!("expected a list of texts for `{key}`"), item.span);
                problems.push(problem.label(format!("found {}", item.describe())).help(format!("write `{key}: [{example}]`")));
            }
        }
    }
    out
}

/// Keys that only a spec has.
const OF_SPECS: &[&str] = &["name", "version"];
/// Keys that are about the file alone.
const OF_THE_FILE: &[&str] = &["title", "description", "language", "use", "override"];

/// What a fragment gives to those that use it.
fn fragment_keys(root: Node, problems: &mut Vec<Diagnostic>) -> Node {
    check_fragment(&root, problems);
    let Data::Map(entries) = root.data else { return Node { span: root.span, data: Data::Map(Vec::new()) } };
    let given = |entry: &Entry| {
        let key = &*entry.key;
        !OF_SPECS.contains(&key) && !OF_THE_FILE.contains(&key) && !key.starts_with("x-")
    };
    Node { span: root.span, data: Data::Map(entries.into_iter().filter(given).collect()) }
}

/// Reports what makes a file no fragment.
pub fn check_fragment(root: &Node, problems: &mut Vec<Diagnostic>) {
    if root.as_map().is_none() && !root.is_null() {
        let problem =
            Diagnostic::error("wrong-type", "expected a map for a fragment", root.span).label(format!("found {}", root.describe()));
        problems.push(problem.help("write top-level keys of a spec, such as `sources:` or `metrics:`"));
    }
    for entry in root.as_map().unwrap_or(&[]).iter().filter(|entry| OF_SPECS.contains(&&*entry.key)) {
        let problem = Diagnostic::error("spec-as-fragment", format!("a fragment with `{}`", entry.key), entry.key_span);
        let problem = problem
            .label("only a spec has this")
            .text("A fragment is a part of every spec that uses it and takes its name and version from there.");
        problems.push(problem.help("remove it; if the file is a spec by itself, move what is to be shared into a file of its own"));
    }
    let language = root.entry("language").filter(|entry| entry.value.as_scalar().is_none_or(|scalar| &*scalar.text != "1"));
    if let Some(entry) = language {
        let problem = Diagnostic::error("unknown-language", "a version of the language that is not known", entry.value.span);
        problems.push(problem.label("here").help("write `language: 1`, or use a newer engine"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::print::to_json;

    /// Fragments by their paths.
    struct Texts(Vec<(&'static str, String)>);

    impl FragmentStore for Texts {
        fn open(&mut self, path: &str, sources: &mut Sources) -> Result<FileId, String> {
            let found = self.0.iter().find(|(known, _)| *known == path).ok_or("there is no such file")?;
            Ok(sources.find(path).unwrap_or_else(|| sources.add(path, found.1.clone())))
        }
    }

    fn assembled(spec: &str, fragments: Vec<(&'static str, String)>) -> (String, Vec<String>) {
        let mut sources = Sources::default();
        let file = sources.add("spec.yaml", spec);
        let loaded = load(&sources, file);
        let whole = assemble(loaded, &mut sources, &mut Texts(fragments));
        (to_json(&whole.loaded.root.to_value()).to_string(), whole.loaded.problems.into_iter().map(|problem| problem.title).collect())
    }

    #[test]
    fn a_fragment_that_two_others_use_counts_once() {
        let fragments = vec![
            ("a.yaml", "{use: [c.yaml], metrics: [a]}".to_owned()),
            ("b.yaml", "{use: [./c.yaml], metrics: [b], title: mine, x-note: n}".to_owned()),
            ("c.yaml", "{metrics: [c], let: {n: 1}}".to_owned()),
        ];
        let (whole, problems) = assembled("{name: s, use: [a.yaml, b.yaml], title: t, metrics: [s]}", fragments);
        assert_eq!(whole, r#"{"metrics":["c","a","b","s"],"let":{"n":1},"name":"s","use":["a.yaml","b.yaml"],"title":"t"}"#);
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn circles_end_with_an_error() {
        let fragments = vec![("a.yaml", "use: b.yaml".to_owned()), ("b.yaml", "use: [a.yaml]".to_owned())];
        assert_eq!(assembled("use: [a.yaml]", fragments).1, ["fragments that use each other"]);
        assert_eq!(assembled("use: [a.yaml]", vec![("a.yaml", "use: [a.yaml]".to_owned())]).1, ["fragments that use each other"]);
    }

    #[test]
    fn the_number_of_fragments_is_bounded() {
        let names: Vec<&'static str> = (0..=limits::FRAGMENTS).map(|n| &*format!("f{n}.yaml").leak()).collect();
        let fragments = names.iter().map(|name| (*name, "{}".to_owned())).collect();
        let problems = assembled(&format!("use: [{}]", names.join(", ")), fragments).1;
        assert_eq!(problems, [format!("more than {} fragments in one spec", limits::FRAGMENTS)]);
    }

    #[test]
    fn a_path_does_not_leave_the_folder() {
        for path in ["/etc/x.yaml", "../x.yaml", "a/../../x.yaml"] {
            assert_eq!(assembled(&format!("use: [{path}]"), Vec::new()).1, [format!("`{path}` leaves the folder of the specs")]);
        }
    }
}
