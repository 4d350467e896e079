//! `engine man`: the manual pages, for packages. Hidden, since people read them with `man engine`.

use super::{CLEAN, FAILED};
use std::path::PathBuf;

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder that takes one page for each command.
    folder: PathBuf,
}

/// Writes the pages.
pub fn run(arguments: &Arguments, command: clap::Command) -> u8 {
    match clap_mangen::generate_to(command, &arguments.folder) {
        Ok(()) => CLEAN,
        Err(why) => {
            eprintln!("error: the manual pages cannot be written to {}: {why}", arguments.folder.display());
            FAILED
        }
    }
}
