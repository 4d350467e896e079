//! The committed files of `schema/`, `docs/language.md`, `docs/engine-yaml.md`, `docs/limits.md` and `docs/lint.md` are
//! those that the declarations give, and the pages in `docs/specs/` those that the shipped specs give.
//!
//! `UPDATE=1 cargo test --test generated` rewrites them.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use engine::base::span::Sources;
use engine::catalog::fragments::Disk;
use engine::manual::{engine as engine_yaml, limits, lint, page as spec_page, reference, schema};
use engine::spec::share::assemble;
use engine::trial::manual::{page, test_schema};
use engine::yaml::load::load;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const HELLO: &str = "
name: hello
version: 1.0.0
description: The smallest check.
metrics:
  - {name: hello.world, value: 1}
";

const HTTP: &str = r#"
name: http
version: 1.0.0
config:
  init_config:
    default_timeout: {type: duration, default: 5s}
  instance:
    url: {type: url, required: true}
    timeout: {type: duration, default: "{{ init_config.default_timeout }}"}
sources:
  page:
    http: {url: "{{ instance.url }}", timeout: "{{ instance.timeout }}", ok_status: 200}
    decode: raw
    on_error: continue
metrics:
  - {name: http.response_time, value: page.elapsed, unit: second, tags: [http_check], when: page.ok}
events:
  - when: page.error.kind == "timeout"
    event_type: http_check
    title: URL timeout
    text: "{{ instance.url }} timed out after {{ instance.timeout }} seconds."
    aggregation_key: "{{ instance.url | md5 }}"
"#;

const DISK: &str = r#"
name: disk
version: 1.0.0
x-shared: [1, 2]
sources:
  df:
    command: {argv: [df, -P, -k]}
    decode:
      table: {columns: [device, total, used, free, pct, mount], skip: 1, types: {total: number, used: number, free: number}}
metrics:
  - from: df
    when: row.device is startingwith "/"
    prefix: system.disk.
    tags: {device: $.device, mount: $.mount}
    gauge:
      total: {value: row.total * 1024, unit: byte}
      used: {value: row.used * 1024, unit: byte}
      free: [{value: row.free * 1024, unit: byte}, row.free]
      in_use: row.used / row.total
service_checks:
  - {name: disk.ok, status: {critical: df.count == 0, default: ok}}
  - {from: df, name: disk.state, status: {value: $.state, map: {up: ok}}, tags: {device: $.device}}
topology:
  instance: {type: disk, url: "{{ engine.hostname }}"}
  snapshot: true
  components:
    - {from: df, id: "urn:disk:/{{ row.device }}", type: disk, labels: [{each: {d: $.labels}, text: "{{ d }}"}], data: {used: $.used}}
"#;

fn yaml(text: &str) -> Json {
    // The engine's own loader, since editors resolve merge keys before they validate.
    let mut sources = engine::base::span::Sources::default();
    let file = sources.add("sample", text);
    let loaded = engine::yaml::load::load(&sources, file);
    assert!(loaded.problems.is_empty(), "the sample is YAML: {:?}", loaded.problems);
    engine::base::print::to_json(&loaded.root.to_value())
}

fn errors(schema: &Json, sample: &Json) -> Vec<String> {
    let validator = jsonschema::draft202012::new(schema).expect("the schema is one");
    validator.iter_errors(sample).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of the shipped specs with their files, in order.
fn shipped() -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(root().join("specs")).expect("specs/").map(|entry| entry.expect("an entry").path());
    let files = entries.map(|path| if path.is_dir() { path.join("spec.yaml") } else { path });
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "yaml") && path.exists());
    let name = |file: &Path| {
        if file.ends_with("spec.yaml") { file.parent().expect("a folder").file_stem() } else { file.file_stem() }
            .expect("a name")
            .to_string_lossy()
            .into_owned()
    };
    let mut all: Vec<_> = files.map(|file| (name(&file), file)).collect();
    // Where a name is there twice, the file is the one that is found by it.
    all.sort_by_key(|(name, file)| (name.clone(), file.ends_with("spec.yaml")));
    all.dedup_by(|one, before| one.0 == before.0);
    assert!(all.len() > 10, "{all:?}");
    all
}

fn committed(name: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, generated).expect("schema/ can be written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    let differs =
        there.lines().zip(generated.lines()).position(|(a, b)| a != b).unwrap_or(there.lines().count().min(generated.lines().count()));
    assert!(
        there == generated,
        "{name} is not what the declarations say, from line {} on; `UPDATE=1 cargo test --test generated` rewrites it",
        differs + 1
    );
}

fn pretty(schema: &Json) -> String {
    serde_json::to_string_pretty(schema).expect("a schema is JSON") + "\n"
}

#[test]
fn the_committed_files_are_what_the_declarations_say() {
    committed("schema/spec.schema.json", &pretty(&schema::spec_schema()));
    committed("schema/conf.schema.json", &pretty(&schema::conf_schema()));
    committed("schema/engine.schema.json", &pretty(&schema::engine_schema()));
    committed("schema/test.schema.json", &pretty(&test_schema()));
    committed("docs/testing.md", &page());
    committed("docs/language.md", &reference::reference());
    committed("docs/engine-yaml.md", &engine_yaml::page());
    committed("docs/limits.md", &limits::limits());
    committed("docs/lint.md", &lint::page());
}

#[test]
fn the_pages_of_the_specs_are_what_the_specs_say() {
    let mut all = Vec::new();
    for (name, file) in shipped() {
        let mut sources = Sources::default();
        let shown = file.strip_prefix(root()).expect("a file of ours").to_string_lossy().into_owned();
        let id = sources.add(&shown, fs::read_to_string(&file).expect("a spec"));
        let loaded = load(&sources, id);
        let whole = assemble(loaded, &mut sources, &mut Disk { specs: &root().join("specs") });
        let path = format!("docs/specs/{name}.md");
        let before = fs::read_to_string(root().join(&path)).unwrap_or_default();
        committed(&path, &spec_page::page(&name, &shown, &whole.loaded.root, &before));
        all.push((name, whole.loaded.root));
    }
    committed("docs/specs/README.md", &spec_page::index(&all));
}

#[test]
fn the_schemas_are_schemas() {
    for schema in [schema::spec_schema(), schema::conf_schema(), schema::engine_schema(), test_schema()] {
        jsonschema::meta::validate(&schema).expect("draft 2020-12");
    }
}

#[test]
fn complete_specs_fit_the_schema() {
    let schema = schema::spec_schema();
    for spec in [HELLO, HTTP, DISK] {
        assert_eq!(errors(&schema, &yaml(spec)), Vec::<String>::new(), "{spec}");
    }
}

/// The specs that are shipped fit, too.
#[test]
fn shipped_specs_fit_the_schema() {
    let schema = schema::spec_schema();
    for (_, path) in shipped() {
        let text = std::fs::read_to_string(&path).expect("a spec");
        assert_eq!(errors(&schema, &yaml(&text)), Vec::<String>::new(), "{}", path.display());
    }
}

/// So do the tests beside them.
#[test]
fn tests_of_shipped_specs_fit_the_schema() {
    let schema = test_schema();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let mut n = 0;
    for spec in std::fs::read_dir(folder).expect("specs/").map(|entry| entry.expect("an entry").path().join("tests")) {
        for path in std::fs::read_dir(spec).into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
            if path.extension().is_some_and(|ending| ending == "yaml") {
                n += 1;
                let text = std::fs::read_to_string(&path).expect("a test");
                assert_eq!(errors(&schema, &yaml(&text)), Vec::<String>::new(), "{}", path.display());
            }
        }
    }
    assert!(n > 10, "{n}");
}

#[test]
fn slips_do_not_fit_the_schema() {
    let schema = schema::spec_schema();
    for (right, wrong) in [
        ("metrics:", "metrcs:"),
        ("version: 1.0.0", "title: no version"),
        ("on_error: continue", "on_error: go_on"),
        ("on_error: continue", "on_eror: continue"),
        ("timeout: \"{{ instance.timeout }}\", ok_status", "timout: 5s, ok_status"),
        ("decode: raw", "decode: rav"),
        ("decode: raw", "command: {argv: [ls]}"),
        ("type: url", "type: uri"),
        ("title: URL timeout", "titel: URL timeout"),
        ("unit: second,", "units: second,"),
    ] {
        let slip = HTTP.replacen(right, wrong, 1);
        assert_ne!(slip, HTTP, "{right}");
        assert_ne!(errors(&schema, &yaml(&slip)), Vec::<String>::new(), "{wrong}");
    }
    let slip = DISK.replacen("unit: byte", "unt: byte", 1);
    assert_ne!(errors(&schema, &yaml(&slip)), Vec::<String>::new());
}

#[test]
fn conf_files_fit_the_schema_of_conf_d() {
    let schema = schema::conf_schema();
    let right = "init_config:\ninstances:\n  - {url: a, timeout: 8, tags: [a], min_collection_interval: 20, name: null}\n";
    assert_eq!(errors(&schema, &yaml(right)), Vec::<String>::new());
    for wrong in ["instance: []", "instances: {a: 1}", "instances: [{tags: a}]", "instances: [{enabled: 3}]"] {
        assert_ne!(errors(&schema, &yaml(wrong)), Vec::<String>::new(), "{wrong}");
    }
}

/// The example shows every key, and both the schema and the engine find nothing wrong with it.
#[test]
fn the_example_of_engine_yaml_has_every_key_and_no_problem() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/engine.yaml")).expect("the example");
    let example = yaml(&text);
    let schema = schema::engine_schema();
    assert_eq!(errors(&schema, &example), Vec::<String>::new());
    assert_ne!(errors(&schema, &yaml("status: {listen: [a]}")), Vec::<String>::new());
    for (_, path) in engine::conf::overrides::variables(&<engine::conf::engine::EngineConf as engine::yaml::read::Record>::docs()) {
        let pointer = format!("/{}", path.join("/"));
        assert!(path == ["sinks"] || example.pointer(&pointer).is_some(), "{pointer} is not in the example");
    }
    let mut sources = engine::base::span::Sources::default();
    let file = sources.add("engine.yaml", text);
    let loaded = engine::yaml::load::load(&sources, file);
    let (_, problems) = engine::conf::engine::read(loaded, &[], &mut sources);
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn the_reference_is_clean_markdown_and_its_links_lead_somewhere() {
    let page = reference::reference();
    assert!(page.lines().all(|line| line.trim_end() == line), "blanks at the end of a line");
    assert!(!page.contains("\n\n\n"), "two empty lines");
    let mut anchors = BTreeSet::new();
    for heading in headings(&page) {
        assert!(anchors.insert(schema::slug(heading)), "two headings `{heading}`");
    }
    for link in page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(anchors.contains(link), "no heading for #{link}");
    }
}

/// Headings outside of code.
fn headings(page: &str) -> Vec<&str> {
    let outside = page.split("```").step_by(2).flat_map(str::lines);
    outside.filter_map(|line| line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim())).collect()
}

/// Editors find no fault in what the page shows, either.
#[test]
fn the_samples_of_the_page_fit_the_schemas() {
    let page = reference::reference();
    let samples: Vec<_> = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(samples.len() > 90, "{}", samples.len());
    let (spec, conf) = (schema::spec_schema(), schema::conf_schema());
    for sample in samples.into_iter().filter(|sample| !sample.starts_with("# specs/fragments")) {
        if sample.contains("instances:") {
            assert_eq!(errors(&conf, &yaml(sample)), Vec::<String>::new(), "{sample}");
        } else {
            let whole =
                if sample.contains("version: 1.0.0\n") { sample.to_owned() } else { format!("name: hello\nversion: 1.0.0\n{sample}") };
            assert_eq!(errors(&spec, &yaml(&whole)), Vec::<String>::new(), "{sample}");
        }
    }
}
