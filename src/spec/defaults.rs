//! `defaults`: what every mapping or source says unless it says otherwise.
//!
//! Defaults are merged into the tree before a mapping is read, so they see the names of the place
//! where they are used, and their spans still point at where they stand. Tags add up, everything
//! else is replaced.

use crate::base::diag::Diagnostic;
use crate::yaml::node::{Data, Entry, Node};
use crate::yaml::read::{NamedNode, Reader, unknown_key};
use std::borrow::Cow;

/// The defaults of one spec.
#[derive(Debug, Default)]
pub struct Defaults {
    shared: Vec<Entry>,
    families: Vec<Entry>,
    standard: Vec<Entry>,
}

/// Keys for mappings of all families.
pub(super) const SHARED: &[&str] = &["tags", "hostname", "inherit_tags"];
/// The families that have defaults of their own, with their keys.
pub(super) const FAMILIES: &[(&str, &[&str])] = &[
    ("metrics", &["prefix", "tags", "hostname", "device", "timestamp", "optional", "inherit_tags"]),
    ("service_checks", &["tags", "hostname", "inherit_tags"]),
    ("events", &["tags", "hostname", "inherit_tags", "event_type", "source_type_name", "alert_type", "priority", "timestamp"]),
    ("logs", &["tags", "hostname", "inherit_tags", "service", "source", "status", "timestamp"]),
    (
        "sources",
        &[
            "base_url",
            "timeout",
            "connect_timeout",
            "headers",
            "extra_headers",
            "on_error",
            "rows",
            "auth",
            "tls",
            "proxy",
            "follow_redirects",
            "ok_status",
        ],
    ),
];
/// Defaults of sources that stand inside the kind, not beside it, and the kinds that have them.
pub(super) const IN_KIND: &[(&str, &[&str])] = &[
    ("base_url", &["http"]),
    ("timeout", &["http", "command"]),
    ("connect_timeout", &["http"]),
    ("headers", &["http"]),
    ("extra_headers", &["http"]),
    ("follow_redirects", &["http"]),
    ("auth", &["http"]),
    ("tls", &["http"]),
    ("proxy", &["http"]),
    ("ok_status", &["http"]),
];

impl Defaults {
    /// Reads `defaults`, reporting keys that no place would take.
    pub fn read(node: Option<&Node>, standard: Vec<Entry>, reader: &mut Reader<'_>) -> Defaults {
        let bare = Defaults { standard, ..Defaults::default() };
        let Some(node) = node else { return bare };
        let Some(entries) = node.as_map() else {
            if !node.is_null() {
                reader.mismatch(node, "a map for `defaults`");
            }
            return bare;
        };
        let is_family = |key: &str| FAMILIES.iter().any(|(family, _)| *family == key);
        for entry in entries {
            if is_family(&entry.key) {
                check_family(entry, reader);
            } else if !SHARED.contains(&&*entry.key) {
                let known = SHARED.iter().copied().chain(FAMILIES.iter().map(|(family, _)| *family));
                reader.report(unknown_key(entry, "`defaults`", known));
            }
        }
        let (families, shared) = entries.iter().cloned().partition(|entry| is_family(&entry.key));
        Defaults { shared, families, ..bare }
    }

    /// A mapping with what the defaults add, and the defaults' tags apart.
    pub fn mapping<'n>(&self, family: &str, node: &'n Node) -> (Cow<'n, Node>, Vec<Node>) {
        let Data::Map(own) = &node.data else { return (Cow::Borrowed(node), Vec::new()) };
        let takes = FAMILIES.iter().find(|(name, _)| *name == family).map_or(&[][..], |(_, keys)| *keys);
        let of_family = self.family(family);
        let shared = self.shared.iter().filter(|entry| takes.contains(&&*entry.key));
        let mut entries = Cow::Borrowed(own);
        // The family's defaults stand before the shared ones: the nearest wins.
        for entry in of_family.iter().chain(shared) {
            if &*entry.key != "tags" && !entries.iter().any(|e| e.key == entry.key) {
                entries.to_mut().push(entry.clone());
            }
        }
        let whole = match entries {
            Cow::Borrowed(_) => Cow::Borrowed(node),
            Cow::Owned(entries) => Cow::Owned(Node { span: node.span, data: Data::Map(entries) }),
        };
        (whole, self.tags(family))
    }

    /// The defaults' tags for a family whose mappings have tags: the shared ones and its own.
    pub fn tags(&self, family: &str) -> Vec<Node> {
        let takes = FAMILIES.iter().any(|(name, keys)| *name == family && keys.contains(&"tags"));
        let all = self.shared.iter().chain(self.family(family));
        all.filter(|entry| takes && &*entry.key == "tags").map(|entry| entry.value.clone()).collect()
    }

    /// A source with what the defaults add; derived sources are left as they are. `logins` are those
    /// with names.
    pub fn source(&self, node: &Node, logins: &[NamedNode]) -> Node {
        let Data::Map(own) = &node.data else { return node.clone() };
        let mut entries = own.clone();
        let Some(kind) = entries.iter().position(|e| crate::source::KINDS.iter().any(|k| k.name == &*e.key)) else { return node.clone() };
        for entry in self.family("sources") {
            match IN_KIND.iter().find(|(key, _)| *key == &*entry.key) {
                None if !entries.iter().any(|e| e.key == entry.key) => entries.push(entry.clone()),
                None => {}
                Some((_, kinds)) => {
                    if let Some(place) = entries.get_mut(kind).filter(|place| kinds.contains(&&*place.key)) {
                        add_to_kind(place, entry, logins);
                    }
                }
            }
        }
        if let Some(place) = entries.get_mut(kind).filter(|place| &*place.key == "http") {
            self.standard.iter().for_each(|entry| add_standard(place, entry, logins));
        }
        Node { span: node.span, data: Data::Map(entries) }
    }

    fn family(&self, family: &str) -> &[Entry] {
        self.families.iter().find(|entry| &*entry.key == family).and_then(|entry| entry.value.as_map()).unwrap_or(&[])
    }
}

fn add_to_kind(place: &mut Entry, entry: &Entry, logins: &[NamedNode]) {
    let Data::Map(fields) = &mut place.value.data else { return };
    match fields.iter_mut().find(|e| e.key == entry.key) {
        None => fields.push(entry.clone()),
        Some(own) if &*own.key == "auth" => add_login(&mut own.value, &entry.value, logins),
        Some(_) => {}
    }
}

/// Where no login of a list holds, the default's is used: it stands at the end of the list.
fn add_login(own: &mut Node, default: &Node, logins: &[NamedNode]) {
    if may_give_none(own, logins, 0) {
        let items = |node: &Node| node.as_list().unwrap_or(std::slice::from_ref(node)).to_vec();
        own.data = Data::List([items(own), items(default)].concat());
    }
}

/// True if conditions may leave a place without a login of its own.
fn may_give_none(node: &Node, logins: &[NamedNode], depth: usize) -> bool {
    let named = |name: &str| {
        let login = logins.iter().find(|login| &*login.entry.key == name);
        // A login that needs itself is reported where it is read.
        login.is_some_and(|login| depth < logins.len() && may_give_none(&login.entry.value, logins, depth + 1))
    };
    match &node.data {
        Data::List(items) => items.iter().all(|item| may_give_none(item, logins, depth)),
        Data::Map(_) if node.entry("when").is_some() => true,
        Data::Map(_) => node.entry("named").and_then(|entry| entry.value.as_scalar()).is_some_and(|scalar| named(&scalar.text)),
        Data::Scalar(scalar) => named(&scalar.text),
    }
}

/// Adds a standard option: to a map of the source's own key by key, so that one `tls` option of a
/// source does not switch off those of the instance; behind a list of logins, as its last resort.
fn add_standard(place: &mut Entry, entry: &Entry, logins: &[NamedNode]) {
    let Data::Map(fields) = &mut place.value.data else { return };
    let Some(own) = fields.iter_mut().find(|own| own.key == entry.key) else {
        fields.push(entry.clone());
        return;
    };
    match (&mut own.value.data, &entry.value.data, &*entry.key) {
        (Data::Map(own), Data::Map(usual), "tls") => {
            let more: Vec<Entry> = usual.iter().filter(|entry| !own.iter().any(|o| o.key == entry.key)).cloned().collect();
            own.extend(more);
        }
        (_, _, "auth") => add_login(&mut own.value, &entry.value, logins),
        (Data::List(own), Data::List(usual), "extra_headers") => own.extend(usual.iter().cloned()),
        _ => {}
    }
}

fn check_family(entry: &Entry, reader: &mut Reader<'_>) {
    let known = FAMILIES.iter().find(|(family, _)| *family == &*entry.key).map_or(&[][..], |(_, keys)| *keys);
    match entry.value.as_map() {
        Some(entries) => {
            for inner in entries.iter().filter(|inner| !known.contains(&&*inner.key)) {
                reader.report(unknown_key(inner, &format!("`defaults.{}`", entry.key), known.iter().copied()));
            }
        }
        None => {
            let problem = Diagnostic::error("wrong-type", format!("expected a map for `defaults.{}`", entry.key), entry.value.span);
            reader.report(problem.label(format!("found {}", entry.value.describe())).help("write the defaults as keys below it"));
        }
    }
}
