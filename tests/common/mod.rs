//! What the tests of the language share: reading specs from text, and running them against answers
//! of a script.

#![allow(dead_code)]

pub mod script;
pub mod scripted;
pub mod service;

use engine::base::diag::Diagnostic;
use engine::base::diag::Level;
use engine::base::render;
use engine::base::span::{FileId, Sources, Span};
use engine::expr::frame::Frame;
use engine::expr::function::Cache;
use engine::expr::names;
use engine::spec::share::FragmentStore;
use engine::yaml::load::load;
use engine::yaml::node::{Data, Literal, Node, Scalar, Style};
use engine::yaml::read::{Field, Reader};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of the cases.
pub fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// The folders below `tests/cases/NAME`, in order.
pub fn folders(name: &str) -> Vec<PathBuf> {
    let read = std::fs::read_dir(cases().join(name)).expect("a folder of cases");
    let mut found: Vec<_> = read.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    found.sort();
    assert!(!found.is_empty(), "no cases in {name}");
    found
}

/// A file of a case; empty where it does not exist.
pub fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The fragments of a case, by their paths from its folder.
pub struct Folder<'f>(pub &'f Path);

impl FragmentStore for Folder<'_> {
    fn open(&mut self, path: &str, sources: &mut Sources) -> Result<FileId, String> {
        let text = std::fs::read_to_string(self.0.join(path)).map_err(|_| "there is no such file".to_owned())?;
        Ok(sources.find(path).unwrap_or_else(|| sources.add(path, text)))
    }
}

/// YAML as JSON.
pub fn yaml(text: &str) -> Json {
    serde_yaml::from_str(text).expect("the case is YAML")
}

/// The texts and the tree of one YAML text.
pub fn loaded(name: &str, text: &str) -> (Sources, FileId, Node) {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let root = load(&sources, file).root;
    (sources, file, root)
}

/// Compares with a file, or writes it where `UPDATE` is set. The answer is what differs.
pub fn compared(path: &Path, found: &str) -> Option<String> {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, found).expect("the expectation can be written");
    }
    let expected = text_of(path);
    let differs = expected != found;
    differs.then(|| format!("{}:\n--- expected\n{expected}\n--- found\n{found}", path.display()))
}

/// Fails with everything that is wrong, `UPDATE=1` in mind.
pub fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} differ (UPDATE=1 rewrites expectations):\n{}", wrong.len(), wrong.join("\n"));
}

/// Problems as a person reads them.
pub fn rendered(problems: &[Diagnostic], sources: &Sources) -> String {
    render::human(problems, sources, false)
}

/// One field read from a text of its own, with a frame in which it can be computed; else the titles
/// of the problems.
pub fn field<T: Field>(text: &str, given: &[(&str, engine::base::value::Value)]) -> Result<(T, Frame), String> {
    let mut sources = Sources::default();
    let file = sources.add("text", text);
    let scalar = Scalar { text: text.into(), style: Style::Plain, literal: Literal::Text };
    let node = Node { span: Span::new(file, 0, text.len()), data: Data::Scalar(scalar) };
    let mut reader = Reader::new(&sources, false);
    names::install(&mut reader);
    let read = T::read(&node, &mut reader);
    let errors = reader.problems.iter().filter(|p| p.level == Level::Error);
    let problems: Vec<_> = errors.map(|p| p.title.clone()).collect();
    let value = read.filter(|_| problems.is_empty()).ok_or_else(|| problems.join("; "))?;
    let ids: Vec<_> = given.iter().map(|(name, value)| (reader.names.intern(name), value.clone())).collect();
    let mut frame = Frame::new(Arc::new(reader.names), Arc::new(Cache::default()));
    for (id, value) in ids {
        frame.set(id, value);
    }
    Ok((value, frame))
}
