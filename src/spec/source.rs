//! One source of a spec: where its bytes come from, how they are decoded, which rows they hold.

use crate::base::diag::Diagnostic;
use crate::base::name::NameId;
use crate::base::span::Span;
use crate::base::suggest::{listed, nearest};
use crate::base::value::Text;
use crate::decode::{self, Decoder};
use crate::expr::code::{Code, Expression, Setting, Template, is_path};
use crate::expr::data::DataTemplate;
use crate::expr::names::{FILE, KEY, ROW};
use crate::expr::texts::Texts;
use crate::map::label::{Inherit, Labels};
use crate::rows::RowsSpec;
use crate::rows::read::SourceName;
use crate::source::{KINDS, Source};
use crate::yaml::basic::{Count, OneOrMany, Seconds};
use crate::yaml::kind::{check_names, find};
use crate::yaml::node::{Data, Entry, Node};
use crate::yaml::read::{Field, Fields, Reader, Record};
use crate::yaml::shape::{FieldDoc, KindDoc, Shape};
use std::sync::Arc;

crate::words! {
    /// What a failure of a source does.
    pub enum OnError {
        /// The run is an error.
        Fail = "fail",
        /// The run goes on, with a warning.
        Continue = "continue",
    }
}

crate::fields! {
    /// Common to all sources, besides the row keys.
    struct Common, "source" {
        /// A condition on the whole document, as `row`; where it does not hold the source fails.
        expect: Option<Expression>;
        /// What a failure does: `fail` makes the run an error, `continue` goes on with a warning.
        on_error: OnError = OnError::Fail, "fail";
        /// Requests of an `each` at once; 8 where it is not given.
        concurrency: Option<Setting<Count>>;
        /// How long the answer is kept and used by later runs, in memory; dropped when a source that needs it is refused (401, 403) or fails its `expect`.
        cache: Option<Setting<Seconds>>;
        /// Runs after these sources, though it does not need them.
        after: Option<OneOrMany<SourceName>>;
        /// The usual can-connect check: its name, or `{name, tags, message}`.
        service_check: Option<SourceCheck>;
        /// What it holds.
        pub description: Option<Text>;
    }
}

crate::fields! {
    /// The usual can-connect check.
    struct WrittenCheck, "can-connect check" {
        /// Its name.
        name: Template;
        /// Its tags.
        tags: Texts;
        /// Which tags come along: its own (`none`), those of the instance too (`instance`), or those of `defaults` as well (`all`, also where it is not given).
        inherit_tags: Option<Inherit>;
        /// Why; without it the error of the source.
        message: Option<Template>;
    }
}

/// The can-connect check of a source: OK when it worked, nothing when it is off, else CRITICAL.
#[derive(Clone, Debug)]
pub struct SourceCheck {
    /// Its name.
    pub name: Template,
    /// Its tags.
    pub labels: Labels,
    /// Why; without it the error.
    pub message: Option<Template>,
    /// Its place.
    pub span: Span,
}

impl Field for SourceCheck {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Template, WrittenCheck::shape()])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let written = if node.as_scalar().is_some() {
            WrittenCheck { name: Template::read(node, reader)?, tags: Texts::default(), inherit_tags: None, message: None }
        } else {
            WrittenCheck::read(node, reader)?
        };
        let labels = Labels::read(written.inherit_tags, &[], written.tags, reader);
        Some(SourceCheck { name: written.name, labels, message: written.message, span: node.span })
    }
}

/// One index: `{key: PATH, many: true}` or a path.
#[derive(Clone, Debug)]
pub struct Index {
    /// Its name in `.by`.
    pub name: Text,
    /// The key of a row.
    pub key: Expression,
    /// A key leads to a list of rows.
    pub many: bool,
    /// Its place.
    pub span: Span,
}

crate::fields! {
    /// One index with options.
    struct WrittenIndex, "index" {
        /// The key of a row; a list gives several.
        key: Expression;
        /// A key leads to a list of rows.
        many: bool = false, "false";
    }
}

/// How an answer is decoded.
#[derive(Clone, Debug)]
pub enum Decode {
    /// As the content type or the file's ending says.
    Guess,
    /// Known while reading.
    Fixed(Arc<dyn Decoder>),
    /// With options that come from the configuration.
    Computed(DataTemplate, Span),
}

/// Where the rows come from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// The outside.
    Fetch(Arc<dyn Source>),
    /// Rows of other sources.
    Derived,
}

/// One source.
#[derive(Debug)]
pub struct SourceSpec {
    /// Its name.
    pub name: NameId,
    /// Where its name stands.
    pub span: Span,
    /// Where its rows come from.
    pub origin: Origin,
    /// How an answer is decoded.
    pub decode: Decode,
    /// Its row keys.
    pub rows: RowsSpec,
    /// What must hold of every answer.
    pub expect: Option<Expression>,
    /// What a failure does.
    pub on_error: OnError,
    /// Requests of an `each` at once.
    pub concurrency: Option<Setting<Count>>,
    /// How long an answer is used again.
    pub cache: Option<Setting<Seconds>>,
    /// What it holds.
    pub description: Option<Text>,
    /// Its indexes.
    pub index: Vec<Index>,
    /// Sources that run before it.
    pub after: Vec<(NameId, Span)>,
    /// Its can-connect check.
    pub service_check: Option<SourceCheck>,
}

impl SourceSpec {
    /// The fields common to all sources, for the reference and the schema.
    pub fn docs() -> Vec<FieldDoc> {
        let decode = FieldDoc {
            key: "decode",
            doc: "How the answer is decoded: a decoder, a decoder with options, or a list of them, one after the other. Guessed from the content type or the file's ending where it is not given.".to_owned(),
            shape: decode_shape(),
            required: false,
            default: None,
        };
        let index = FieldDoc {
            key: "index",
            doc: "Look-ups by key: `index: {id: $.id}` makes `NAME.by.id[\"7\"]` a row; `{key: PATH, many: true}` makes it a list of rows."
                .to_owned(),
            shape: Shape::Map(Box::new(Shape::Either(vec![Shape::Expression, WrittenIndex::shape()]))),
            required: false,
            default: None,
        };
        [vec![decode], RowsSpec::docs(), vec![index], Common::docs()].concat()
    }

    /// Reads one source; the defaults are merged in already, but for the tags of its can-connect check.
    pub fn read(entry: &Entry, node: &Node, check_tags: &[Node], reader: &mut Reader<'_>) -> Option<SourceSpec> {
        let name = reader.names.intern(&entry.key);
        let (read, _) = reader.within(|reader| {
            reader.begin("source", Span { end: node.span.end, ..entry.key_span });
            let mut fields = Fields::open(node, format!("source `{}`", entry.key), reader)?;
            RowsSpec::bind_names(&mut fields, reader);
            RowsSpec::bind_carried(&mut fields, reader);
            let origin = read_origin(&mut fields, entry, reader);
            let decode = read_decode(&mut fields, reader);
            let (rest, _) = reader.within(|reader| {
                for row_name in ["row", "key"] {
                    reader.bind(row_name, entry.key_span);
                }
                if matches!(&origin, Some(Origin::Fetch(source)) if source.kind() == "file") {
                    reader.bind("file", entry.key_span);
                }
                let mut common = Common::read_from(&mut fields, reader);
                if let Some(check) = common.as_mut().and_then(|common| common.service_check.as_mut()) {
                    check.labels = check.labels.and_defaults(check_tags, reader);
                }
                let rows = RowsSpec::read_from(&mut fields, reader);
                let index = read_index(&mut fields, reader);
                Some((common?, rows?, index?))
            });
            report_inner_keys(&mut fields, reader);
            fields.finish(reader);
            let (common, rows, index) = rest?;
            let after = common.after.map(|many| many.0.into_iter().map(|s| (s.0, s.1)).collect()).unwrap_or_default();
            Some(SourceSpec {
                name,
                span: entry.key_span,
                origin: origin?,
                decode: decode?,
                rows,
                expect: common.expect,
                on_error: common.on_error,
                concurrency: common.concurrency,
                cache: common.cache,
                description: common.description,
                index,
                after,
                service_check: common.service_check,
            })
        });
        read
    }

    /// Calls `take` for every computed place.
    pub fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        if let Origin::Fetch(source) = &self.origin {
            source.codes(take);
        }
        if let Decode::Computed(options, _) = &self.decode {
            options.codes(take);
        }
        self.rows.codes(take);
        self.expect.iter().for_each(|expect| take(&expect.0));
        self.concurrency.iter().filter_map(Setting::code).for_each(&mut *take);
        self.cache.iter().filter_map(Setting::code).for_each(&mut *take);
        self.index.iter().for_each(|index| take(&index.key.0));
    }

    /// Calls `take` for the computed places that see a whole document as their row.
    pub fn codes_of_document<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        if let Origin::Fetch(source) = &self.origin {
            source.codes(take);
        }
        self.expect.iter().for_each(|expect| take(&expect.0));
    }

    /// True if the place needs an answer of this source: its row, its key, its file or itself.
    pub fn needs_answer(&self, code: &Code) -> bool {
        [ROW, KEY, FILE, self.name].iter().any(|name| code.uses(*name))
    }
}

/// A decoder or a list of them; the whole and each option may be computed.
fn decode_shape() -> Shape {
    let one = || Shape::Kinds("decoder", || decode::KINDS.iter().map(|kind| with_settings((kind.docs)())).collect());
    Shape::Setting(Box::new(Shape::Either(vec![one(), Shape::List(Box::new(one()))])))
}

fn with_settings(kind: KindDoc) -> KindDoc {
    let setting = |field: FieldDoc| FieldDoc { shape: Shape::Setting(Box::new(field.shape)), ..field };
    KindDoc { fields: kind.fields.into_iter().map(setting).collect(), ..kind }
}

fn read_origin(fields: &mut Fields<'_>, entry: &Entry, reader: &mut Reader<'_>) -> Option<Origin> {
    let mut found: Vec<(&'static str, Option<Arc<dyn Source>>)> = Vec::new();
    for kind in KINDS {
        if let Some(inner) = fields.entry(kind.name) {
            let read = find(KINDS, kind.name).and_then(|kind| (kind.read)(&inner.value, reader));
            found.push((kind.name, read));
        }
    }
    let derived = fields.node("from").is_some();
    let words = || format!("{} or from", KINDS.iter().map(|k| k.name).collect::<Vec<_>>().join(", "));
    match (found.pop(), derived, found.is_empty()) {
        (Some((_, source)), false, true) => source.map(Origin::Fetch),
        (None, true, _) => Some(Origin::Derived),
        (None, false, _) => {
            let words = || KINDS.iter().map(|kind| kind.name).chain(["from"]);
            let misspelt = fields.all().iter().any(|entry| nearest(&entry.key, words()).is_some());
            // A key of one kind says which was meant.
            let kinds = || KINDS.iter().map(|kind| (kind.docs)());
            let inner = fields.all().iter().find_map(|entry| {
                let mut having = kinds().filter(|kind| kind.fields.iter().any(|field| field.required && field.key == &*entry.key));
                let only = having.next().filter(|_| having.next().is_none());
                only.or_else(|| (&*entry.key == "url").then(|| kinds().find(|kind| kind.name == "http")).flatten())
                    .map(|kind| (entry, kind.name))
            });
            if let Some((inner, kind)) = inner.filter(|_| !reader.broken) {
                let problem = Diagnostic::error("unknown-key", format!("`{}` stands one level too high", inner.key), inner.key_span);
                let problem = problem.label(format!("it belongs to `{kind}`"));
                reader.report(problem.help(format!("write `{kind}: {{{}: …}}`", inner.key)));
                kinds().filter(|known| known.name == kind).flat_map(|kind| kind.fields).for_each(|field| fields.know(field.key));
            } else if !reader.broken && !misspelt {
                let problem = Diagnostic::error(
                    "missing-key",
                    format!("source `{}` says nothing of where its bytes come from", entry.key),
                    entry.key_span,
                );
                reader.report(problem.label("this source").help(format!("add one of {}", listed(words(), 9))));
            }
            None
        }
        _ => {
            let problem = Diagnostic::error("several-kinds", format!("source `{}` has several kinds", entry.key), entry.key_span);
            reader.report(problem.label("this source").help(format!("keep one of {}; make a source of its own for each", words())));
            None
        }
    }
}

/// Keys of the request that stand beside it.
fn report_inner_keys(fields: &mut Fields<'_>, reader: &mut Reader<'_>) {
    let given = fields.all();
    for kind in KINDS.iter().filter(|kind| given.iter().any(|entry| &*entry.key == kind.name)) {
        for key in (kind.docs)().fields.iter().map(|field| field.key) {
            let outside = fields.rest().find(|entry| &*entry.key == key);
            if let Some(entry) = outside {
                let name = kind.name;
                let problem = Diagnostic::error("unknown-key", format!("`{key}` stands one level too high"), entry.key_span);
                reader.report(problem.label(format!("it belongs to `{name}`")).help(format!("move it into `{name}: {{…}}`")));
                fields.know(key);
            }
        }
    }
}

fn read_decode(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<Decode> {
    let Some(node) = fields.node("decode") else { return Some(Decode::Guess) };
    if computed(node) {
        check_names("decoder", decode::KINDS, node, reader);
        return DataTemplate::read_words(node, reader).map(|options| Decode::Computed(options, node.span));
    }
    decode::read(node, reader).map(Decode::Fixed)
}

/// True if the decoder or one of its options is computed.
fn computed(node: &Node) -> bool {
    match &node.data {
        Data::Scalar(scalar) => has_whole_hole(&scalar.text) || is_config_path(&scalar.text),
        Data::List(items) => items.iter().any(computed),
        Data::Map(entries) => entries.iter().any(|entry| computed(&entry.value)),
    }
}

/// True if there is a `{{ … }}`. Half of one, or `{%` of grok, stands in patterns that are not computed.
fn has_whole_hole(text: &str) -> bool {
    text.split_once("{{").is_some_and(|(before, rest)| before.is_empty() || rest.contains("}}"))
}

fn is_config_path(text: &str) -> bool {
    is_path(text) && (text.starts_with("$instance") || text.starts_with("$init_config"))
}

fn read_index(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<Vec<Index>> {
    let Some(node) = fields.node("index") else { return Some(Vec::new()) };
    let mut out = Vec::new();
    let Some(entries) = node.as_map() else {
        let problem = Diagnostic::error("wrong-type", "expected the names of indexes with their keys", node.span);
        let problem = problem.label(format!("found {}", node.describe()));
        reader.report(problem.help("write a map: `index: {id: $.id}` finds rows with `SOURCE.by.id[…]`"));
        return None;
    };
    for entry in entries {
        let (key, many) = match entry.value.as_map() {
            Some(_) => WrittenIndex::read(&entry.value, reader).map(|w| (w.key, w.many))?,
            None => (Expression::read(&entry.value, reader)?, false),
        };
        out.push(Index { name: entry.key.clone(), key, many, span: entry.key_span });
    }
    Some(out)
}
