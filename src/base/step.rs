//! One step of a plain path, for those that follow paths and those that read only what paths want.

use super::value::Text;

/// One step of a plain path.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A member of a map.
    Key(Text),
    /// An item of a list, from the end where negative.
    Index(i64),
    /// All members or items.
    All,
}
