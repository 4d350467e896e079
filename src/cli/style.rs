//! Colours for terminals, and nothing for pipes.

use super::Color;
use std::io::IsTerminal;

/// Paints words, or leaves them plain.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// True if colours are wanted.
    pub color: bool,
}

impl Style {
    /// For standard output.
    pub fn stdout(color: Color) -> Style {
        Style { color: wanted(color, std::io::stdout().is_terminal()) }
    }

    /// For standard error.
    pub fn stderr(color: Color) -> Style {
        Style { color: wanted(color, std::io::stderr().is_terminal()) }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Names and headings.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// What is well.
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// What needs a look.
    pub fn warn(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// What is broken.
    pub fn bad(self, text: &str) -> String {
        self.paint("31;1", text)
    }
}

fn wanted(color: Color, terminal: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}
