//! The page of engine.yaml: every key with its variable, from the declarations that read it.

use super::examples;
use super::parts::Collector;
use super::reference::{accepts, default_of, grid, joined};
use crate::conf::engine::EngineConf;
use crate::conf::overrides::variables;
use crate::yaml::read::Record;
use crate::yaml::shape::{FieldDoc, Shape};

const START: &str = include_str!("text/engine.md");
const EXAMPLE: &str = include_str!("../../examples/engine.yaml");

/// The page.
pub fn page() -> String {
    let keys = EngineConf::docs();
    let variables = variables(&keys);
    let variable = |path: &[&str]| {
        let known = variables.iter().find(|(_, known)| known == path);
        known.map(|(name, _)| format!("`{name}`")).unwrap_or_default()
    };
    let table = |path: &[&'static str], fields: &[FieldDoc]| {
        let rows = fields.iter().map(|field| {
            let path: Vec<&str> = path.iter().copied().chain([field.key]).collect();
            vec![format!("`{}`", field.key), accepts(&field.shape), default_of(field), variable(&path), field.doc.clone()]
        });
        grid(&["key", "accepts", "default", "variable", "what it does"], rows)
    };
    let mut blocks = vec![START.to_owned(), "## All keys".to_owned(), table(&[], &keys)];
    let mut collector = Collector::default();
    for field in &keys {
        let own = matches!(field.shape, Shape::Struct(_)).then_some(field.key);
        for part in collector.parts(&field.shape) {
            let path: Vec<&'static str> = own.into_iter().collect();
            blocks.extend([
                format!("## {}", part.title),
                part.doc.clone(),
                table(&path, &part.fields),
                examples::of(&part.title).unwrap_or_default().to_owned(),
            ]);
        }
    }
    blocks.push(format!("## An example with every key\n\n```yaml\n{}```", EXAMPLE));
    blocks.retain(|block| !block.is_empty());
    joined(&blocks) + "\n"
}
