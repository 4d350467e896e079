//! The standard options that `config.use` names, as tables: from the texts that declare them.

use crate::base::span::Sources;
use crate::spec::standard::SETS;
use crate::yaml::load::load;
use crate::yaml::node::{Entry, Node};

/// One option: the section, the key, its type, its default, what it does.
pub struct StandardOption {
    /// `instance` or `init_config`.
    pub section: String,
    /// Its key.
    pub key: String,
    /// Its types.
    pub types: String,
    /// Its default as written.
    pub default: String,
    /// What it controls, or why it has no effect.
    pub doc: String,
}

/// The sets by their names, each with its options in written order.
pub fn sets() -> Vec<(&'static str, Vec<StandardOption>)> {
    SETS.iter().map(|(name, text)| (*name, options(text))).collect()
}

fn options(text: &str) -> Vec<StandardOption> {
    let mut sources = Sources::default();
    let file = sources.add("", text);
    let root = load(&sources, file).root;
    let sections = entries(root.entry("config").map(|config| &config.value));
    let mut out = Vec::new();
    for section in ["instance", "init_config"] {
        let fields = sections.iter().find(|known| &*known.key == section);
        out.extend(entries(fields.map(|fields| &fields.value)).iter().map(|field| option(section, field)));
    }
    out
}

fn entries(node: Option<&Node>) -> &[Entry] {
    node.and_then(Node::as_map).unwrap_or(&[])
}

fn option(section: &str, field: &Entry) -> StandardOption {
    let text = |key: &str| field.value.entry(key).and_then(|entry| entry.value.as_scalar()).map(|scalar| scalar.text.to_string());
    let several = field.value.entry("any_of").and_then(|entry| entry.value.as_list()).unwrap_or(&[]);
    let several = several.iter().filter_map(|one| Some(one.entry("type")?.value.as_scalar()?.text.to_string()));
    StandardOption {
        section: section.to_owned(),
        key: field.key.to_string(),
        types: text("type").unwrap_or_else(|| several.collect::<Vec<_>>().join(" or ")),
        default: text("default").unwrap_or_default(),
        doc: text("description").or_else(|| text("deprecated").map(|why| format!("Known for old files: {why}."))).unwrap_or_default(),
    }
}
