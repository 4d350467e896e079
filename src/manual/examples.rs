//! The examples of the language page, by the titles of its sections.
//!
//! They stand in `examples/`: a heading `## TITLE` for each section, below it what the page shows
//! under that title. Its blocks of YAML are complete but for `name` and `version`; a block of text
//! before one is what the source answers, a block of JSON behind it are the rows that come of it.
//! Tests check that every key of a section is in its examples, that all of them are without
//! problems, and that the rows are those.

const FILES: &[&str] = &[
    include_str!("examples/config.md"),
    include_str!("examples/sources.md"),
    include_str!("examples/decoders.md"),
    include_str!("examples/mappings.md"),
];

/// What the page shows under a title.
pub fn of(title: &str) -> Option<&'static str> {
    all().find(|(other, _)| *other == title).map(|(_, text)| text)
}

/// All titles that have examples, with them.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let sections = FILES.iter().flat_map(|file| file.strip_prefix("## ").unwrap_or(file).split("\n## "));
    sections.filter_map(|section| section.split_once('\n')).map(|(title, text)| (title.trim(), text.trim()))
}
