//! `xml`: one XML document; its root element is the document.
//!
//! An element is a map of its children by name, its attributes (`row['@id']`) and its own text
//! (`row['#text']`); an element that holds nothing but text is that text, an empty one the empty
//! text. A child that is there several times is a list. Whether one is there several times changes
//! with the data, so children that the spec takes for lists are lists even where there is one only:
//! those with `[*]`, an index, a slice or a filter behind them in its paths ([`Facts::lists`]), and
//! those that `lists` names. Texts lose the white space around them. Comments and processing
//! instructions are passed over; `xsi:nil="true"` is a missing value. Entities of the document's own
//! are never expanded: they are an error, as are unknown ones.
//!
//! Encodings: a byte order mark, else the charset of the HTTP answer, else what the XML declaration
//! says, else UTF-8.
//!
//! ```yaml
//! decode: {xml: {lists: [service.port], types: {uptime: int, "@id": int}}}
//! rows: $.hosts.host[*]
//! ```

use super::types::Types;
use super::xml_tree::Tree;
use super::{DecodeError, Decoded, Decoder, Facts, Options, beginning, conflict, text};
use crate::base::value::Text;
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::borrow::Cow;
use std::sync::Arc;

crate::fields! {
    /// One XML document, whose root element is the only row: `decode: xml` with
    /// `rows: $.hosts.host[*]`. Children are `row.child`, attributes `row['@id']`, the text beside
    /// them `row['#text']`; an element of nothing but text is that text.
    pub struct Xml, "decoder `xml`" {
        /// Elements that are lists even where there is one only: names at any depth (`host`), or the
        /// end of a path (`hosts.host`). What a path of the spec goes over with `[*]`, an index, a slice
        /// or a filter needs no mention here.
        pub lists: Vec<Text>;
        /// What happens with prefixes: `drop` gives names without them and no `xmlns` attributes,
        /// `keep` leaves all names as written: `row['soap:Body']`.
        pub namespaces: Namespaces = Namespaces::Drop, "drop";
        /// The types of elements of nothing but text and of attributes, by name at any depth:
        /// `{uptime: int, "@id": int}`; others are texts.
        pub types: Types;
    }
}

crate::words! {
    /// What happens with the prefixes of names.
    pub enum Namespaces {
        /// They go.
        Drop = "drop",
        /// They stay.
        Keep = "keep",
    }
}

impl Options for Xml {
    const NAME: &'static str = "xml";

    fn compile(self, node: &Node, reader: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        if self.lists.iter().any(|path| path.split('.').any(str::is_empty)) {
            conflict("a list without a name", node.span, "write names or ends of paths: `lists: [host, hosts.host]`", reader);
            return None;
        }
        Some(Arc::new(self))
    }
}

impl Decoder for Xml {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        self.decode_answer(input, &Facts::default())
    }

    fn decode_answer(&self, input: &[u8], facts: &Facts<'_>) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let text = text_of(input, facts, &mut warnings)?;
        if text.trim().is_empty() {
            return Err(DecodeError("the body is empty".to_owned()));
        }
        let mut tree = Tree::new(self, facts.lists);
        let mut reader = quick_xml::Reader::from_str(&text);
        let root = loop {
            let taken = match reader.read_event() {
                Ok(Event::Eof) => break tree.root(),
                Ok(event) => take(&mut tree, event),
                Err(error) => {
                    let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                    return Err(fault(&lower(&error.to_string()), &text, at));
                }
            };
            taken.map_err(|why| fault(&why, &text, usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)))?;
        };
        let root = root.map_err(|why| fault(&why, &text, text.len()))?;
        tree.clashes.warn(
            "attribute has the name of another one and is left out",
            "attributes have the name of another one and are left out",
            &mut warnings,
        );
        Ok(Decoded::with(root, warnings))
    }
}

/// Takes one part of the text into the tree.
fn take(tree: &mut Tree<'_>, event: Event<'_>) -> Result<(), String> {
    match event {
        Event::Start(start) => open(tree, &start),
        Event::Empty(start) => {
            open(tree, &start)?;
            tree.close()
        }
        Event::End(_) => tree.close(),
        Event::Text(text) => tree.text(&text.xml10_content()),
        Event::CData(data) => tree.text(&data.xml10_content()),
        Event::GeneralRef(reference) => refer(tree, &reference),
        Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => Ok(()),
    }
}

fn open(tree: &mut Tree<'_>, start: &BytesStart<'_>) -> Result<(), String> {
    let name = start.name();
    tree.open(name.0)?;
    // The library compares each attribute with all others; the tree's maps find doubles faster.
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| lower(&error.to_string()))?;
        let value = quick_xml::escape::unescape_with(&attribute.value, resolve_xml_entity);
        let value = value.map_err(|error| lower(&error.to_string()))?;
        tree.attribute(attribute.key.0, &value)?;
    }
    Ok(())
}

fn refer(tree: &mut Tree<'_>, reference: &BytesRef<'_>) -> Result<(), String> {
    if let Some(c) = reference.resolve_char_ref().map_err(|error| lower(&error.to_string()))? {
        return tree.text(c.encode_utf8(&mut [0; 4]));
    }
    let name = reference.xml10_content();
    match resolve_xml_entity(&name) {
        Some(text) => tree.text(text),
        None => {
            Err(format!("the entity {} is none of XML's five; those of a document type are not expanded", beginning(&format!("&{name};"))))
        }
    }
}

/// The text of the bytes by the rule of this module.
fn text_of<'i>(input: &'i [u8], facts: &Facts<'_>, warnings: &mut Vec<String>) -> Result<Cow<'i, str>, DecodeError> {
    let unmarked = Encoding::for_bom(input).is_none();
    let encoding = match text::charset(input, facts, warnings) {
        Some(encoding) => Some(encoding),
        None if unmarked => declared(input)?,
        None => None,
    };
    match encoding {
        Some(encoding) if encoding != UTF_8 => Ok(Cow::Owned(text::converted(input, encoding, warnings))),
        _ => text::strict(input),
    }
}

/// The encoding that the document itself shows: UTF-16 by its first character, others by name.
fn declared(input: &[u8]) -> Result<Option<&'static Encoding>, DecodeError> {
    match input {
        [0, b'<', ..] => return Ok(Some(UTF_16BE)),
        [b'<', 0, ..] => return Ok(Some(UTF_16LE)),
        _ => {}
    }
    let Some(name) = declared_name(input) else { return Ok(None) };
    let name = String::from_utf8_lossy(name);
    match Encoding::for_label(name.as_bytes()) {
        // A declaration that can be read byte by byte is none of UTF-16: whoever wrote it has
        // converted the text without it.
        Some(encoding) if encoding == UTF_16BE || encoding == UTF_16LE => Ok(None),
        Some(encoding) => Ok(Some(encoding)),
        None => Err(DecodeError(format!("the XML declaration names the encoding {}, which is none", beginning(&name)))),
    }
}

/// What stands in the quotes behind `encoding=` of the XML declaration.
fn declared_name(input: &[u8]) -> Option<&[u8]> {
    let declaration = input.trim_ascii_start().strip_prefix(b"<?xml")?;
    let end = memchr::memchr(b'>', declaration.get(..200.min(declaration.len()))?)?;
    let declaration = declaration.get(..end)?;
    let at = memchr::memmem::find(declaration, b"encoding")?;
    let value = declaration.get(at + "encoding".len()..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
    value.get(..memchr::memchr(*quote, value)?)
}

/// An error with its line and column.
fn fault(why: &str, text: &str, at: usize) -> DecodeError {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = text.get(..at).unwrap_or("");
    let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    DecodeError(format!("not XML: {why} at line {line} column {column}; it begins {}", beginning(text)))
}

/// The library's words as a fragment.
fn lower(words: &str) -> String {
    let words = words.strip_prefix("ill-formed document: ").or_else(|| words.strip_prefix("syntax error: ")).unwrap_or(words);
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::print::to_json;
    use crate::decode::testing::{decoder, document, fault, problems, warnings};

    #[test]
    fn elements_are_maps_lists_and_texts() {
        let input = "<?xml version=\"1.0\"?>\r\n<!-- c --><r id=\"1\"> a <b>x &amp; &#233;</b>&lt;z<c/><b k='&quot;v'><![CDATA[<y>]]></b><?pi x?></r>\n";
        assert_eq!(document("xml", input), r##"{"@id":"1","#text":"a <z","b":["x & é",{"@k":"\"v","#text":"<y>"}],"c":""}"##);
        assert_eq!(document("xml", "<r> text </r>"), r#""text""#);
        assert_eq!(document("xml", "<r/>"), r#""""#);
    }

    #[test]
    fn lists_are_lists_even_of_one() {
        let input = "<r><host><port>1</port></host><service><port>2</port></service></r>";
        assert_eq!(document("{xml: {lists: [host]}}", input), r#"{"host":[{"port":"1"}],"service":{"port":"2"}}"#);
        assert_eq!(document("{xml: {lists: [service.port]}}", input), r#"{"host":{"port":"1"},"service":{"port":["2"]}}"#);
        assert_eq!(document("{xml: {lists: [r.host.port]}}", input), r#"{"host":{"port":["1"]},"service":{"port":"2"}}"#);
        assert_eq!(document("{xml: {lists: [x.port, r]}}", input), r#"{"host":{"port":"1"},"service":{"port":"2"}}"#);
        assert_eq!(problems("{xml: {lists: [a..b]}}"), ["a list without a name"]);
    }

    #[test]
    fn what_the_spec_takes_for_a_list_is_one() {
        let lists: Vec<Box<[crate::base::value::Text]>> =
            vec![["process".into(), "item".into()].into(), ["soap:x".into()].into(), ["@id".into()].into()];
        let facts = Facts { lists: &lists, ..Facts::default() };
        let of = |options: &str, input: &str| to_json(&decoder(options).decode_answer(input.as_bytes(), &facts).unwrap().doc).to_string();
        assert_eq!(of("xml", "<r><process/></r>"), r#"{"process":""}"#);
        assert_eq!(of("xml", "<r><process><item><pid>1</pid></item></process></r>"), r#"{"process":{"item":[{"pid":"1"}]}}"#);
        assert_eq!(of("xml", "<process><item>1</item><item>2</item></process>"), r#"{"item":["1","2"]}"#);
        assert_eq!(of("xml", "<r><item>1</item></r>"), r#"{"item":"1"}"#);
        assert_eq!(of("{xml: {lists: [r.item]}}", "<r id=\"7\"><item>1</item></r>"), r#"{"@id":"7","item":["1"]}"#);
        assert_eq!(of("{xml: {namespaces: keep}}", "<r><soap:x>1</soap:x></r>"), r#"{"soap:x":["1"]}"#);
    }

    #[test]
    fn soap_answers_are_read_without_prefixes() {
        let input = r#"<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="i" xmlns="d">
            <soap:Body><m:Answer xmlns:m="m" xsi:type="m:T"><m:Load>1.5</m:Load><m:None xsi:nil="true"/></m:Answer></soap:Body></soap:Envelope>"#;
        assert_eq!(document("{xml: {types: {Load: number}}}", input), r#"{"Body":{"Answer":{"@type":"m:T","Load":1.5,"None":null}}}"#);
        let kept = document("{xml: {namespaces: keep}}", "<a:b xmlns:a=\"u\" a:x=\"1\" x=\"2\"/>");
        assert_eq!(kept, r#"{"@xmlns:a":"u","@a:x":"1","@x":"2"}"#);
        assert_eq!(warnings("xml", "<b x=\"2\" a:x=\"1\"/>").len(), 1);
    }

    #[test]
    fn types_hold_for_texts_and_attributes() {
        let options = r#"{xml: {types: {n: int, "@id": int, at: time}}}"#;
        let input = "<r><n>7</n><n u=\"s\">8</n><n/><x id=\"9\"/><at>2024-02-29T12:00:00Z</at></r>";
        assert_eq!(document(options, input), r##"{"n":[7,{"@u":"s","#text":8},null],"x":{"@id":9},"at":"2024-02-29T12:00:00Z"}"##);
    }

    #[test]
    fn encodings_are_declared_marked_or_said_by_http() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><r>\xe9</r>";
        assert_eq!(document("xml", latin), r#""é""#);
        assert_eq!(document("xml", b"<?xml version=\"1.0\" encoding=\"utf-16\"?><r>\xc3\xa9</r>"), r#""é""#);
        let wide = |mark: &[u8], text: &str| [mark, &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()].concat();
        let text = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><r>é</r>";
        assert_eq!(document("xml", wide(b"\xff\xfe", text)), r#""é""#);
        assert_eq!(document("xml", wide(b"", text)), r#""é""#);
        assert_eq!(document("xml", b"\xef\xbb\xbf<r>\xc3\xa9</r>"), r#""é""#);
        let facts = Facts { content_type: Some("text/xml; charset=windows-1252"), ..Facts::default() };
        let said = decoder("xml").decode_answer(b"<?xml version='1.0' encoding='utf-8'?><r>\x80</r>", &facts).unwrap();
        assert_eq!(to_json(&said.doc).to_string(), r#""€""#);
        assert_eq!(fault("xml", b"<r>\xe9</r>"), "not UTF-8: byte 0xe9 at offset 3");
        assert_eq!(fault("xml", "<?xml encoding=\"x\"?><r/>"), "the XML declaration names the encoding \"x\", which is none");
    }

    #[test]
    fn what_is_no_xml_is_an_error_with_its_place() {
        assert_eq!(fault("xml", " "), "the body is empty");
        for (input, words) in [
            ("<a>\n<b></a>", "at line 2 column"),
            ("<a>", "the text ends within the element \"a\" at line 1 column 4"),
            ("<a/><b/>", "a second root element \"b\""),
            ("<a/>x", "text outside of the root element: \"x\""),
            ("{}", "text outside of the root element: \"{}\""),
            ("<!-- -->", "no element"),
            ("</a>", "line 1"),
            ("<a b=\"1\" b=\"2\"/>", "the attribute \"b\" twice"),
            ("<a b/>", "line 1"),
            ("<a b=\"&x;\"/>", "x"),
            ("<a>&nbsp;</a>", "the entity \"&nbsp;\" is none of XML's five"),
            ("<a>&#0;</a>", "line 1"),
            ("<a>& b</a>", "line 1"),
            ("<a", "line 1"),
        ] {
            let found = fault("xml", input);
            assert!(found.contains(words) && found.starts_with("not XML: "), "{input}: {found}");
        }
    }

    #[test]
    fn bombs_are_errors() {
        let laughs = r#"<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>"#;
        assert!(fault("xml", laughs).contains("those of a document type are not expanded"));
        let outside = r#"<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>"#;
        assert!(fault("xml", outside).contains("are not expanded"));
        assert_eq!(document("xml", "<!DOCTYPE l SYSTEM \"l.dtd\"><l>1</l>"), r#""1""#);
        assert!(fault("xml", "<a>".repeat(1_000_000)).contains("nested more than 128 levels deep, which is the limit"));
        assert!(fault("xml", format!("<a>{}</a>", "<b/>".repeat(2_000_001))).contains("more than 2000000 values"));
        let attributes: String = (0..200_000).map(|n| format!(" a{n}='1'")).collect();
        assert!(document("xml", format!("<a{attributes}/>")).len() > 1_000_000);
        let children: String = (0..200_000).map(|n| format!("<a{n}/>")).collect();
        assert!(document("xml", format!("<a>{children}</a>")).len() > 1_000_000);
    }
}
