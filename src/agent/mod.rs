//! The daemon: the shared schedule, the runs, and what they report.
//!
//! One dispatcher owns the schedule and the memory of all checks; runs are tasks that send back one
//! message each. Nothing waits for a slow instance but itself.

pub mod dispatcher;
pub mod line;
pub mod schedule;
pub mod worker;
