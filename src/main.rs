//! Hands the arguments to the command line and turns its outcome into an exit code.

use std::process::ExitCode;

/// The system's allocator keeps what each thread has freed: beside large documents the resident memory
/// grew for minutes and was five times what was in use.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    engine::cli::main()
}
