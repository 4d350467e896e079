//! The JSON Schemas (draft 2020-12) of specs and of conf.d files, for editors.
//!
//! A schema accepts every file that the engine reads without errors, as far as shapes go. It
//! refuses unknown keys, so that an editor shows a slip at once. What it does not know is whether a
//! name exists or an expression parses: that is told by `lint`.

use super::conf;
use crate::conf::engine::EngineConf;
use crate::spec::source::SourceSpec;
use crate::yaml::read::Record;
use crate::yaml::shape::{FieldDoc, KindDoc, Shape};
use serde_json::{Map, Value as Json, json};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
/// A path, or a text with holes.
const COMPUTED: &str = r"^\$|\{[{%]";

/// The schema of a spec.
pub fn spec_schema() -> Json {
    let mut defs = Defs::default();
    // A decoder has one description. Its options may be computed in sources, though not in logins, which
    // come before them: the wider form is the one that counts.
    for field in SourceSpec::docs().iter().filter(|field| field.key == "decode") {
        defs.shape(&field.shape);
    }
    let root = defs.object(&crate::spec::docs::docs());
    defs.whole("A spec", "How an integration is monitored.", root)
}

/// The schema of a file of conf.d, whatever its spec declares.
pub fn conf_schema() -> Json {
    let mut defs = Defs::default();
    let init = defs.open_map(&conf::init_docs());
    let instance = defs.open_map(&conf::instance_docs());
    let mut root = defs.object(&conf::file_docs());
    for (key, shape) in [("init_config", init), ("instances", nullable(json!({"type": "array", "items": instance})))] {
        let doc = root.pointer(&format!("/properties/{key}/description")).cloned().unwrap_or_default();
        if let Some(property) = root.pointer_mut(&format!("/properties/{key}")) {
            *property = with_doc(shape, doc);
        }
    }
    defs.whole("A conf.d file", "The instances of one integration.", root)
}

/// The schema of engine.yaml.
pub fn engine_schema() -> Json {
    of_fields("engine.yaml", "Settings of the engine.", &EngineConf::docs())
}

/// The schema of another file with declared keys.
pub fn of_fields(title: &str, description: &str, fields: &[FieldDoc]) -> Json {
    let mut defs = Defs::default();
    let root = defs.object(fields);
    defs.whole(title, description, root)
}

/// The schemas of structs, by their names; recursion ends at a name that is there already.
#[derive(Default)]
struct Defs {
    defs: Map<String, Json>,
}

impl Defs {
    fn whole(self, title: &str, description: &str, root: Json) -> Json {
        let mut out = Map::new();
        out.insert("$schema".to_owned(), DRAFT.into());
        out.insert("title".to_owned(), title.into());
        out.insert("description".to_owned(), description.into());
        out.extend(into_map(root));
        if !self.defs.is_empty() {
            let mut defs: Vec<_> = self.defs.into_iter().collect();
            defs.sort_by(|a, b| a.0.cmp(&b.0));
            out.insert("$defs".to_owned(), Json::Object(defs.into_iter().collect()));
        }
        Json::Object(out)
    }

    fn shape(&mut self, shape: &Shape) -> Json {
        match shape {
            Shape::Any => json!({}),
            Shape::Bool => json!({"type": "boolean"}),
            Shape::Integer => json!({"type": "integer"}),
            Shape::Number => json!({"type": "number"}),
            // A scalar of any kind is a text where a text is asked for.
            Shape::Text | Shape::Template => json!({"type": ["string", "number", "boolean"]}),
            Shape::Duration | Shape::Size => json!({"type": ["string", "number"]}),
            Shape::Words(words) => json!({"enum": words}),
            Shape::Expression => json!({"type": ["string", "number", "boolean", "array"]}),
            Shape::Setting(of) => self.setting(of),
            Shape::List(of) => json!({"type": "array", "items": self.shape(of)}),
            Shape::Map(of) => json!({"type": "object", "additionalProperties": self.shape(of)}),
            Shape::Either(shapes) => self.either(shapes),
            Shape::Struct(declared) => self.refer(declared.name, declared.doc, &(declared.fields)()),
            Shape::Kind(family, kind) => self.options(family, kind),
            Shape::Kinds(family, kinds) => self.kinds(family, &kinds()),
        }
    }

    fn setting(&mut self, of: &Shape) -> Json {
        let literal = self.shape(of);
        if takes_text(of) {
            return literal;
        }
        any_of(vec![literal, json!({"type": "string", "pattern": COMPUTED})])
    }

    fn either(&mut self, shapes: &[Shape]) -> Json {
        let has_list = shapes.iter().any(|shape| matches!(shape, Shape::List(_)));
        let options = shapes.iter().map(|shape| match shape {
            // Beside a declared list, a literal one would hide every slip in its items.
            Shape::Expression if has_list => json!({"type": ["string", "number", "boolean"]}),
            other => self.shape(other),
        });
        any_of(options.collect())
    }

    /// The reference to a struct, which is described on first use.
    fn refer(&mut self, name: &str, doc: &str, fields: &[FieldDoc]) -> Json {
        let name = slug(name);
        if !self.defs.contains_key(&name) {
            self.defs.insert(name.clone(), Json::Null);
            let described = with_doc(self.object(fields), one_line(doc).into());
            self.defs.insert(name.clone(), described);
        }
        json!({"$ref": format!("#/$defs/{name}")})
    }

    fn object(&mut self, fields: &[FieldDoc]) -> Json {
        let properties: Map<String, Json> = fields.iter().map(|field| (field.key.to_owned(), self.property(field))).collect();
        let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| field.key).collect();
        let mut out = into_map(json!({"type": "object", "properties": properties}));
        if !required.is_empty() {
            out.insert("required".to_owned(), json!(required));
        }
        let kinds = one_of_kinds(fields);
        if !kinds.is_empty() {
            out.insert("oneOf".to_owned(), kinds.into());
        }
        out.insert("patternProperties".to_owned(), json!({"^x-": true}));
        out.insert("additionalProperties".to_owned(), false.into());
        Json::Object(out)
    }

    fn property(&mut self, field: &FieldDoc) -> Json {
        let mut out = into_map(with_doc(self.shape(&field.shape), field.doc.as_str().into()));
        if let Some(default) = field.default {
            // A default that is no JSON is a text as it is written.
            out.insert("default".to_owned(), serde_json::from_str(default).unwrap_or_else(|_| default.into()));
        }
        Json::Object(out)
    }

    /// `word`, or `{word: options}` with exactly one word.
    fn kinds(&mut self, family: &str, kinds: &[KindDoc]) -> Json {
        let bare = kinds.iter().filter(|kind| kind.fields.iter().all(|field| !field.required) && kind.short.is_none());
        let mut options: Vec<Json> = bare.map(|kind| with_doc(json!({"const": kind.name}), one_line(kind.doc).into())).collect();
        let properties: Map<String, Json> = kinds.iter().map(|kind| (kind.name.to_owned(), self.options(family, kind))).collect();
        options.push(
            json!({"type": "object", "properties": properties, "minProperties": 1, "maxProperties": 1, "additionalProperties": false}),
        );
        json!({"oneOf": options})
    }

    /// The options of one kind.
    fn options(&mut self, family: &str, kind: &KindDoc) -> Json {
        let fields = (!kind.fields.is_empty() || kind.short.is_none())
            .then(|| self.refer(&format!("{family} {}", kind.name), kind.doc, &kind.fields));
        let short = kind.short.as_ref().map(|short| self.shape(short));
        let nothing = kind.fields.iter().all(|field| !field.required).then(|| json!({"type": "null"}));
        let options = fields.into_iter().chain(short).chain(nothing).collect();
        with_doc(any_of(options), one_line(kind.doc).into())
    }

    /// A map of these keys, all of which may be null, and of free ones.
    fn open_map(&mut self, fields: &[FieldDoc]) -> Json {
        let mut properties = Map::new();
        for field in fields {
            let mut property = into_map(nullable(self.shape(&field.shape)));
            property.insert("description".to_owned(), field.doc.as_str().into());
            properties.insert(field.key.to_owned(), Json::Object(property));
        }
        nullable(json!({"type": "object", "properties": properties}))
    }
}

/// Where some fields are kinds, exactly one of them stands there, or else `from`.
fn one_of_kinds(fields: &[FieldDoc]) -> Vec<Json> {
    let kinds: Vec<_> = fields.iter().filter(|field| matches!(field.shape, Shape::Kind(..))).map(|field| field.key).collect();
    if kinds.is_empty() {
        return Vec::new();
    }
    let derived = fields.iter().map(|field| field.key).filter(|key| *key == "from");
    kinds.iter().copied().chain(derived).map(|key| json!({"required": [key]})).collect()
}

/// True if any text fits, so that a computed one needs no mention.
fn takes_text(shape: &Shape) -> bool {
    match shape {
        Shape::Any | Shape::Text | Shape::Template | Shape::Expression | Shape::Duration | Shape::Size => true,
        Shape::Setting(of) => takes_text(of),
        Shape::Either(shapes) => shapes.iter().any(takes_text),
        Shape::Bool | Shape::Integer | Shape::Number | Shape::Words(_) | Shape::List(_) | Shape::Map(_) => false,
        Shape::Struct(_) | Shape::Kind(..) | Shape::Kinds(..) => false,
    }
}

/// Any of these; options that are such lists themselves are merged into it.
fn any_of(options: Vec<Json>) -> Json {
    let mut flat: Vec<Json> = Vec::new();
    for option in options {
        match option {
            Json::Object(mut map) if map.len() == 1 && map.contains_key("anyOf") => match map.remove("anyOf") {
                Some(Json::Array(inner)) => flat.extend(inner),
                other => flat.extend(other),
            },
            other => flat.push(other),
        }
    }
    match flat.pop() {
        Some(only) if flat.is_empty() => only,
        last => {
            flat.extend(last);
            json!({"anyOf": flat})
        }
    }
}

fn nullable(schema: Json) -> Json {
    any_of(vec![schema, json!({"type": "null"})])
}

/// The schema with its description in front.
fn with_doc(schema: Json, doc: Json) -> Json {
    let mut out = Map::new();
    out.insert("description".to_owned(), doc);
    out.extend(into_map(schema));
    Json::Object(out)
}

fn into_map(json: Json) -> Map<String, Json> {
    if let Json::Object(map) = json { map } else { Map::new() }
}

/// The lines of a doc comment as one.
pub fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name as it stands in references and links: `metric-mapping`.
pub fn slug(name: &str) -> String {
    let kept = name.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
