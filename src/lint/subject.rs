//! A spec as rules see it: the tree that was written, the parsed places in it, sources and mappings
//! with their defaults, and every use of a name.

use super::beside::Beside;
use super::points::{Point, points};
use super::tags::{Tag, tags};
use super::types::{Findings, check};
use crate::base::name::NameId;
use crate::base::span::{Sources, Span};
use crate::base::types::Type;
use crate::expr::code::{Code, has_holes, is_path};
use crate::spec::defaults::Defaults;
use crate::spec::source::SourceSpec;
use crate::spec::{Family, Placed, Spec};
use crate::yaml::node::{Entry, Literal, Node};
use crate::yaml::read::{Reader, Use};
use std::collections::HashMap;
use std::rc::Rc;

/// Everything that rules look at.
#[derive(Debug)]
pub struct Subject<'s> {
    /// The whole tree, fragments merged in.
    pub root: &'s Node,
    /// What was read of it.
    pub spec: &'s Spec,
    /// All texts.
    pub texts: &'s Sources,
    /// What lies beside the file.
    pub beside: &'s Beside,
    /// The sources, in written order.
    pub sources: Vec<SourceView<'s>>,
    /// The mappings, family by family.
    pub mappings: Vec<MappingView<'s>>,
    /// The single metrics of all mappings.
    pub points: Vec<Point>,
    /// The tags of all mappings.
    pub tags: Vec<Tag>,
    /// What the types of names and rows tell.
    pub types: Findings,
    codes: HashMap<Span, &'s Code>,
    all: Vec<&'s Code>,
}

/// One source with its defaults.
#[derive(Debug)]
pub struct SourceView<'s> {
    /// Its name.
    pub name: &'s str,
    /// Where the name stands.
    pub name_span: Span,
    /// Its map, defaults merged in.
    pub node: Node,
    /// The map as it was written.
    pub written: &'s Node,
    /// What was read of it.
    pub read: &'s SourceSpec,
    /// The type of its recorded answers, where tests have some.
    pub recorded: Option<Type>,
}

/// One mapping with its defaults.
#[derive(Debug)]
pub struct MappingView<'s> {
    /// Its family.
    pub family: Family,
    /// Its map, defaults merged in.
    pub node: Rc<Node>,
    /// The tags that the defaults add.
    pub default_tags: Vec<Node>,
    /// What was read of it.
    pub read: &'s Placed,
}

impl SourceView<'_> {
    /// The kind and its fields, for one that fetches: `http`, `command`, `file`.
    pub fn request(&self) -> Option<(&'static str, &Node)> {
        crate::source::KINDS.iter().find_map(|kind| Some((kind.name, &self.node.entry(kind.name)?.value)))
    }

    /// The fields of a source of that kind.
    pub fn of_kind(&self, kind: &str) -> Option<&Node> {
        self.request().filter(|(name, _)| *name == kind).map(|(_, node)| node)
    }

    /// The constant text of one of its own keys.
    pub fn word(&self, key: &str) -> Option<&str> {
        self.node.entry(key).and_then(|entry| constant(&entry.value))
    }
}

impl MappingView<'_> {
    /// The value of one of its keys.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.node.entry(key).map(|entry| &entry.value)
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        self.node.span
    }

    /// Where its first key stands, which names it better than the whole block.
    pub fn head(&self) -> Span {
        let first = self.node.as_map().and_then(<[Entry]>::first);
        first.map_or(self.node.span, |entry| entry.key_span)
    }
}

/// The text of a scalar in which nothing is computed.
pub fn constant(node: &Node) -> Option<&str> {
    let scalar = node.as_scalar().filter(|scalar| scalar.literal != Literal::Null)?;
    (!has_holes(&scalar.text) && !is_path(&scalar.text)).then_some(&*scalar.text)
}

/// The constant beginning of a text with holes; the whole of one without.
pub fn beginning(node: &Node) -> &str {
    let text = node.as_scalar().map_or("", |scalar| &*scalar.text);
    if is_path(text) {
        return "";
    }
    let end = text.find("{{").into_iter().chain(text.find("{%")).min();
    text.get(..end.unwrap_or(text.len())).unwrap_or("")
}

impl<'s> Subject<'s> {
    /// Looks at a spec.
    pub fn new(root: &'s Node, spec: &'s Spec, texts: &'s Sources, beside: &'s Beside) -> Self {
        let mut reader = Reader::new(texts, false);
        let defaults = Defaults::read(root.entry("defaults").map(|entry| &entry.value), Vec::new(), &mut reader);
        let mut subject = Subject {
            root,
            spec,
            texts,
            beside,
            sources: source_views(root, spec, &defaults, beside),
            mappings: mapping_views(root, spec, &defaults),
            points: Vec::new(),
            tags: Vec::new(),
            types: Findings::default(),
            codes: HashMap::new(),
            all: Vec::new(),
        };
        all_codes(spec, &mut |code| {
            subject.codes.entry(code.span).or_insert(code);
            subject.all.push(code);
        });
        subject.points = subject.mappings.iter().enumerate().flat_map(|(at, mapping)| points(at, mapping)).collect();
        subject.tags = subject.mappings.iter().enumerate().flat_map(|(at, mapping)| tags(at, mapping)).collect();
        subject.types = check(&subject);
        subject
    }

    /// The parsed place that a node is.
    pub fn code(&self, node: &Node) -> Option<&'s Code> {
        self.codes.get(&node.span).copied()
    }

    /// The parsed place at a span.
    pub fn code_at(&self, span: Span) -> Option<&'s Code> {
        self.codes.get(&span).copied()
    }

    /// Every parsed place.
    pub fn codes(&self) -> impl Iterator<Item = &'s Code> {
        self.all.iter().copied()
    }

    /// Every use of a name in the whole spec; those of parsed places with all their keys.
    pub fn uses(&self) -> impl Iterator<Item = &'s Use> {
        self.spec.uses.iter().chain(self.all.iter().flat_map(|code| code.uses.iter()))
    }

    /// True if the name is used anywhere.
    pub fn is_used(&self, name: NameId) -> bool {
        self.spec.uses.iter().any(|used| used.name == name)
    }

    /// True if something in the spec looks at whether a source worked.
    pub fn is_watched(&self, source: &SourceView<'_>) -> bool {
        let looks = ["ok", "ran", "error", "status", "failed", "requests", "exit_code"];
        let sources = self.spec.sources.iter().map(|source| &source.rows);
        let mut rows = sources.chain(self.mappings.iter().map(|mapping| &mapping.read.mapped.rows));
        self.uses().any(|place| place.name == source.read.name && place.member.as_deref().is_none_or(|member| looks.contains(&member)))
            || rows.any(|rows| rows.from.iter().any(|input| input.requests && input.source == source.read.name))
    }

    /// A source by its name.
    pub fn source(&self, name: NameId) -> Option<&SourceView<'s>> {
        self.sources.iter().find(|source| source.read.name == name)
    }

    /// The id of a name; none for one that the spec does not know.
    pub fn name(&self, text: &str) -> Option<NameId> {
        self.spec.names.find(text)
    }

    /// The characters of a span.
    pub fn text(&self, span: Span) -> &'s str {
        self.texts.slice(span)
    }

    /// The mappings of a family.
    pub fn family(&self, family: Family) -> impl Iterator<Item = &MappingView<'s>> {
        self.mappings.iter().filter(move |mapping| mapping.family == family)
    }
}

fn source_views<'s>(root: &'s Node, spec: &'s Spec, defaults: &Defaults, beside: &Beside) -> Vec<SourceView<'s>> {
    let entries = root.entry("sources").and_then(|entry| entry.value.as_map()).unwrap_or(&[]);
    let view = |read: &'s SourceSpec| {
        let entry = entries.iter().find(|entry| entry.key_span == read.span)?;
        Some(SourceView {
            name: &entry.key,
            name_span: entry.key_span,
            node: defaults.source(&entry.value, &[]),
            written: &entry.value,
            read,
            recorded: beside.recorded.get(&entry.key).cloned(),
        })
    };
    spec.sources.iter().filter_map(view).collect()
}

fn mapping_views<'s>(root: &'s Node, spec: &'s Spec, defaults: &Defaults) -> Vec<MappingView<'s>> {
    let node_of = |placed: &'s Placed| {
        let (section, key) = match placed.family {
            Family::Components | Family::Relations | Family::Deletes => (root.entry("topology").map(|t| &t.value), placed.family.word()),
            Family::Health => (root.entry("health").map(|h| &h.value), "states"),
            _ => (Some(root), placed.family.word()),
        };
        let items = section.and_then(|section| section.entry(key)).and_then(|entry| entry.value.as_list()).unwrap_or(&[]);
        items.iter().find(|item| item.span == placed.mapped.span)
    };
    let view = |placed: &'s Placed| {
        let (node, default_tags) = defaults.mapping(placed.family.word(), node_of(placed)?);
        Some(MappingView { family: placed.family, node: Rc::new(node.into_owned()), default_tags, read: placed })
    };
    spec.mappings.iter().filter_map(view).collect()
}

/// Calls `take` for every computed place of a spec.
fn all_codes<'s>(spec: &'s Spec, take: &mut dyn FnMut(&'s Code)) {
    let fields = spec.config.init_config.iter().chain(&spec.config.instance);
    fields.for_each(|field| field.field.codes(take));
    for source in &spec.sources {
        source.codes(take);
        if let Some(check) = &source.service_check {
            take(&check.name.0);
            check.message.iter().for_each(|message| take(&message.0));
            check.labels.codes(take);
        }
    }
    spec.lets.iter().for_each(|local| take(&local.value.0));
    spec.state.iter().for_each(|state| state.codes(take));
    for placed in &spec.mappings {
        placed.mapped.rows.codes(take);
        placed.mapped.mapping.codes(take);
    }
    spec.topology.iter().for_each(|key| [&key.key_type, &key.key_url].into_iter().for_each(|template| take(&template.0)));
    spec.health_stream.iter().for_each(|stream| stream.codes(take));
    spec.metadata.iter().for_each(|(_, data)| data.codes(take));
}

/// The texts of a node that holds a list of them, or one.
pub fn items(node: &Node) -> &[Node] {
    node.as_list().unwrap_or(std::slice::from_ref(node))
}
