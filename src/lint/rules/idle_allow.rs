//! `idle-allow`: a comment that allows something which is not there. It is found where the comments are applied.

use crate::base::diag::Level;
use crate::lint::{Find, Rule};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "idle-allow",
    level: Level::Note,
    finds: "A comment that allows something which is not there.",
    why: "It outlives its reason, and would hide the same slip the next time.",
    bad: "metrics:
  # lint: allow bare-metric-name the old dashboards know it so
  - {name: demo.queue_size, value: 1}
",
    good: "metrics:
  # lint: allow bare-metric-name the old dashboards know it so
  - {name: queue_size, value: 1}
",
    find: Find::Comments,
};
