//! A request that is repeated until its answer is ready.
//!
//! ```yaml
//! poll: {until: row.status == "done", every: 2s, timeout: 5m}
//! ```

use crate::base::limits;
use crate::expr::code::{Code, Expression, Setting};
use crate::yaml::basic::Seconds;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;

crate::fields! {
    /// Repeats the request until its answer is ready.
    pub struct Poll, "poll" {
        /// The condition on the whole document, as `row`; the source's own name leads to `.status` and `.headers`.
        pub until: Until;
        /// The pause between two requests.
        pub every: Setting<Seconds> = Setting::Fixed(Seconds(limits::POLL_PAUSE.as_secs_f64())), "1s";
        /// How long to go on asking; then the source fails with the kind `timeout`. Never beyond the deadline of the run.
        pub timeout: Setting<Seconds> = Setting::Fixed(Seconds(limits::POLL_TIME.as_secs_f64())), "60s";
    }
}

/// A condition that sees the document as `row`.
#[derive(Clone, Debug)]
pub struct Until(pub Expression);

impl Field for Until {
    fn shape() -> Shape {
        Expression::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let (read, _) = reader.within(|reader| {
            reader.bind("row", node.span);
            Expression::read(node, reader)
        });
        read.map(Until)
    }
}

impl Poll {
    /// Calls `take` for every computed place.
    pub fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        take(&self.until.0.0);
        [&self.every, &self.timeout].into_iter().filter_map(Setting::code).for_each(take);
    }
}
