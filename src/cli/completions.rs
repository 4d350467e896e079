//! `engine completions`: what a shell needs to complete commands and options.

use super::CLEAN;
use clap_complete::Shell;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  engine completions bash > /usr/share/bash-completion/completions/engine
  engine completions zsh > /usr/share/zsh/vendor-completions/_engine
  engine completions fish > ~/.config/fish/completions/engine.fish")]
pub struct Arguments {
    /// For which shell.
    shell: Shell,
}

/// Prints the completions.
pub fn run(arguments: &Arguments, mut command: clap::Command) -> u8 {
    clap_complete::generate(arguments.shell, &mut command, "engine", &mut std::io::stdout());
    CLEAN
}
