//! The codes of validity: what the readers report, with why it matters and examples, for `explain`.
//!
//! The readers own these problems and their words; here stands only what a person may want to know
//! beyond the message. The examples are tests, so a code that no reader gives any more is noticed.

mod conf;
mod login;
mod notation;
mod sharing;
mod spec;
mod yaml;

/// One code of the readers.
#[derive(Debug)]
pub struct Code {
    /// The code.
    pub code: &'static str,
    /// What it means, in one sentence.
    pub finds: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// A text that gives it.
    pub bad: &'static str,
    /// The same, put right.
    pub good: &'static str,
}

/// The tables, by what is read.
const TABLES: &[&[Code]] = &[yaml::TABLE, notation::TABLE, spec::TABLE, login::TABLE, sharing::TABLE, conf::TABLE];

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Code> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// The one of a name.
pub fn find(code: &str) -> Option<&'static Code> {
    all().find(|known| known.code == code)
}
