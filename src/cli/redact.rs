//! Settings and specs without their secrets, for eyes that are not the operator's.
//!
//! What is hidden is told by declared types, by names of keys and by place: headers, environments,
//! the user and the query of an address, arguments behind `--password`. Notes of the author are not in
//! a tree at all. A handle, or a template as a whole, says where a secret is and stays.

use crate::base::diag::Diagnostic;
use crate::base::secret::MASK;
use crate::base::secret_names::may_be_secret;
use crate::base::span::{FileId, Sources, Span};
use crate::base::value::Text;
use crate::conf::secrets::handle_of;
use crate::lint::words::has_word;
use crate::yaml::load::load;
use crate::yaml::node::{Data, Entry, Node};
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Maps whose values are often secrets, whatever their keys are.
const CLOSED: &[&str] = &["headers", "extra_headers", "cookies", "header", "env", "environment", "vars"];
/// Keys in them whose values tell nothing.
const OPEN: &[&str] = &["accept", "accept-encoding", "accept-language", "content-type", "user-agent", "lang", "lc_all", "path", "tz"];
/// Arguments behind which a secret stands.
const FLAGS: &[&str] = &["-u", "-p", "-P", "-H", "--user", "--header"];

/// What is known of the secrets of a tree.
pub struct Redaction {
    declared: BTreeSet<Text>,
    address: Regex,
    query: Regex,
    /// What was hidden, to be looked for everywhere else.
    pub found: Vec<String>,
    /// Where it stands.
    pub places: Vec<Span>,
}

impl Redaction {
    /// For trees in which the keys that a spec declares as secrets hold some.
    pub fn new(declared: BTreeSet<Text>) -> Option<Self> {
        let address = Regex::new(r"://[^/\s@{}]*@").ok()?;
        let query = Regex::new(r#"([?&][^=&\s{}]*=)([^&\s"'{}]+)"#).ok()?;
        Some(Redaction { declared, address, query, found: Vec::new(), places: Vec::new() })
    }

    /// Hides the secrets of a tree.
    pub fn redact(&mut self, node: &mut Node) {
        match &mut node.data {
            Data::Map(entries) => entries.iter_mut().for_each(|entry| self.entry(entry)),
            Data::List(items) => items.iter_mut().for_each(|item| self.redact(item)),
            Data::Scalar(scalar) => {
                if self.address.find(&scalar.text).is_some_and(|user| user.as_str().trim_start_matches("://").contains(':')) {
                    self.places.push(node.span);
                }
                let shown = self.address.replace_all(&scalar.text, format!("://{MASK}@"));
                let shown =
                    if shown.contains("://") { self.query.replace_all(&shown, format!("${{1}}{MASK}")) } else { shown.as_ref().into() };
                if shown != *scalar.text {
                    scalar.text = shown.as_ref().into();
                }
            }
        }
    }

    fn entry(&mut self, entry: &mut Entry) {
        let key = entry.key.to_lowercase();
        if self.is_secret(&entry.key) && !is_declaration(&entry.value) {
            self.hide(&mut entry.value);
        } else if CLOSED.contains(&&*key) {
            self.closed(&mut entry.value);
        } else if key == "argv" {
            self.arguments(&mut entry.value);
        } else {
            self.redact(&mut entry.value);
        }
    }

    fn is_secret(&self, key: &str) -> bool {
        self.declared.contains(key) || may_be_secret(key) || has_word(key, &["user"])
    }

    /// A map of which only the keys are known to be harmless.
    fn closed(&mut self, node: &mut Node) {
        match &mut node.data {
            Data::Map(entries) => {
                for entry in entries.iter_mut().filter(|entry| !OPEN.contains(&&*entry.key.to_lowercase())) {
                    self.closed(&mut entry.value);
                }
            }
            _ => self.hide(node),
        }
    }

    fn arguments(&mut self, node: &mut Node) {
        let Data::List(items) = &mut node.data else { return self.redact(node) };
        let mut is_next = false;
        for item in items {
            let text = item.as_scalar().map(|scalar| scalar.text.clone()).unwrap_or_default();
            let name = text.split('=').next().unwrap_or_default().trim_start_matches('-').to_owned();
            if is_next || (text.contains('=') && self.is_secret(&name)) {
                self.hide(item);
            } else {
                self.redact(item);
            }
            is_next = FLAGS.contains(&&*text) || (text.starts_with('-') && !text.contains('=') && self.is_secret(&name));
        }
    }

    /// Hides every text below.
    fn hide(&mut self, node: &mut Node) {
        match &mut node.data {
            Data::Map(entries) => entries.iter_mut().for_each(|entry| self.hide(&mut entry.value)),
            Data::List(items) => items.iter_mut().for_each(|item| self.hide(item)),
            Data::Scalar(scalar) if scalar.text.is_empty() || is_place(&scalar.text) => {}
            Data::Scalar(scalar) => {
                self.found.push(scalar.text.to_string());
                self.places.push(node.span);
                scalar.text = MASK.into();
            }
        }
    }
}

/// Says where a secret is, and holds none: a handle, or a template of names alone.
fn is_place(text: &str) -> bool {
    let whole = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    handle_of(text).is_some() || whole.is_some_and(|inside| !inside.contains(['\'', '"', '{'])) || text.starts_with("$.")
}

/// True for the declaration of a field, as specs have it under `config`.
fn is_declaration(node: &Node) -> bool {
    node.entry("type").is_some() || node.entry("any_of").is_some()
}

/// The same texts for excerpts: secrets are stars, and every place is where it was. Only files of
/// instances and settings hold any; a spec that does is told so, and its place is hidden as well. What
/// was meant as a handle stays, or nobody could see what is wrong with it.
pub fn for_excerpts(problems: &[Diagnostic], sources: &Sources) -> Sources {
    let shown: BTreeSet<FileId> = problems.iter().flat_map(|problem| &problem.labels).map(|label| label.span.file).collect();
    let mut declared = BTreeSet::new();
    for file in (0..).map(FileId).map_while(|file| sources.get(file).map(|source| (file, source))) {
        if file.1.text.contains("secret") {
            declared_secrets(&load(sources, file.0).root, &mut declared);
        }
    }
    let told = |code: &str| -> Vec<Span> { problems.iter().filter(|problem| problem.code == code).map(Diagnostic::span).collect() };
    let (hidden, open) = (told("hard-coded-secret"), told("no-handle"));
    let mut redaction = Redaction::new(declared);
    let mut out = Sources::default();
    for (file, source) in (0..).map(FileId).map_while(|file| sources.get(file).map(|source| (file, source))) {
        let text = match &mut redaction {
            _ if !shown.contains(&file) => source.text.clone(),
            Some(redaction) => starred(file, sources, redaction, &hidden, &open),
            None => "".into(),
        };
        out.add(&source.path, text);
    }
    out
}

/// Keys at the top of files that may hold secrets.
const OF_SETTINGS: &[&str] = &["instances", "init_config", "sinks"];

fn starred(file: FileId, sources: &Sources, redaction: &mut Redaction, hidden: &[Span], open: &[Span]) -> Arc<str> {
    let Some(text) = sources.get(file).map(|source| &source.text) else { return "".into() };
    redaction.places.clear();
    // A key with an escape in it is known only once it is read.
    if text.contains('\\') || OF_SETTINGS.iter().any(|key| text.contains(key)) {
        let mut loaded = load(sources, file);
        if OF_SETTINGS.iter().any(|key| loaded.root.entry(key).is_some()) {
            redaction.redact(&mut loaded.root);
        }
    }
    redaction.places.extend(hidden.iter().filter(|place| place.file == file));
    redaction.places.retain(|place| !open.contains(place));
    if redaction.places.is_empty() {
        return text.clone();
    }
    let mut bytes = text.as_bytes().to_vec();
    for place in &redaction.places {
        let range = place.start as usize..place.end as usize;
        bytes.get_mut(range).into_iter().flatten().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b'*');
    }
    // Whole scalars were replaced, so no character was cut.
    String::from_utf8_lossy(&bytes).into()
}

/// The keys that a spec declares as secrets, at any depth.
pub fn declared_secrets(node: &Node, out: &mut BTreeSet<Text>) {
    for entry in node.as_map().unwrap_or_default() {
        let of_type = entry.value.entry("type").and_then(|entry| entry.value.as_scalar());
        if of_type.is_some_and(|scalar| &*scalar.text == "secret") {
            out.insert(entry.key.clone());
        }
        declared_secrets(&entry.value, out);
    }
    node.as_list().unwrap_or_default().iter().for_each(|item| declared_secrets(item, out));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::print::print;

    #[test]
    fn excerpts_keep_every_place() {
        let mut sources = Sources::default();
        let file = sources.add("x.yaml", "init_config: é\npassword: c4n4ryé\nurll: x\n");
        let spec = sources.add("spec.yaml", "name: x\nheaders: {X: c4n4ry, Y: z}\n");
        let problems =
            [Diagnostic::error("x", "x", Span::new(file, 3, 4)), Diagnostic::error("hard-coded-secret", "x", Span::new(spec, 21, 27))];
        let shown = for_excerpts(&problems, &sources);
        assert_eq!(&*shown.get(file).unwrap().text, "init_config: é\npassword: ********\nurll: x\n");
        assert_eq!(&*shown.get(spec).unwrap().text, "name: x\nheaders: {X: ******, Y: z}\n");
    }

    #[test]
    fn secrets_go_and_handles_stay() {
        let text = r#"
instances:
  - url: "http://me:c4n4ry-0@host/x?token=c4n4ry-1&b={{ row.b }}"
    password: c4n4ry-2   # once it was c4n4ry-3
    pin: c4n4ry-4
    port: 8080
    api_token: "{{ secret('env:TOKEN') }}"
    headers: {Accept: text/html, X-Whatever: c4n4ry-5, Authorization: "Bearer {{ 'c4n4ry-6' }}"}
    logins: [{name: a, pass: [c4n4ry-7]}]
    argv: [curl, --password, c4n4ry-8, --token=c4n4ry-9, -u, "a:c4n4ry-10", "http://x:c4n4ry-11@host/"]
    primary_key: id
"#;
        let mut sources = Sources::default();
        let file = sources.add("x.yaml", text);
        let mut root = load(&sources, file).root;
        let mut redaction = Redaction::new(BTreeSet::from([Text::from("pin")])).unwrap();
        redaction.redact(&mut root);
        let shown = print(&root, &[], &sources);
        assert!(!shown.contains("c4n4ry"), "{shown}");
        for kept in ["http://****@host/x?token=****&b={{ row.b }}", "secret('env:TOKEN')", "Accept: text/html", "8080", "name: a"] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
        assert!(redaction.found.contains(&"c4n4ry-10".to_owned()) || redaction.found.contains(&"a:c4n4ry-10".to_owned()));
    }
}
