//! `engine explain CODE`: the long text of a diagnostic.

use super::session::usage;
use super::{CLEAN, Common};
use crate::lint::explain::explain;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  engine explain unused-source
  engine explain unknown-key")]
pub struct Arguments {
    /// The code that stands in brackets behind `error`, `warning` or `note`.
    code: String,
}

/// Prints the text.
pub fn run(arguments: &Arguments, common: &Common) -> u8 {
    match explain(&arguments.code) {
        Ok(text) => {
            print!("{text}");
            CLEAN
        }
        Err(why) => usage(&why, common),
    }
}
