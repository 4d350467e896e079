//! `unknown-allow`: a comment that allows a rule which does not exist. It is found where the comments are applied.

use crate::base::diag::Level;
use crate::lint::{Find, Rule};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unknown-allow",
    level: Level::Warning,
    finds: "A comment that allows a rule which does not exist.",
    why: "It allows nothing, because of a typo.",
    bad: "metrics:
  - {name: demo.queue_size, value: 1} # lint: allow bare-metric-names short
",
    good: "metrics:
  - {name: queue_size, value: 1} # lint: allow bare-metric-name short
",
    find: Find::Comments,
};
