//! The forms of `engine lint`: what it writes, what it changes, and by which place it reads a file.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

const SPEC: &str = "# the head\nname: demo\nversion: 1.0.0\ndescription: Shows forms.\nsources:\n  page:\n    file: {path: /tmp/a}   # of the page\n    decode: raw\n    cache: 60   # a minute\nmetrics:\n  - {name: demo.a b, value: page.body | length}   # the name\n  - {name: demo.c, value: \"{{ page.elapsed }}\"}\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

fn engine(folder: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    command.arg("lint").args(arguments).current_dir(folder).env_remove("ENGINE_CONFIG");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (output.status.code().expect("a code"), text(&output.stdout), text(&output.stderr))
}

#[test]
fn fixes_are_made_once_and_comments_stay() {
    let work = folder(&[("specs/demo.yaml", SPEC)]);
    let (_, diff, _) = engine(work.path(), &["--diff"], "");
    assert!(diff.contains("-    cache: 60   # a minute\n+    cache: 60s   # a minute\n"), "{diff}");
    let read = || std::fs::read_to_string(work.path().join("specs/demo.yaml")).expect("the spec");
    assert_eq!(read(), SPEC, "--diff changes nothing");
    let (code, _, said) = engine(work.path(), &["--fix"], "");
    assert_eq!((code, said.trim()), (0, "3 edits made"));
    let expected = SPEC.replace("60 ", "60s ").replace("demo.a b", "demo.a_b").replace("\"{{ page.elapsed }}\"", "page.elapsed");
    assert_eq!(read(), expected);
    let (_, _, said) = engine(work.path(), &["--fix"], "");
    assert_eq!((read(), said.trim()), (expected, "0 edits made"));
}

#[test]
fn guesses_are_made_where_they_are_asked_for() {
    let text = SPEC.replace("decode:", "deocde:");
    let work = folder(&[("specs/demo.yaml", &text)]);
    engine(work.path(), &["--fix"], "");
    let read = || std::fs::read_to_string(work.path().join("specs/demo.yaml")).expect("the spec");
    assert!(read().contains("deocde:"));
    assert_eq!(engine(work.path(), &["--fix", "--guesses"], "").0, 0);
    assert!(read().contains("decode: raw"), "{}", read());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever combination of slips: what is fixed is right, and fixing again changes nothing.
    #[test]
    fn fixing_twice_is_fixing_once(cache in 1u32..900, sizes in 1u32..4000, words in "[a-z]{1,6}( |/|-)[a-z]{1,6}", braces in any::<bool>()) {
        let value = if braces { "\"{{ page.elapsed }}\"" } else { "page.elapsed" };
        let text = format!("name: demo\nversion: 1.0.0\ndescription: d\nsources:\n  page: # é\n    file: {{path: /tmp/a, max_bytes: {}}}\n    decode: raw\n    cache: {cache} # c\nmetrics:\n  - {{name: \"demo.{words}\", value: {value}}}\n", sizes * 1024);
        let work = folder(&[("specs/demo.yaml", &text)]);
        engine(work.path(), &["--fix"], "");
        let once = std::fs::read_to_string(work.path().join("specs/demo.yaml")).expect("the spec");
        prop_assert!(once.contains("# é") && once.contains("# c"), "{}", once);
        let (code, said, _) = engine(work.path(), &["--fix", "--format", "json"], "");
        let twice = std::fs::read_to_string(work.path().join("specs/demo.yaml")).expect("the spec");
        prop_assert_eq!(once, twice);
        let json: Json = serde_json::from_str(&said).expect("JSON");
        prop_assert_eq!((code, json["errors"].as_u64()), (0, Some(0)));
    }
}

/// The parts of SARIF 2.1.0 that are written, as strict as its specification says them.
fn sarif_schema() -> Json {
    let message = json!({"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}, "additionalProperties": false});
    let region = json!({"type": "object", "required": ["startLine", "startColumn", "endLine", "endColumn"], "additionalProperties": false,
        "properties": {"startLine": {"type": "integer", "minimum": 1}, "startColumn": {"type": "integer", "minimum": 1},
            "endLine": {"type": "integer", "minimum": 1}, "endColumn": {"type": "integer", "minimum": 1}}});
    let artifact = json!({"type": "object", "required": ["uri"], "additionalProperties": false, "properties": {"uri": {"type": "string", "pattern": "^[^ ]+$"}}});
    let physical = json!({"type": "object", "required": ["artifactLocation", "region"], "additionalProperties": false, "properties": {"artifactLocation": artifact, "region": region}});
    let location = json!({"type": "object", "required": ["physicalLocation"], "additionalProperties": false,
        "properties": {"id": {"type": "integer", "minimum": 0}, "physicalLocation": physical, "message": message}});
    let level = json!({"enum": ["none", "note", "warning", "error"]});
    let replacement = json!({"type": "object", "required": ["deletedRegion"], "additionalProperties": false,
        "properties": {"deletedRegion": region, "insertedContent": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}, "additionalProperties": false}}});
    let change = json!({"type": "object", "required": ["artifactLocation", "replacements"], "additionalProperties": false,
        "properties": {"artifactLocation": artifact, "replacements": {"type": "array", "minItems": 1, "items": replacement}}});
    let fix = json!({"type": "object", "required": ["artifactChanges"], "additionalProperties": false,
        "properties": {"description": message, "artifactChanges": {"type": "array", "minItems": 1, "items": change}}});
    let texts = json!({"type": "object", "required": ["text"], "additionalProperties": false,
        "properties": {"text": {"type": "string", "minLength": 1}, "markdown": {"type": "string", "minLength": 1}}});
    let result = json!({"type": "object", "required": ["message", "ruleId"], "additionalProperties": false, "properties": {
        "ruleId": {"type": "string"}, "ruleIndex": {"type": "integer", "minimum": 0}, "level": level, "message": message,
        "locations": {"type": "array", "items": location}, "relatedLocations": {"type": "array", "uniqueItems": true, "items": location}, "fixes": {"type": "array", "items": fix},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}}}});
    let rule = json!({"type": "object", "required": ["id"], "additionalProperties": false, "properties": {"id": {"type": "string"},
        "shortDescription": message, "fullDescription": message, "help": texts,
        "defaultConfiguration": {"type": "object", "properties": {"level": level}, "additionalProperties": false}}});
    let driver = json!({"type": "object", "required": ["name"], "additionalProperties": false,
        "properties": {"name": {"type": "string"}, "semanticVersion": {"type": "string"}, "rules": {"type": "array", "uniqueItems": true, "items": rule}}});
    let run = json!({"type": "object", "required": ["tool"], "additionalProperties": false, "properties": {
        "tool": {"type": "object", "required": ["driver"], "properties": {"driver": driver}, "additionalProperties": false},
        "invocations": {"type": "array", "items": {"type": "object", "required": ["executionSuccessful"],
            "properties": {"executionSuccessful": {"type": "boolean"}}, "additionalProperties": false}},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]}, "results": {"type": "array", "items": result}}});
    json!({"type": "object", "required": ["version", "runs"], "additionalProperties": false,
        "properties": {"$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"}, "runs": {"type": "array", "minItems": 1, "items": run}}})
}

/// The schema of the parts that are written, and the published one where `ENGINE_SARIF_SCHEMA` names its
/// file: that one is not kept here.
fn sarif_schemas() -> Vec<jsonschema::Validator> {
    let published = std::env::var_os("ENGINE_SARIF_SCHEMA").map(|file| {
        let text = std::fs::read_to_string(&file).expect("the schema can be read");
        let mut schema: Json = serde_json::from_str(&text).expect("the schema is JSON");
        // The pattern of this property, which is not written, has a bracket too many.
        schema["definitions"]["run"]["properties"]["language"] = json!({});
        schema
    });
    let validator = |schema: Json| jsonschema::validator_for(&schema).expect("a schema");
    [sarif_schema()].into_iter().chain(published).map(validator).collect()
}

#[test]
fn sarif_is_what_its_specification_says() {
    let schemas = sarif_schemas();
    let broken = SPEC.replace("decode:", "deocde:") + "  - {name: demo.c, value: page.elapsed}\n  - {name: demo.c, value: page.elapsed}\n";
    for text in [SPEC, &broken, "", "a: ["] {
        let work = folder(&[("specs/de mo.yaml", text)]);
        let (_, said, _) = engine(work.path(), &["--format", "sarif"], "");
        let sarif: Json = serde_json::from_str(&said).expect("JSON");
        let wrong = schemas.iter().flat_map(|schema| schema.iter_errors(&sarif));
        let wrong: Vec<String> = wrong.map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{wrong:?}\n{said}");
        let run = &sarif["runs"][0];
        let results = run["results"].as_array().expect("a list");
        assert!(!results.is_empty(), "{said}");
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("a number");
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
            assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "specs/de%20mo.yaml");
        }
    }
}

/// What is printed up to the line that ends a look at all files.
fn one_look(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> String {
    let mut said = String::new();
    for line in lines {
        let line = line.expect("text");
        said.push_str(&line);
        said.push('\n');
        if line.contains(" checked: ") {
            return said;
        }
    }
    panic!("it ended: {said}");
}

/// The child is stopped whatever the test finds.
struct Stopped(std::process::Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_watcher_looks_again_at_what_has_changed() {
    let spec = "name: demo\nversion: 1.0.0\ndescription: d\nmetrics:\n  - {name: demo.a, value: 1}\n";
    let work = folder(&[("specs/demo.yaml", spec)]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    command.args(["lint", "--watch"]).current_dir(work.path()).env_remove("ENGINE_CONFIG").stdout(Stdio::piped());
    let mut child = Stopped(command.spawn().expect("it starts"));
    let mut lines = std::io::BufReader::new(child.0.stdout.take().expect("a pipe")).lines();
    assert!(!one_look(&mut lines).contains("error["));
    // Half a file would be a look of its own.
    let write = |name: &str, text: &str| {
        let aside = work.path().join("aside");
        std::fs::write(&aside, text).expect("a file");
        std::fs::rename(&aside, work.path().join(name)).expect("another name");
    };
    write("specs/demo.yaml", &spec.replace("value:", "valeu:"));
    assert!(one_look(&mut lines).contains("did you mean `value`?"));
    // A new file is seen, and one that is put right.
    write("specs/other.yaml", "name: other\nversoin: 1.0.0\n");
    assert!(one_look(&mut lines).contains("specs/other.yaml"));
    std::fs::remove_file(work.path().join("specs/other.yaml")).expect("it is there");
    assert!(!one_look(&mut lines).contains("specs/other.yaml"));
    write("specs/demo.yaml", spec);
    assert!(!one_look(&mut lines).contains("error["));
}

/// The fingerprints of all results, by code.
fn fingerprints(text: &str) -> std::collections::BTreeSet<(String, String)> {
    let work = folder(&[("specs/demo.yaml", text)]);
    let (_, said, _) = engine(work.path(), &["--format", "sarif"], "");
    let sarif: Json = serde_json::from_str(&said).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("a list").clone();
    let word = |value: &Json| value.as_str().expect("a text").to_owned();
    results.iter().map(|result| (word(&result["ruleId"]), word(&result["partialFingerprints"]["problem/v1"]))).collect()
}

#[test]
fn a_problem_that_has_only_moved_keeps_its_fingerprint() {
    let spec = SPEC.replace("\"{{ page.elapsed }}\"", "page.elapsed");
    let before = fingerprints(&spec);
    assert!(before.len() > 1, "{before:?}");
    assert_eq!(fingerprints(&format!("# one more line\n{spec}")), before);
    assert_ne!(fingerprints(&spec.replace("demo.a b", "demo.a c")), before);
}

#[test]
fn columns_count_characters() {
    let text = SPEC.replace("# of the page", "# é").replace("description: Shows forms.", "description: \"é😀\" # lint: allow nothing-such");
    let work = folder(&[("specs/demo.yaml", &text)]);
    let (_, said, _) = engine(work.path(), &["--format", "sarif"], "");
    let sarif: Json = serde_json::from_str(&said).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("a list");
    let found = results.iter().find(|result| result["ruleId"] == "unknown-allow").expect("the comment is told");
    let region = &found["locations"][0]["physicalLocation"]["region"];
    // `description: "é😀" # lint: allow ` are 32 characters.
    assert_eq!(
        (region["startLine"].as_u64(), region["startColumn"].as_u64(), region["endColumn"].as_u64()),
        (Some(4), Some(33), Some(45)),
        "{region}"
    );
}

#[test]
fn a_file_is_read_by_its_place() {
    let test = "instance: {}\ngiven: {}\nexpcet: {}\n";
    let spec = SPEC.replace("demo.a b", "demo.ab").replace("\"{{ page.elapsed }}\"", "page.elapsed").replace("60 ", "60s ");
    let work = folder(&[
        ("specs/demo.yaml", &spec),
        ("specs/demo/tests/one.yaml", test),
        ("conf.d/demo.yaml", "instances:\n  - {nothing: 1}\n"),
        ("other/engine.yaml", "intervall: 15s\n"),
    ]);
    for (path, words) in [
        ("specs/demo.yaml", "1 file checked: no problems"),
        ("specs/demo/tests/one.yaml", "expcet"),
        ("conf.d/demo.yaml", "unknown key `nothing`"),
        ("other/engine.yaml", "did you mean `interval`?"),
    ] {
        let (_, said, _) = engine(work.path(), &[path], "");
        assert!(said.contains(words), "{path}: {said}");
        let text = std::fs::read_to_string(work.path().join(path)).expect("the file");
        let (_, unsaved, _) = engine(work.path(), &["--stdin-filename", path], &text);
        assert!(unsaved.contains(words), "{path}: {unsaved}");
    }
    let (code, said, _) = engine(work.path(), &["--stdin-filename", "specs/demo.yaml"], &spec.replace("decode:", "deocde:"));
    assert_eq!((code, said.contains("did you mean `decode`?")), (1, true), "{said}");
}

#[test]
fn many_alike_are_told_in_one_line_and_levels_are_those_of_the_settings() {
    let metrics: String = (0..9).map(|n| format!("  - {{name: bare{n}, value: 1}}\n")).collect();
    let spec = format!("name: demo\nversion: 1.0.0\ndescription: d\nmetrics:\n{metrics}");
    let work = folder(&[
        ("specs/demo.yaml", &spec),
        ("loud.yaml", "lint: {levels: {bare-metric-name: error}}\n"),
        ("off.yaml", "lint: {levels: {bare-metric-name: off}}\n"),
    ]);
    let (code, said, _) = engine(work.path(), &[], "");
    assert_eq!((code, said.matches("note[bare-metric-name]: the metric").count()), (0, 3), "{said}");
    assert!(said.contains("note[bare-metric-name]: 6 more in specs/demo.yaml, lines 8, 9, 10, 11, 12, 13"), "{said}");
    assert_eq!(engine(work.path(), &["--limit", "0"], "").1.matches("note[bare-metric-name]").count(), 9);
    let (code, said, _) = engine(work.path(), &["--config", "loud.yaml"], "");
    assert_eq!((code, said.contains("error[bare-metric-name]")), (1, true));
    let (code, said, _) = engine(work.path(), &["--config", "off.yaml"], "");
    assert_eq!((code, said.contains("bare-metric-name")), (0, false), "{said}");
}

#[test]
fn two_files_for_one_spec_are_told_once_with_both_names() {
    let other = SPEC.replace("1.0.0", "1.1.0");
    let work = folder(&[("specs/demo.yaml", SPEC), ("specs/demo/spec.yaml", &other), ("specs/demo/tests/t.yaml", "expect: {}\n")]);
    let (code, said, _) = engine(work.path(), &[], "");
    assert_eq!((code, said.matches("two-spec-files").count()), (1, 1), "{said}");
    assert!(said.contains("`specs/demo.yaml`, `specs/demo/spec.yaml`"), "{said}");
    // The second one, asked for by itself, says the same.
    let (code, alone, _) = engine(work.path(), &["specs/demo/spec.yaml"], "");
    assert!(code == 1 && alone.contains("`specs/demo.yaml`, `specs/demo/spec.yaml`"), "{alone}");
}

#[test]
fn who_reads_may_stop_reading() {
    let work = folder(&[("specs/demo.yaml", &SPEC.replace("raw", "rwa"))]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    command.args(["lint", "--limit", "0"]).current_dir(work.path()).env_remove("ENGINE_CONFIG").stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(1), 0), "{}", String::from_utf8_lossy(&output.stderr));
}
