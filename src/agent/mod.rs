//! The daemon: the shared schedule, the runs, and what they report.
//!
//! One dispatcher owns the schedule and the memory of all checks; runs are tasks that send back one
//! message each. Nothing waits for a slow instance but itself. What the daemon knows of itself
//! stands on the board, for the status.

pub mod board;
pub mod clocks;
pub mod deliver;
pub mod dispatcher;
pub mod host;
pub mod lanes;
pub mod line;
pub mod load;
pub mod log;
pub mod memories;
pub mod own;
pub mod reload;
pub mod schedule;
mod service;
pub mod sinks;
pub mod spooler;
pub mod view;
pub mod watch;
pub mod worker;
