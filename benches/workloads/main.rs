//! The workloads of `docs/performance.md`: what the engine costs, as ratios to limits that are
//! measured in the same run.
//!
//! ```text
//! cargo bench                   every workload
//! cargo bench -- http command   those with these words in their names
//! ```
//!
//! A limit is the least that the work could cost: the same bytes moved by a loop that does nothing
//! else. Limit and engine take turns, and the table shows medians over the rounds, so a noisy
//! neighbour disturbs both. The binary starts itself again for what must not share this process:
//! the server, whose CPU is nobody's cost, and processes that are measured whole.

mod beside;
mod child;
mod cold;
mod command;
mod daemon;
mod deliver;
mod encode;
mod exposition;
mod fetch;
mod http;
mod large;
mod lint;
mod list;
mod load;
mod log;
mod memory;
mod meter;
mod pace;
mod server;
mod setup;
mod soak;
mod spool;
mod status;
mod subject;
mod table;
mod trend;
mod whole;

use table::Table;

/// The allocator of the engine's own binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a workload, or a child of this binary, may fail with.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// One workload: it adds its rows to the table.
type Workload = fn(&mut Table) -> Outcome;

const WORKLOADS: &[(&str, Workload)] = &[
    ("http", http::measure),
    ("load", load::measure),
    ("cold", cold::measure),
    ("memory", memory::measure),
    ("command", command::measure),
    ("large", large::measure),
    ("spool", spool::measure),
    ("deliver", deliver::measure),
    ("encode", encode::measure),
    ("beside", beside::measure),
    ("pace", pace::measure),
    ("down", soak::measure_down),
    ("soak", soak::measure),
    ("lint", lint::measure),
];

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(role) = child::role(&arguments) {
        return role();
    }
    // `cargo bench` itself adds `--bench`.
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let mut table = Table::default();
    for (name, measure) in WORKLOADS {
        if words.is_empty() || words.iter().any(|word| name.contains(word)) {
            eprintln!("measuring {name} …");
            measure(&mut table)?;
        }
    }
    print!("{table}");
    Ok(())
}
