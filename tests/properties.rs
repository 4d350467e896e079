//! What holds for any text, document and value.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common;

use common::{field, loaded};
use engine::base::print::to_json;
use engine::base::span::Sources;
use engine::base::value::Value;
use engine::expr::path::Path;
use engine::expr::texts::{TextSink, Texts};
use engine::yaml::load::load;
use engine::yaml::read::{Field, Reader};
use jsonpath_rust::JsonPath;
use proptest::prelude::*;
use serde_json::Value as Json;

/// Reads a text as a spec; what comes of it does not matter, only that something does.
fn read(text: &str) {
    let mut sources = Sources::default();
    let file = sources.add("case.yaml", text);
    let (_, problems) = engine::spec::read::read(load(&sources, file), file, "case", &sources);
    let _ = engine::base::render::human(&problems, &sources, false);
}

/// Pieces of specs: put together at random they come close to real ones.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "name: case\n",
        "version: 1.0.0\n",
        "sources:\n",
        "  page:\n",
        "    http: {url: \"",
        "{{ instance.url }}",
        "\"}\n",
        "metrics:\n",
        "  - from: page\n",
        "    value: $.a[*]\n",
        "    when: row.a >",
        " 1 and",
        " not",
        "'",
        "\"",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "\n",
        "  ",
        "\t",
        "&a ",
        "*a",
        "<<: *a",
        "!tag ",
        "|\n",
        ">-\n",
        "# x\n",
        "$",
        "$.",
        "{% for x in row %}",
        "{% endfor %}",
        "é",
        "\u{feff}",
        "\r\n",
        "---\n",
        "let: {a: b, b: a}\n",
        "group: {a: row.a}\n",
        "(",
        ")",
        "| ",
        "~",
        "**",
        "\\",
        "\\u00e9",
        "decode: {regex: {pattern: '('}}\n",
    ];
    prop_oneof![4 => proptest::sample::select(words.map(str::to_owned).to_vec()), 1 => "\\PC{0,8}"]
}

fn document() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![any::<i64>().prop_map(Json::from), any::<bool>().prop_map(Json::from), "[a-c]{0,3}".prop_map(Json::from)];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::vec(("[a-d]", inner), 0..4).prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

fn plain_path() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        "[a-d]".prop_map(|name| format!(".{name}")),
        "[a-d]".prop_map(|name| format!("['{name}']")),
        (-3i64..4).prop_map(|index| format!("[{index}]")),
        Just(".*".to_owned()),
        Just("[*]".to_owned()),
    ];
    proptest::collection::vec(step, 0..5).prop_map(|steps| format!("${}", steps.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_to_its_end(text in "\\PC{0,300}") {
        read(&text);
    }

    #[test]
    fn anything_like_a_spec_is_read_to_its_end(pieces in proptest::collection::vec(piece(), 0..40)) {
        read(&pieces.concat());
    }

    #[test]
    fn any_bytes_of_yaml_with_lines_are_read_to_their_end(lines in proptest::collection::vec("[ \\t:\\-\\[\\]{}&*!|>'\"%#a-c$.]{0,20}", 0..20)) {
        read(&lines.join("\n"));
    }

    #[test]
    fn plain_paths_match_what_the_library_matches(document in document(), path in plain_path()) {
        let ours = Path::parse(&path).expect("a path");
        prop_assert!(ours.steps().is_some(), "{path} is plain");
        let mut found = Vec::new();
        ours.each(&document.clone().into(), &mut |_, value: &Value| found.push(to_json(value))).expect("few matches");
        let theirs: Vec<Json> = document.query(&path).expect("a path").into_iter().cloned().collect();
        prop_assert_eq!(found, theirs, "{}", path);
    }

    /// An argument is one argument, whatever its value holds.
    #[test]
    fn values_never_widen_a_list_of_arguments(a in "\\PC{0,20}", b in "[ \\t\\n'\"{}|;&$a-z-]{0,20}") {
        let written = "[cmd, '{{ row.a }}', 'x={{ row.b }}', '{{ row.a }}{{ row.b }}', '-u {{ row.b }}', $.a, '{{ row.b }}']";
        let (sources, _, node) = loaded("argv.yaml", written);
        let mut reader = Reader::new(&sources, false);
        engine::expr::names::install(&mut reader);
        let texts = Texts::read(&node, &mut reader).expect("a list of texts");
        let row = serde_json::json!({"a": a, "b": b});
        let (_, mut frame) = field::<engine::expr::code::Template>("x", &[("row", row.into())]).expect("a text");
        let mut out: Vec<Value> = Vec::new();
        let sink: &mut dyn TextSink = &mut out;
        texts.collect(&mut frame, sink);
        prop_assert_eq!(out.len(), 7);
        prop_assert_eq!(out[1].as_text(), Some(a.as_str()));
        prop_assert_eq!(out[6].as_text(), Some(b.as_str()));
    }
}
