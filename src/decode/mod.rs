//! Bytes to a document.
//!
//! A decoder gives one [`Value`]: a list where the format consists of records, a map or a text
//! otherwise. The rows are the items of a list, or else the document as one row; so `.doc` of a
//! source and its rows can never disagree. Only a format that says something about all of its
//! records, as a Nagios plugin does, gives rows of their own beside the document.
//!
//! ```yaml
//! decode: json                                   # a word
//! decode: {csv: {delimiter: ";", types: {used: number}}}
//! decode: [gzip, json]                           # bytes to bytes to a document
//! ```
//!
//! Adding a decoder: one file with its [`Options`] (declared with [`crate::fields!`]) and its
//! [`Decoder`], and one line in [`KINDS`]. Nothing here reads a file or a clock.

use crate::base::diag::{Diagnostic, has_errors};
use crate::base::print::{cut, one_line, to_json};
use crate::base::span::{Sources, Span};
use crate::base::value::{Text, Value};
use crate::yaml::kind::{self, Kind};
use crate::yaml::load;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader, Record};
use crate::yaml::shape::{KindDoc, Shape};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::{self, Debug, Display};
use std::sync::{Arc, LazyLock};
use want::{RowsWanted, TakeRow, Want, rows_of};

pub mod csv;
pub mod grok;
pub mod gzip;
pub mod html;
pub mod ini;
pub mod json;
mod json_scan;
pub mod key_value;
pub mod lines;
pub mod logfmt;
pub mod nagios_perfdata;
pub mod ndjson;
pub mod prometheus;
pub mod raw;
pub mod regex;
pub mod table;
pub mod toml;
pub mod xml;
pub mod yaml;

pub mod budget;
pub mod by_row;
pub mod columns;
pub mod document;
pub mod exposition;
pub mod faults;
pub mod grok_expand;
pub mod grok_patterns;
pub mod guess;
pub mod html_page;
pub mod html_table;
mod matcher;
pub mod records;
pub mod reused;
pub mod search;
pub mod text;
pub mod types;
pub mod want;
pub mod xml_tree;

#[cfg(test)]
mod testing;

pub use guess::guess;
pub use records::records;

/// Every decoder by its name in YAML.
pub const KINDS: &[Kind<Arc<dyn Decoder>>] = &[
    kind_of::<csv::Csv>(),
    kind_of::<grok::Grok>(),
    kind_of::<gzip::Gzip>(),
    kind_of::<html::Html>(),
    kind_of::<ini::Ini>(),
    kind_of::<json::Json>(),
    kind_of::<key_value::KeyValue>(),
    kind_of::<lines::Lines>(),
    kind_of::<logfmt::Logfmt>(),
    kind_of::<nagios_perfdata::NagiosPerfdata>(),
    kind_of::<ndjson::Ndjson>(),
    kind_of::<prometheus::Prometheus>(),
    kind_of::<raw::Raw>(),
    kind_of::<regex::Regex>(),
    kind_of::<table::Table>(),
    kind_of::<toml::Toml>(),
    kind_of::<xml::Xml>(),
    kind_of::<yaml::Yaml>(),
];

/// What decoding gave.
#[derive(Clone, Debug, Default)]
pub struct Decoded {
    /// The document.
    pub doc: Value,
    /// The rows, a list, where they are not the items of the document or the document itself.
    pub rows: Option<Value>,
    /// What was left out, one sentence for each kind of fault with its count: "3 lines are no
    /// samples, the first is line 7: …".
    pub warnings: Vec<String>,
}

impl Decoded {
    /// A document without remarks.
    pub fn of(doc: Value) -> Self {
        Decoded::with(doc, Vec::new())
    }

    /// A document with what was left out of it.
    pub fn with(doc: Value, warnings: Vec<String>) -> Self {
        Decoded { doc, rows: None, warnings }
    }

    /// What the rows come from: the rows themselves where the decoder gives some, else the document.
    pub fn records(&self) -> &Value {
        self.rows.as_ref().unwrap_or(&self.doc)
    }
}

/// What is known of an answer beside its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// The exit code of a command.
    pub exit_code: Option<i32>,
    /// The content type as an HTTP server gives it, with its parameters.
    pub content_type: Option<&'a str>,
    /// Names that the spec takes for lists, each with those around it, the outermost first: for formats
    /// that do not tell a list of one item from the item alone.
    pub lists: &'a [Box<[Text]>],
}

/// Why bytes could not be decoded: a sentence fragment with line and column where there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(pub String);

impl Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DecodeError {}

/// One decoder with its options.
pub trait Decoder: Send + Sync + Debug {
    /// The document of a whole answer.
    ///
    /// # Errors
    /// When the bytes are not what this decoder reads, or pass one of its limits.
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError>;

    /// The document of an answer of which more is known. Bytes in the `charset` of the content type
    /// become UTF-8 first: see [`text::in_utf8`].
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    fn decode_answer(&self, input: &[u8], facts: &Facts<'_>) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let text = text::in_utf8(input, facts, &mut warnings);
        let mut decoded = self.decode(&text)?;
        warnings.append(&mut decoded.warnings);
        Ok(Decoded { warnings, ..decoded })
    }

    /// The document of one record of several lines, the `number`-th of its answer. Decoders that
    /// look at one line at a time take it for one.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    fn decode_record(&self, record: &[u8], number: usize) -> Result<Decoded, DecodeError> {
        let _ = number;
        self.decode(record)
    }

    /// The wanted parts of the document, and whatever it is easier to build than to leave out. Faults
    /// and limits are those of the whole.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    fn decode_wanted(&self, input: &[u8], facts: &Facts<'_>, _: &Want) -> Result<Decoded, DecodeError> {
        self.decode_answer(input, facts)
    }

    /// Every row, one after the other, and what was left out; rows that were handed on before an
    /// error are void.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    fn stream(&self, input: &[u8], facts: &Facts<'_>, rows: &RowsWanted, take: &mut TakeRow<'_>) -> Result<Vec<String>, DecodeError> {
        whole_then_rows(self, input, facts, rows, take)
    }

    /// The step from bytes to bytes, of decoders that may stand before another one in a list.
    fn unpacker(self: Arc<Self>) -> Option<Arc<dyn Unpacker>> {
        None
    }
}

/// The rows of decoders that build the document first, and of paths into documents that others
/// build piece by piece.
fn whole_then_rows<D: Decoder + ?Sized>(
    decoder: &D,
    input: &[u8],
    facts: &Facts<'_>,
    rows: &RowsWanted,
    take: &mut TakeRow<'_>,
) -> Result<Vec<String>, DecodeError> {
    let decoded = decoder.decode_answer(input, facts)?;
    let records = if rows.of_document { &decoded.doc } else { decoded.records() };
    if !decoded.doc.is_missing() {
        rows_of(records, &rows.path, take);
    }
    Ok(decoded.warnings)
}

/// A step from bytes to bytes.
pub trait Unpacker: Send + Sync + Debug {
    /// The unpacked bytes.
    ///
    /// # Errors
    /// When the bytes are not packed that way, or unpack to more than the limit.
    fn unpack(&self, input: &[u8]) -> Result<Vec<u8>, DecodeError>;
}

/// The options of one decoder as users write them.
pub trait Options: Record + Field + 'static {
    /// The decoder's word in YAML.
    const NAME: &'static str;

    /// The decoder with these options, which `node` holds; `None` after a problem was reported.
    fn compile(self, node: &Node, reader: &mut Reader<'_>) -> Option<Arc<dyn Decoder>>;
}

const fn kind_of<O: Options>() -> Kind<Arc<dyn Decoder>> {
    Kind { name: O::NAME, docs: docs_of::<O>, read: read_options::<O> }
}

fn docs_of<O: Options>() -> KindDoc {
    let doc = if let Shape::Struct(declared) = O::shape() { declared.doc } else { "" };
    KindDoc { name: O::NAME, doc, fields: O::docs(), short: None }
}

fn read_options<O: Options>(node: &Node, reader: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
    O::read(node, reader)?.compile(node, reader)
}

/// What stands under `decode:`, as the field of a declared struct.
#[derive(Clone, Debug)]
pub struct Decode(pub Arc<dyn Decoder>);

impl Field for Decode {
    fn shape() -> Shape {
        let one = || Shape::Kinds("decoder", || KINDS.iter().map(|kind| (kind.docs)()).collect());
        Shape::Either(vec![one(), Shape::List(Box::new(one()))])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        read(node, reader).map(Decode)
    }
}

/// Reads `decode:`: a word, a word over its options, or a list of them in the order of work.
pub fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
    let Some(steps) = node.as_list() else { return kind::read_one("decoder", KINDS, node, reader) };
    let Some((last, packed)) = steps.split_last() else {
        let problem = Diagnostic::error("empty-list", "a list without a decoder", node.span).label("nothing decodes here");
        reader.report(problem.help("name a decoder, like `json`, or leave `decode` out"));
        return None;
    };
    let unpackers: Vec<_> = packed.iter().map(|step| read_unpacker(step, reader)).collect();
    let last = kind::read_one("decoder", KINDS, last, reader)?;
    let unpackers: Vec<_> = unpackers.into_iter().collect::<Option<_>>()?;
    Some(if unpackers.is_empty() { last } else { Arc::new(Chain { unpackers, last }) })
}

fn read_unpacker(node: &Node, reader: &mut Reader<'_>) -> Option<Arc<dyn Unpacker>> {
    let unpacker = kind::read_one("decoder", KINDS, node, reader)?.unpacker();
    if unpacker.is_none() {
        let problem = Diagnostic::error("not-last", "a decoder behind the one that gives the document", node.span)
            .label("this gives a document, which no further decoder reads");
        reader.report(problem.help("put it last; before it only `gzip` can stand"));
    }
    unpacker
}

/// A decoder by name and the options of a value, for the function `decode()` and for guessed
/// decoders; a missing value stands for no options.
///
/// # Errors
/// What is wrong with the name or the options, as a fragment.
pub fn named(name: &str, options: &Value) -> Result<Arc<dyn Decoder>, String> {
    let Some(kind) = kind::find(KINDS, name) else {
        let names = crate::base::suggest::listed(KINDS.iter().map(|k| k.name), 40);
        return Err(format!("there is no decoder `{}`; there are {names}", cut(&one_line(name), 40)));
    };
    match PLAIN.get(kind.name).filter(|_| options.is_missing()) {
        Some(plain) => plain.clone(),
        None => with_options(kind, options),
    }
}

/// A decoder, or what is wrong with its options.
type Made = Result<Arc<dyn Decoder>, String>;

/// Every decoder without options: one is guessed for each answer of a source that names none.
static PLAIN: LazyLock<HashMap<&'static str, Made>> =
    LazyLock::new(|| KINDS.iter().map(|kind| (kind.name, with_options(kind, &Value::Missing))).collect());

fn with_options(kind: &Kind<Arc<dyn Decoder>>, options: &Value) -> Made {
    let name = kind.name;
    let mut sources = Sources::default();
    // JSON is YAML, so one way of reading options is enough.
    let file = sources.add("options", if options.is_missing() { String::new() } else { to_json(options).to_string() });
    let loaded = load::load(&sources, file);
    let mut reader = Reader::new(&sources, loaded.broken);
    let decoder = (kind.read)(&loaded.root, &mut reader);
    match decoder {
        Some(decoder) if !has_errors(&reader.problems) && loaded.problems.is_empty() => Ok(decoder),
        _ => {
            let why = loaded.problems.iter().chain(&reader.problems).map(|problem| problem.title.clone()).next();
            Err(format!("the options of `{name}`: {}", why.unwrap_or_default()))
        }
    }
}

/// A decoder out of a computed value: its name, `{name: options}`, or a list of these.
///
/// # Errors
/// What is wrong with the name or the options, as a fragment.
pub fn from_value(value: &Value) -> Result<Arc<dyn Decoder>, String> {
    let mut sources = Sources::default();
    let file = sources.add("options", to_json(value).to_string());
    let loaded = load::load(&sources, file);
    let mut reader = Reader::new(&sources, loaded.broken);
    let decoder = read(&loaded.root, &mut reader).filter(|_| !has_errors(&reader.problems));
    decoder.ok_or_else(|| reader.problems.iter().map(|problem| problem.title.clone()).next().unwrap_or_default())
}

/// Steps from bytes to bytes before the decoder that makes the document.
#[derive(Debug)]
struct Chain {
    unpackers: Vec<Arc<dyn Unpacker>>,
    last: Arc<dyn Decoder>,
}

impl Decoder for Chain {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        self.last.decode(&self.unpack(input)?)
    }

    fn decode_answer(&self, input: &[u8], facts: &Facts<'_>) -> Result<Decoded, DecodeError> {
        self.last.decode_answer(&self.unpack(input)?, facts)
    }

    fn decode_wanted(&self, input: &[u8], facts: &Facts<'_>, want: &Want) -> Result<Decoded, DecodeError> {
        self.last.decode_wanted(&self.unpack(input)?, facts, want)
    }

    fn stream(&self, input: &[u8], facts: &Facts<'_>, rows: &RowsWanted, take: &mut TakeRow<'_>) -> Result<Vec<String>, DecodeError> {
        self.last.stream(&self.unpack(input)?, facts, rows, take)
    }
}

impl Chain {
    fn unpack<'i>(&self, input: &'i [u8]) -> Result<Cow<'i, [u8]>, DecodeError> {
        let mut bytes = Cow::Borrowed(input);
        for unpacker in &self.unpackers {
            bytes = Cow::Owned(unpacker.unpack(&bytes)?);
        }
        Ok(bytes)
    }
}

/// Reports options that exclude or need each other.
fn conflict(title: impl Into<String>, span: Span, help: impl Into<String>, reader: &mut Reader<'_>) {
    reader.report(Diagnostic::error("bad-options", title, span).help(help));
}

/// The beginning of a text for messages: quoted, on one line, cut short.
fn beginning(text: &str) -> String {
    format!("\"{}\"", cut(&one_line(crate::base::print::cut_bytes(text, 400)), 40))
}

#[cfg(test)]
mod tests {
    use super::testing::{decoder, document, fault, problems};
    use super::*;
    use proptest::prelude::*;

    /// The lines of a list of decoders.
    const EVERY: &str = include_str!("testdata/every.yaml");

    fn every() -> impl Iterator<Item = &'static str> {
        EVERY.lines().filter_map(|line| line.strip_prefix("- "))
    }

    static DECODERS: LazyLock<Vec<Arc<dyn Decoder>>> = LazyLock::new(|| every().map(decoder).collect());

    #[test]
    fn every_kind_is_among_those_that_must_not_panic() {
        for kind in KINDS {
            let named = |options: &str| options.trim_start_matches(['{', '[']).starts_with(kind.name);
            assert!(every().any(named), "{}", kind.name);
        }
    }

    proptest! {
        #[test]
        fn no_decoder_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for decoder in DECODERS.iter() {
                let _ = decoder.decode(&bytes);
            }
        }

        #[test]
        fn no_decoder_panics_on_broken_syntax(text in r#"(\{|\}|\[|\]|"|\\|,|:|=|#| |\n|\r|\t|a|é|1|-|\.|# TYPE a |NaN|\*|&a|---|null|\x00|\u{feff}|<|>|/|</a>|<a>|<td>|<tr>|<table>|&|;|'|\||%|=1){0,60}"#) {
            for decoder in DECODERS.iter() {
                let _ = decoder.decode(text.as_bytes());
            }
        }
    }

    #[test]
    fn every_kind_is_named_once_in_order_and_documented() {
        let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        for kind in KINDS {
            let docs = (kind.docs)();
            assert!(!docs.doc.is_empty() && docs.fields.iter().all(|field| !field.doc.is_empty()), "{}", kind.name);
        }
    }

    #[test]
    fn a_list_unpacks_before_it_decodes() {
        let packed = gzip::packed(b"{\"a\": 1}");
        assert_eq!(to_json(&decoder("[gzip, json]").decode(&packed).unwrap().doc).to_string(), r#"{"a":1}"#);
        assert_eq!(document("[json]", b"1"), "1");
        assert!(fault("[gzip, json]", b"{}").contains("not gzip"));
    }

    #[test]
    fn the_charset_of_an_answer_holds_for_every_text_even_a_packed_one() {
        let facts = Facts { content_type: Some("text/csv; charset=iso-8859-1"), ..Facts::default() };
        let read = |options, bytes: &[u8]| to_json(&decoder(options).decode_answer(bytes, &facts).unwrap().doc).to_string();
        assert_eq!(read("csv", b"a\n\xe9\n"), r#"[{"a":"é"}]"#);
        assert_eq!(read("json", b"\"\xe9\""), r#""é""#);
        assert_eq!(read("gzip", &gzip::packed(b"\xe9")), r#""é""#);
        assert_eq!(read("[gzip, lines]", &gzip::packed(b"\xe9")), r#"[{"line":"é","number":1}]"#);
        assert_eq!(read("nagios_perfdata", b"\xe9"), r#"{"text":"é","long_text":null,"perfdata":[]}"#);
    }

    #[test]
    fn only_the_last_of_a_list_makes_the_document() {
        assert_eq!(problems("[json, csv]"), ["a decoder behind the one that gives the document"]);
        assert_eq!(problems("[]"), ["a list without a decoder"]);
        assert_eq!(problems("jsn"), ["unknown decoder `jsn`"]);
        assert_eq!(problems("{json: {x: 1}}"), ["unknown key `x` in decoder `json`"]);
    }

    #[test]
    fn a_decoder_can_be_named_with_the_options_of_a_value() {
        let options = Value::from(serde_json::json!({"columns": ["a", "b"]}));
        let rows = named("csv", &options).unwrap().decode(b"1,2\n").unwrap().doc;
        assert_eq!(to_json(&rows).to_string(), r#"[{"a":"1","b":"2"}]"#);
        assert!(named("json", &Value::Missing).is_ok());
        assert!(named("regex", &Value::Missing).is_err());
        assert!(named("jsn", &Value::Missing).unwrap_err().contains("there is no decoder `jsn`"));
    }
}
