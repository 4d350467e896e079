//! Words that were booleans in YAML 1.1: `no`, `on`, `yes`, `off` where any value may stand.
//!
//! In YAML 1.2 they are texts. Where a text is asked for, such a word is as good as any other; where
//! a value of any type is taken as it is, it is most likely meant as `true` or `false`. Quoted ones
//! are meant as words.

use super::basic::meant_bool;
use super::node::{Data, Literal, Node, Scalar, Style};
use crate::base::diag::Diagnostic;

/// Warns of every such word among the values of a tree.
pub fn warn(node: &Node, problems: &mut Vec<Diagnostic>) {
    match &node.data {
        Data::Scalar(scalar) => problems.extend(meaning(scalar).map(|meant| problem(scalar, meant, node))),
        Data::List(items) => items.iter().for_each(|item| warn(item, problems)),
        Data::Map(entries) => entries.iter().for_each(|entry| warn(&entry.value, problems)),
    }
}

/// What the word was in YAML 1.1.
fn meaning(scalar: &Scalar) -> Option<bool> {
    // `y` and `n` were booleans on paper only, and are short names everywhere.
    let plain = scalar.style == Style::Plain && scalar.literal == Literal::Text && scalar.text.len() > 1;
    meant_bool(&scalar.text).filter(|_| plain)
}

fn problem(scalar: &Scalar, meant: bool, node: &Node) -> Diagnostic {
    let word = &scalar.text;
    Diagnostic::warning("boolean-word", format!("`{word}` is a word, not a boolean"), node.span)
        .label(format!("in YAML 1.2 this is the text \"{word}\""))
        .help(format!("write `{meant}`; if the word is meant, put it in quotes: `\"{word}\"`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Sources;
    use crate::yaml::load::load;

    #[test]
    fn only_plain_words_of_yaml_1_1_are_suspect() {
        let mut sources = Sources::default();
        let file = sources.add("t", "[no, Off, ON, 'yes', \"on\", y, true, nope, {a: [yes], off: b}]");
        let mut problems = Vec::new();
        warn(&load(&sources, file).root, &mut problems);
        let found: Vec<_> = problems.iter().map(|problem| sources.slice(problem.span())).collect();
        assert_eq!(found, ["no", "Off", "ON", "yes"]);
    }
}
