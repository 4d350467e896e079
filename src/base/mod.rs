//! Words that everybody needs: places in files, diagnostics, values, limits.
//!
//! This layer imports nothing of ours and does no I/O.

pub mod decimal;
pub mod diag;
pub mod error_kind;
pub mod fingerprint;
pub mod glob;
pub mod limits;
pub mod map;
pub mod masks;
pub mod name;
pub mod number;
pub mod parts;
pub mod print;
pub mod render;
pub mod secret;
pub mod secret_names;
pub mod share;
pub mod span;
pub mod step;
pub mod stored;
pub mod suggest;
pub mod time;
pub mod types;
pub mod unit;
pub mod units;
pub mod value;
