//! What reads text or bytes that nobody has looked at yet, as functions that take any bytes.
//!
//! Each is one fuzz target; a test of the engine calls the same functions with the corpus, so that
//! what was found once stays found. Where two ways must agree, they are compared.

use engine::base::diag::Diagnostic;
use engine::base::render;
use engine::base::span::{FileId, Sources, Span};
use engine::base::time::SystemClock;
use engine::base::value::Value;
use engine::conf::instance;
use engine::conf::secrets::SecretStore;
use engine::decode::want::{RowsWanted, Want, rows_of};
use engine::decode::{Decoder, Facts};
use engine::disk::Disk as _;
use engine::disk::simulated::SimulatedDisk;
use engine::expr::code::{Expression, Template};
use engine::expr::frame::Frame;
use engine::expr::function::Cache;
use engine::lint::beside::Beside;
use engine::lint::{Conf, Levels, allow, sarif};
use engine::report::Report;
use engine::spec::Spec;
use engine::spec::share::{NoFragments, assemble};
use engine::spool::{Settings, Spool};
use engine::yaml::load::load;
use engine::yaml::node::{Data, Literal, Node, Scalar, Style};
use engine::yaml::read::{Field, Reader};
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("conf", conf),
    ("decoder", decoder),
    ("engine_conf", engine_conf),
    ("expression", expression),
    ("path", path),
    ("regex", regex),
    ("report", report),
    ("spec", spec),
    ("spec_test", spec_test),
    ("spool", spool),
    ("template", template),
    ("yaml", yaml),
];

/// The text of bytes, of which texts are made without loss.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Everything that can be drawn of problems.
fn draw(found: &[Diagnostic], sources: &Sources) {
    let some = found.get(..100).unwrap_or(found);
    render::human(some, sources, true);
    sarif::sarif(some, sources);
}

/// A spec as it is linted and compiled.
fn linted(text: &str) -> (Sources, Option<Spec>, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let file = sources.add("specs/demo.yaml", text);
    let whole = assemble(load(&sources, file), &mut sources, &mut NoFragments);
    let root = whole.loaded.root.clone();
    let (read, mut found) = engine::spec::read::read(whole, file, "demo", &sources);
    if let Some(read) = &read {
        found.extend(engine::lint::spec(&root, read, &sources, &Beside::unknown(), &Levels::default()));
        allow::apply(file, &mut found, &sources, &Levels::default(), true);
    }
    (sources, read, found)
}

/// The loader: any text becomes a tree and problems.
pub fn yaml(bytes: &[u8]) {
    let mut sources = Sources::default();
    let file = sources.add("x.yaml", text(bytes));
    let loaded = load(&sources, file);
    draw(&loaded.problems, &sources);
}

/// A spec, from its text to its plan.
pub fn spec(bytes: &[u8]) {
    let (sources, read, mut found) = linted(text(bytes));
    if let Some(read) = read {
        found.extend(engine::plan::compile::compile(read, "/".into()).err().unwrap_or_default());
    }
    draw(&found, &sources);
}

/// Secrets are of no concern here.
struct NoSecrets;

impl SecretStore for NoSecrets {
    fn fetch(&self, _: &str, _: &Path) -> Result<String, String> {
        Ok("a".to_owned())
    }
}

/// A spec with a configuration key of each type.
const TYPES: &str = include_str!("types.yaml");

/// A file of conf.d for a spec with a configuration key of each type.
pub fn conf(bytes: &[u8]) {
    let (mut sources, spec, problems) = linted(TYPES);
    let Some(spec) = spec else { panic!("{}", render::human(&problems, &sources, false)) };
    let file = sources.add("conf.d/demo.yaml", text(bytes));
    let loaded = load(&sources, file);
    let root = loaded.root.clone();
    let mut frame = Frame::new(Arc::default(), Arc::new(Cache::default()));
    let mut found = instance::read(loaded, &spec, Path::new("/"), &NoSecrets, &mut frame).problems;
    let beside = Beside::unknown();
    found.extend(engine::lint::conf(&Conf { root: &root, spec: &spec, sources: &sources, file, beside: &beside }, &Levels::default()));
    allow::apply(file, &mut found, &sources, &Levels::default(), true);
    draw(&found, &sources);
}

/// The settings of the engine.
pub fn engine_conf(bytes: &[u8]) {
    let mut sources = Sources::default();
    let file = sources.add("engine.yaml", text(bytes));
    let loaded = load(&sources, file);
    let (conf, mut found) = engine::conf::engine::read(loaded, &[], &mut sources);
    found.extend(engine::lint::levels(conf.lint.as_ref()).1);
    draw(&found, &sources);
}

/// A test of a spec.
pub fn spec_test(bytes: &[u8]) {
    let mut sources = Sources::default();
    let file = sources.add("specs/demo/tests/a.yaml", text(bytes));
    let loaded = load(&sources, file);
    let (_, found) = engine::trial::case::read(&loaded, &sources);
    draw(&found, &sources);
}

/// A field that is this text as a whole, its value if it has one, and what it sees.
fn field<F: Field>(text: &str) -> (Option<F>, Frame) {
    let mut sources = Sources::default();
    let file: FileId = sources.add("text", text);
    let scalar = Scalar { text: text.into(), style: Style::Plain, literal: Literal::Text };
    let node = Node { span: Span::new(file, 0, text.len()), data: Data::Scalar(scalar) };
    let mut reader = Reader::new(&sources, false);
    engine::expr::names::install(&mut reader);
    let read = F::read(&node, &mut reader);
    draw(&reader.problems, &sources);
    (read, Frame::new(Arc::new(reader.names), Arc::new(Cache::default())))
}

/// Any text where an expression is wanted, read and computed.
pub fn expression(bytes: &[u8]) {
    if let (Some(expression), mut frame) = field::<Expression>(text(bytes)) {
        let _ = expression.0.eval(&mut frame);
    }
}

/// Any text where a text with holes is wanted, read and printed.
pub fn template(bytes: &[u8]) {
    if let (Some(template), mut frame) = field::<Template>(text(bytes)) {
        let _ = template.0.eval(&mut frame);
    }
}

/// Any text as a path, and what it finds in a small document. One call at a time must find the same
/// as all at once.
pub fn path(bytes: &[u8]) {
    static ROOT: LazyLock<Value> = LazyLock::new(|| {
        let text = br#"{"a": [1, {"b": "x", "a b": null, "n": [1, 2, 3, 4]}, true], "b": {"c": -0.5, "a": "yy"}, "x": []}"#;
        engine::decode::named("json", &Value::Missing).and_then(|json| json.decode(text).map_err(|e| e.0)).expect("a document").doc
    });
    let Ok(path) = engine::expr::path::Path::parse(text(bytes)) else { return };
    let found = path.find(&ROOT);
    let mut each = Vec::new();
    let all = path.each(&ROOT, &mut |_, value| each.push(value.clone()));
    if let (Ok(Value::List(list)), Ok(()), false) = (&found, all, path.is_single()) {
        assert_eq!(**list, each[..]);
    }
}

/// Any text as a pattern.
pub fn regex(bytes: &[u8]) {
    let _ = engine::yaml::pattern::compile(text(bytes));
}

/// Every decoder, some with options.
const DECODERS: &str = include_str!("../../src/decode/testdata/every.yaml");

/// Any bytes for a decoder, which the first byte chooses. Rows one by one must be those of the whole.
pub fn decoder(bytes: &[u8]) {
    static ALL: LazyLock<Vec<Arc<dyn Decoder>>> = LazyLock::new(|| {
        let mut sources = Sources::default();
        let file = sources.add("every.yaml", DECODERS);
        let root = load(&sources, file).root;
        let mut reader = Reader::new(&sources, false);
        let list = root.as_list().unwrap_or_default();
        list.iter().map(|node| engine::decode::read(node, &mut reader).expect("a decoder")).collect()
    });
    let Some((first, input)) = bytes.split_first() else { return };
    let decoder = &ALL[usize::from(*first) % ALL.len()];
    let whole = decoder.decode_answer(input, &Facts::default());
    let wanted = RowsWanted { want: Want::whole(), ..RowsWanted::default() };
    let (mut streamed, mut rows) = (Vec::new(), Vec::new());
    let end = decoder.stream(input, &Facts::default(), &wanted, &mut |key, row| streamed.push((key, row)));
    if let Ok(whole) = &whole {
        rows_of(whole.records(), &[], &mut |key, row| rows.push((key, row)));
        // As texts, in which no-number equals itself.
        let (streamed, rows) = (format!("{streamed:?}"), format!("{rows:?}"));
        assert!(end.is_err() || streamed == rows, "{decoder:?} streams other rows: {streamed}, not {rows}");
    }
    assert_eq!(whole.map(|whole| whole.warnings), end, "{decoder:?}");
}

/// A report of the spool. What is read must come back when it is written again.
pub fn report(bytes: &[u8]) {
    let Ok(report) = Report::decode(bytes) else { return };
    let mut again = Vec::new();
    report.encode(&mut again).expect("what was read can be written");
    let back = Report::decode(&again).expect("what was written can be read");
    assert_eq!(format!("{back:?}"), format!("{report:?}"));
}

/// A folder with two segments and the file of cursors, whose bytes these are: the first two bytes say
/// where they are cut. It opens, is read, takes a record, and opens again with it.
pub fn spool(bytes: &[u8]) {
    let [first, second, rest @ ..] = bytes else { return };
    let cut = |share: &u8| rest.len() * usize::from(*share) / 255;
    let (from, to) = (cut(first).min(cut(second)), cut(first).max(cut(second)));
    let disk = SimulatedDisk::new();
    // A segment is named after its first number, which stands in its head.
    let named = |bytes: &[u8], otherwise: u64| {
        let first = bytes.get(24..32).and_then(|first| first.try_into().ok()).map_or(otherwise, u64::from_le_bytes);
        format!("{first:020}.segment")
    };
    let (one, other, cursors) = (&rest[..from], &rest[from..to], &rest[to..]);
    for (name, bytes) in [(named(one, 1), one), (named(other, 9), other), ("cursors".to_owned(), cursors)] {
        if !bytes.is_empty() {
            disk.create(&name).and_then(|mut file| file.append(bytes)).expect("memory has room");
        }
    }
    let open = || {
        let settings = Settings { segment_bytes: 1024, bytes: 1 << 20, fresh_id: 77, ..Settings::default() };
        Spool::open(Arc::new(disk.clone()), Arc::new(SystemClock), settings, &["a".to_owned()]).expect("damage is no reason not to start").0
    };
    let mut spool = open();
    let mut before = Vec::new();
    let from = spool.cursor("a").map_or(0, |cursor| cursor.acknowledged) + 1;
    before.extend(spool.read("a", from, 1000, 1 << 20).expect("memory reads").into_iter().map(|record| record.sequence));
    let number = spool.append(b"last".to_vec(), Default::default()).expect("it is small");
    assert!(before.iter().all(|known| *known < number), "{number} was given out before: {before:?}");
    spool.sync();
    spool.save().expect("memory has room");
    drop(spool);
    let mut again = open();
    let found = again.read("a", number, 1000, 1 << 20).expect("memory reads");
    assert!(found.iter().any(|record| record.sequence == number && record.bytes[..] == *b"last"), "{number} is lost");
}
