//! The types of names and rows in a spec, and what they say of its expressions.
//!
//! Rows have types where a decoder declares its columns or groups, where its format has fixed fields,
//! and behind `group`. All else is [`Type::Any`].

use super::subject::{SourceView, Subject, constant, items};
use crate::base::map::Map;
use crate::base::name::NameId;
use crate::base::span::Span;
use crate::base::types::{Fields, Type};
use crate::base::value::{Text, Value};
use crate::expr::check::{Slip, type_of};
use crate::expr::code::Code;
use crate::expr::names;
use crate::rows::{Choose, RowsSpec};
use crate::spec::Spec;
use crate::spec::config::{ConfigField, ConfigType, FieldType};
use crate::yaml::node::Node;
use std::collections::HashMap;
use std::sync::Arc;

/// The types of names.
type Names = HashMap<NameId, Type>;

/// What the types of a spec tell.
#[derive(Debug, Default)]
pub struct Findings {
    /// Parts of expressions that do not fit together, with their places.
    pub slips: Vec<(Span, Slip)>,
    /// The types of the values of metrics, and of what `each` goes over.
    pub values: HashMap<Span, Type>,
}

/// Looks at every expression of a spec.
pub fn check(subject: &Subject<'_>) -> Findings {
    let mut out = Findings::default();
    let mut global = of_run(subject.spec);
    let mut rows: HashMap<NameId, Type> = HashMap::new();
    // A source may stand before those that it is made of.
    for _ in 0..subject.sources.len().min(8) {
        let before = rows.len();
        for source in &subject.sources {
            if !rows.contains_key(&source.read.name)
                && let Some(row) = rows_of_source(source, &rows)
            {
                rows.insert(source.read.name, row);
            }
        }
        if rows.len() == before {
            break;
        }
    }
    for source in &subject.sources {
        let row = rows.get(&source.read.name).cloned().unwrap_or_default();
        global.insert(source.read.name, result(row, source.recorded.clone().unwrap_or_default()));
    }
    for local in &subject.spec.lets {
        let found = out.code(&local.value.0, &global);
        global.insert(local.name, found);
    }
    for source in &subject.sources {
        let before = incoming(&source.read.rows, source, &rows);
        if let (Some(Choose::Items(of)), true) = (&source.read.rows.rows, source.recorded.is_some()) {
            out.code(&of.0, &HashMap::from([(names::ROW, before.clone())]));
        }
        let row = chosen(&source.read.rows, before);
        out.rows(&source.read.rows, row, &global, &rows);
    }
    for mapping in &subject.mappings {
        let spec = &mapping.read.mapped.rows;
        let inputs =
            spec.from.iter().map(|input| if input.requests { request() } else { rows.get(&input.source).cloned().unwrap_or_default() });
        let row = inputs.reduce(Type::or).unwrap_or_default();
        let row = chosen(spec, row);
        let names = out.rows(spec, row, &global, &rows);
        mapping.read.mapped.mapping.codes(&mut |code| {
            let found = out.code(code, &names);
            out.values.insert(code.span, found);
        });
    }
    out
}

impl Findings {
    fn code(&mut self, code: &Code, names: &Names) -> Type {
        let mut slips = Vec::new();
        let known = |name: NameId| names.get(&name).cloned().unwrap_or_default();
        let found = type_of(&code.expr, &known, &mut slips);
        for slip in slips {
            let entry = (code.span, slip);
            if !self.slips.contains(&entry) {
                self.slips.push(entry);
            }
        }
        found
    }

    /// The row keys of a place; the names that there are behind them come back.
    fn rows(&mut self, spec: &RowsSpec, row: Type, global: &Names, rows: &HashMap<NameId, Type>) -> Names {
        let mut names = global.clone();
        names.insert(names::ROW, row.clone());
        for each in &spec.each {
            let over = self.code(&each.over.0, &names);
            self.values.insert(each.over.0.span, over.clone());
            let item = match (each.source, over) {
                (Some(source), _) => rows.get(&source).cloned().unwrap_or_default(),
                (None, Type::List(item)) => (*item).clone(),
                _ => Type::Any,
            };
            names.insert(each.name, item);
        }
        for local in &spec.lets {
            let found = self.code(&local.value.0, &names);
            names.insert(local.name, found);
        }
        for (_, value) in &spec.set {
            self.code(&value.0, &names);
        }
        names.insert(names::ROW, with_set(row, spec));
        for code in spec.when.iter().map(|when| &when.0).chain(spec.group.iter().map(|(_, value)| &value.0)) {
            self.code(code, &names);
        }
        if !spec.group.is_empty() {
            names = global.clone();
            names.insert(names::ROW, grouped(spec));
        }
        names
    }
}

/// The rows that `rows` chooses: the items of a list, or the value itself.
fn chosen(spec: &RowsSpec, row: Type) -> Type {
    match &spec.rows {
        None => row,
        Some(Choose::Recurse { .. }) => Type::Any,
        Some(Choose::Items(of)) => {
            let known = |name: NameId| if name == names::ROW { row.clone() } else { Type::Any };
            match type_of(&of.0.expr, &known, &mut Vec::new()) {
                Type::List(item) => (*item).clone(),
                other => other,
            }
        }
    }
}

/// A row with the fields of `set`.
fn with_set(row: Type, spec: &RowsSpec) -> Type {
    let Type::Map(fields) = &row else { return row };
    let mut known: Vec<(Text, Type)> =
        fields.known.iter().filter(|(key, _)| !spec.set.iter().any(|(set, _)| set == key)).cloned().collect();
    known.extend(spec.set.iter().map(|(key, _)| (key.clone(), Type::Any)));
    Type::Map(Arc::new(Fields { known, rest: fields.rest.clone(), seen: fields.seen }))
}

fn grouped(spec: &RowsSpec) -> Type {
    let keys = spec.group.iter().map(|(key, _)| (&**key, Type::Any));
    Type::closed(keys.chain([("rows", Type::list(Type::Any)), ("count", Type::Number)]))
}

/// What comes into the row keys of a source.
fn incoming(spec: &RowsSpec, source: &SourceView<'_>, rows: &HashMap<NameId, Type>) -> Type {
    if spec.from.is_empty() {
        return decoded(source).unwrap_or_default();
    }
    let inputs =
        spec.from.iter().map(|input| if input.requests { request() } else { rows.get(&input.source).cloned().unwrap_or_default() });
    inputs.reduce(Type::or).unwrap_or_default()
}

/// The rows that a source gives; none while one that it is made of is not known.
fn rows_of_source(source: &SourceView<'_>, rows: &HashMap<NameId, Type>) -> Option<Type> {
    let spec = &source.read.rows;
    if spec.from.iter().any(|input| !input.requests && !rows.contains_key(&input.source)) {
        return None;
    }
    if !spec.group.is_empty() {
        return Some(grouped(spec));
    }
    Some(with_set(chosen(spec, incoming(spec, source, rows)), spec))
}

/// The rows before the row keys: what the decoder declares, or else what was recorded.
fn decoded(source: &SourceView<'_>) -> Option<Type> {
    declared(source).or_else(|| {
        let doc = source.recorded.clone()?;
        Some(if let Type::List(item) = doc { (*item).clone() } else { doc })
    })
}

/// The rows of a decoder, where its options or its format say which fields they have.
fn declared(source: &SourceView<'_>) -> Option<Type> {
    let decode = &source.node.entry("decode")?.value;
    let last = items(decode).last()?;
    let (name, options) = match last.as_map() {
        Some([entry]) => (&*entry.key, Some(&entry.value)),
        Some(_) => return None,
        None => (constant(last)?, None),
    };
    match name {
        "lines" => Some(Type::closed([("line", Type::Text), ("number", Type::Number)])),
        "raw" => Some(Type::Text),
        "prometheus" => Some(sample()),
        "csv" | "table" => columns(options?),
        "regex" => groups(options?),
        _ => None,
    }
}

fn sample() -> Type {
    let texts = ["family", "name", "type", "help", "unit"].map(|key| (key, Type::Text));
    let others = [("labels", Type::map_of(Type::Text)), ("value", Type::Number), ("timestamp", Type::Any)];
    Type::closed(texts.into_iter().chain(others))
}

/// The type of a column by `types`.
fn cell(options: &Node, column: &str) -> Type {
    let word = options.entry("types").and_then(|types| types.value.entry(column)).and_then(|entry| constant(&entry.value));
    match word {
        None | Some("text") => Type::Text,
        Some("number" | "int") => Type::Number,
        Some("bool") => Type::Bool,
        Some("duration") => Type::Duration,
        Some("size" | "bytes") => Type::Size,
        Some("time") => Type::Time,
        Some(_) => Type::Any,
    }
}

fn columns(options: &Node) -> Option<Type> {
    let names: Option<Vec<&str>> = options.entry("columns")?.value.as_list()?.iter().map(constant).collect();
    let names = names?;
    Some(Type::closed(names.iter().filter(|name| !name.is_empty()).map(|name| (*name, cell(options, name)))))
}

fn groups(options: &Node) -> Option<Type> {
    let one = options.entry("pattern").into_iter().map(|entry| &entry.value);
    let many = options.entry("patterns").into_iter().flat_map(|entry| items(&entry.value));
    let header = options.entry("header").into_iter().map(|entry| &entry.value);
    let mut known: Vec<(String, Type)> = Vec::new();
    for node in one.chain(many).chain(header) {
        let regex = crate::yaml::pattern::compile(constant(node)?).ok()?;
        for name in regex.capture_names().flatten() {
            if !known.iter().any(|(key, _)| key == name) {
                known.push((name.to_owned(), cell(options, name)));
            }
        }
    }
    if options.entry("patterns").is_some() {
        known.push(("pattern".to_owned(), Type::Number));
    }
    (!known.is_empty()).then(|| Type::closed(known.iter().map(|(key, of)| (key.as_str(), of.clone()))))
}

/// A row of `SOURCE.requests`, which holds the items of `each` too.
fn request() -> Type {
    Type::map_of(Type::Any)
}

/// What the name of a source is.
fn result(row: Type, doc: Type) -> Type {
    let error = Type::closed([("kind", Type::Text), ("message", Type::Text)]);
    let certificate =
        Type::closed([("days_left", Type::Number), ("not_after", Type::Time), ("subject", Type::Text), ("issuer", Type::Text)]);
    let booleans = ["ok", "ran", "capped"].map(|key| (key, Type::Bool));
    let numbers = ["status", "elapsed", "count", "failed", "exit_code"].map(|key| (key, Type::Number));
    let texts = ["url", "body", "stderr"].map(|key| (key, Type::Text));
    let others = [
        ("error", error),
        ("certificate", certificate),
        ("headers", Type::map_of(Type::Any)),
        ("doc", doc),
        ("pages", Type::list(Type::Any)),
        ("rows", Type::list(row)),
        ("requests", Type::list(Type::Any)),
        ("by", Type::Any),
    ];
    Type::closed(booleans.into_iter().chain(numbers).chain(texts).chain(others))
}

/// The names of the whole run.
fn of_run(spec: &Spec) -> Names {
    let run = [("interval", Type::Duration), ("number", Type::Number), ("failed", Type::Bool), ("errors", Type::Any)];
    let engine = [("hostname", Type::Text), ("version", Type::Text), ("vars", Type::Any)];
    let of_spec = [("name", Type::Text), ("version", Type::Text)];
    HashMap::from([
        (names::INSTANCE, config(&spec.config.instance)),
        (names::INIT_CONFIG, config(&spec.config.init_config)),
        (names::ENGINE, Type::closed(engine)),
        (names::RUN, Type::closed(run)),
        (names::SPEC, Type::closed(of_spec)),
        (names::NOW, Type::Time),
        (names::DEPTH, Type::Number),
        (names::FILE, Type::Text),
        (names::TABLES, tables(&spec.tables)),
    ])
}

/// Tables are constant; only their names are told here, since their items are looked up by data.
fn tables(value: &Value) -> Type {
    let known = value.as_map().map(|map: &Arc<Map>| map.iter().map(|(key, _)| (key.clone(), Type::Any)).collect());
    Type::Map(Arc::new(Fields { known: known.unwrap_or_default(), rest: Some(Type::Any), seen: false }))
}

fn config(fields: &[ConfigField]) -> Type {
    let known = fields.iter().map(|field| (field.key.clone(), of_field(&field.field))).collect();
    // Standard keys are there without a declaration.
    Type::Map(Arc::new(Fields { known, rest: Some(Type::Any), seen: false }))
}

fn of_field(field: &FieldType) -> Type {
    let [only] = &field.types[..] else { return Type::Any };
    if !field.any_of.is_empty() {
        return Type::Any;
    }
    match only {
        ConfigType::String | ConfigType::Url | ConfigType::Path | ConfigType::Regex | ConfigType::Glob | ConfigType::Secret => Type::Text,
        ConfigType::Enum => field.values.iter().map(Type::of).reduce(Type::or).unwrap_or_default(),
        ConfigType::Int | ConfigType::Float => Type::Number,
        ConfigType::Bool => Type::Bool,
        ConfigType::Duration => Type::Duration,
        ConfigType::Bytes => Type::Size,
        ConfigType::List => Type::list(field.items.as_deref().map(of_field).unwrap_or_default()),
        ConfigType::Map => match &field.fields {
            Some(fields) => Type::closed(fields.iter().map(|field| (&*field.key, of_field(&field.field)))),
            None => Type::map_of(Type::Any),
        },
        ConfigType::Any => Type::Any,
    }
}
