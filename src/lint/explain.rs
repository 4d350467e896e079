//! The long text of a code: what it finds, why that matters, a bad and a good example.

use super::{RULES, codes, rule};
use crate::base::suggest::{listed, nearest};

/// The text of a code, as Markdown that reads well in a terminal.
///
/// # Errors
/// There is no such code; the text says which are near.
pub fn explain(code: &str) -> Result<String, String> {
    let text = |level: &str, finds: &str, why: &str, bad: &str, good: &str| {
        let allow =
            if level == "error" { String::new() } else { format!("\nWhere it is meant, say so: `# lint: allow {code} the reason`.\n") };
        format!("# {code} ({level})\n\n{finds}\n\n{why}\n\nBad:\n\n{}\nGood:\n\n{}{allow}", indented(bad), indented(good))
    };
    if let Some(rule) = rule(code) {
        return Ok(text(rule.level.word(), rule.finds, rule.why, rule.bad, rule.good));
    }
    if let Some(known) = codes::find(code) {
        return Ok(text("error", known.finds, known.why, known.bad, known.good));
    }
    let names = || RULES.iter().map(|rule| rule.code).chain(codes::all().map(|known| known.code));
    Err(match nearest(code, names()) {
        Some(near) => format!("there is no code `{code}`; did you mean `{near}`?"),
        None => format!("there is no code `{code}`; there are {}", listed(names(), 400)),
    })
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") }).collect()
}
