//! What lies beyond validity: specs and instances that run, and probably not as meant.
//!
//! A [`Rule`] is a row of [`RULES`]: a code, a level, why it matters, a bad and a good example, and a
//! pure function that finds the slip. [`spec()`] and [`conf()`] run all rules on one file; what a file
//! allows by comment and what `engine.yaml` sets as levels is applied by [`allow`] and [`Levels`].
//!
//! ```yaml
//! lint: {levels: {reserved-tag: off, no-tests: warning}}     # in engine.yaml
//! ```
//!
//! Rules see a spec that was read without errors: a message about an unused name means nothing
//! while half of the uses could not be read. Matters of taste are notes, which change no exit code.
//! Adding a rule: one file in `rules` with its `RULE`, and one line in [`RULES`]; its examples are
//! tests. Nothing here reads a file: what lies beside a spec comes in as [`Beside`].

pub mod allow;
pub mod beside;
pub mod codes;
pub mod explain;
pub mod fix;
pub mod points;
mod query;
pub mod rules;
pub mod sarif;
pub mod subject;
pub mod summary;
pub mod tags;
pub mod types;
pub mod words;

use crate::base::diag::{Diagnostic, Level};
use crate::base::span::{FileId, Sources, Span};
use crate::base::suggest::nearest;
use crate::base::value::Text;
use crate::conf::engine::{LevelWord, LintSettings};
use crate::spec::Spec;
use crate::spec::config::ConfigField;
use crate::yaml::node::Node;
use beside::Beside;
use std::collections::BTreeMap;
use subject::Subject;

pub use rules::RULES;

/// One demand on what people write, beyond validity.
#[derive(Debug)]
pub struct Rule {
    /// Its name, which reads well behind "allow": the bad thing, not the cure.
    pub code: &'static str,
    /// Its level where engine.yaml gives no other.
    pub level: Level,
    /// What it finds, in one sentence.
    pub finds: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// A text that it finds.
    pub bad: &'static str,
    /// The same, put right.
    pub good: &'static str,
    /// Looks for it.
    pub find: Find,
}

/// Where a rule looks.
#[derive(Clone, Copy, Debug)]
pub enum Find {
    /// At a spec that was read.
    Spec(fn(&Subject<'_>, &mut Vec<Diagnostic>)),
    /// At a file of conf.d, with the spec it is for.
    Conf(fn(&Conf<'_>, &mut Vec<Diagnostic>)),
    /// At the comments that allow something; [`allow`] itself looks.
    Comments,
}

/// A file of conf.d as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Conf<'c> {
    /// Its tree.
    pub root: &'c Node,
    /// The spec it is for.
    pub spec: &'c Spec,
    /// All texts.
    pub sources: &'c Sources,
    /// Its file.
    pub file: FileId,
    /// What lies beside it.
    pub beside: &'c Beside,
}

impl<'c> Conf<'c> {
    /// The instances that are maps.
    pub fn instances(&self) -> impl Iterator<Item = &'c Node> + use<'c> {
        let list = self.root.entry("instances").and_then(|entry| entry.value.as_list()).unwrap_or(&[]);
        list.iter().filter(|node| node.as_map().is_some())
    }

    /// `init_config` and the instances.
    pub fn maps(&self) -> impl Iterator<Item = &'c Node> + use<'c> {
        self.root.entry("init_config").map(|entry| &entry.value).into_iter().chain(self.instances())
    }

    /// The same with what the spec declares for each.
    pub fn declared(&self) -> impl Iterator<Item = (&'c [ConfigField], &'c Node)> + use<'c> {
        let config = &self.spec.config;
        let init = self.root.entry("init_config").map(|entry| (&config.init_config[..], &entry.value));
        init.into_iter().chain(self.instances().map(|instance| (&config.instance[..], instance)))
    }
}

/// The levels that engine.yaml gives to rules; `None` switches one off.
#[derive(Clone, Debug, Default)]
pub struct Levels(pub BTreeMap<Text, Option<Level>>);

impl Levels {
    /// The level of a rule's findings.
    fn of(&self, rule: &Rule) -> Option<Level> {
        self.0.get(rule.code).copied().unwrap_or(Some(rule.level))
    }
}

/// The rule of a code.
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}

/// What the rules say of a spec.
pub fn spec(root: &Node, spec: &Spec, sources: &Sources, beside: &Beside, levels: &Levels) -> Vec<Diagnostic> {
    let subject = Subject::new(root, spec, sources, beside);
    let mut found = Vec::new();
    for rule in RULES {
        if let (Find::Spec(find), Some(level)) = (rule.find, levels.of(rule)) {
            run(rule, level, |found| find(&subject, found), &mut found);
        }
    }
    found
}

/// What the rules say of a file of conf.d.
pub fn conf(conf: &Conf<'_>, levels: &Levels) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in RULES {
        if let (Find::Conf(find), Some(level)) = (rule.find, levels.of(rule)) {
            run(rule, level, |found| find(conf, found), &mut found);
        }
    }
    found
}

/// Code and level are the table's, so that no rule can say others.
fn run(rule: &Rule, level: Level, find: impl FnOnce(&mut Vec<Diagnostic>), all: &mut Vec<Diagnostic>) {
    let from = all.len();
    find(all);
    for problem in all.iter_mut().skip(from) {
        problem.code = rule.code;
        problem.level = level;
        problem.text.get_or_insert_with(|| rule.why.to_owned());
    }
}

/// A finding at a place; code and level are filled in from the table.
fn finding(title: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::note("", title, span)
}

/// The levels of engine.yaml, with a problem for each code that there is not.
pub fn levels(settings: Option<&LintSettings>) -> (Levels, Vec<Diagnostic>) {
    let (mut levels, mut problems) = (Levels::default(), Vec::new());
    for entry in settings.iter().flat_map(|settings| &settings.levels.0) {
        let level = match entry.value {
            LevelWord::Error => Some(Level::Error),
            LevelWord::Warning => Some(Level::Warning),
            LevelWord::Note => Some(Level::Note),
            LevelWord::Off => None,
        };
        if rule(&entry.key).is_none() {
            problems.push(unknown_rule(&entry.key, entry.key_span));
        }
        levels.0.insert(entry.key.clone(), level);
    }
    (levels, problems)
}

fn unknown_rule(code: &str, span: Span) -> Diagnostic {
    let problem = Diagnostic::warning("unknown-rule", format!("there is no rule `{code}`"), span);
    match nearest(code, RULES.iter().map(|rule| rule.code)) {
        Some(near) => problem.label(format!("did you mean `{near}`?")).help(format!("write `{near}`")).edit(span, near),
        None if codes::find(code).is_some() => problem.label("this is a demand of the language").help("remove it; only rules have levels"),
        None => problem.label("no rule of this name").help("remove it; docs/lint.md lists the rules"),
    }
}
