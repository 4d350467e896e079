//! `unexplained-allow`: a comment that allows something and does not say why. It is found where the comments are applied.

use crate::base::diag::Level;
use crate::lint::{Find, Rule};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unexplained-allow",
    level: Level::Note,
    finds: "A comment that allows something and does not say why.",
    why: "Whoever reads it later cannot tell whether it still holds.",
    bad: "metrics:
  - {name: queue_size, value: 1} # lint: allow bare-metric-name
",
    good: "metrics:
  - {name: queue_size, value: 1} # lint: allow bare-metric-name the old dashboards know it so
",
    find: Find::Comments,
};
