//! One command.
