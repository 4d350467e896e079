//! Globs: `*` for any characters, `?` for one, `[a-z]` and `[!a-z]` for one of a set.
//!
//! `*` crosses dots and slashes, since names of metrics and disks are matched with it, not files;
//! alternatives in braces are left to lists of globs. The case counts.

use super::arg;
use super::{Cx, Function, function, needs};
use crate::base::glob;
use crate::base::value::Value;
use crate::expr::fault::Fault;

pub const TABLE: &[Function] = &[function(
    "glob_match",
    &[needs("text"), needs("pattern")],
    glob_match,
    "True if the whole text matches the glob, or one of a list of globs: `*` any characters, `?` one, `[a-z]` one of these.",
    ("'disk.sda1.used' | glob_match('disk.*.used')", "true"),
)];

/// A step pays for this many comparisons at worst.
const STEP_COMPARISONS: usize = 1024;

fn glob_match(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    for pattern in arg::texts(args, 1, cx)? {
        cx.step(text.len().saturating_mul(pattern.len()) / STEP_COMPARISONS)?;
        if glob::matches(&pattern, &text) {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn one_of_a_list_is_enough() {
        check(&[
            ("glob_match", r#"["ab", ["x*", "a*"]]"#, "true"),
            ("glob_match", r#"["ab", []]"#, "false"),
            ("glob_match", r#"[42, "4?"]"#, "true"),
            ("glob_match", r#"["ab", null]"#, "missing"),
        ]);
    }

    #[test]
    fn many_stars_do_not_explode() {
        assert!(!crate::base::glob::matches(&"a*".repeat(30), &"a".repeat(29)));
    }
}
