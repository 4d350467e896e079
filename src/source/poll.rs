//! A request that is repeated until its answer is ready.
//!
//! ```yaml
//! poll: {until: row.status == "done", every: 2s, timeout: 5m}
//! ```

use super::of_document::OfDocument;
use crate::base::limits;
use crate::expr::code::{Code, Setting};
use crate::yaml::basic::Seconds;

crate::fields! {
    /// Repeats the request until its answer is ready.
    pub struct Poll, "poll" {
        /// The condition on the whole document, as `row`; the source's own name leads to `.status` and `.headers`.
        pub until: OfDocument;
        /// The pause between two requests.
        pub every: Setting<Seconds> = Setting::Fixed(Seconds(limits::POLL_PAUSE.as_secs_f64())), "1s";
        /// How long to go on asking; then the source fails with the kind `timeout`. Never beyond the deadline of the run.
        pub timeout: Setting<Seconds> = Setting::Fixed(Seconds(limits::POLL_TIME.as_secs_f64())), "60s";
    }
}

impl Poll {
    /// Calls `take` for every computed place.
    pub fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        take(&self.until.0.0);
        [&self.every, &self.timeout].into_iter().filter_map(Setting::code).for_each(take);
    }
}
