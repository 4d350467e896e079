//! What an instance costs while it waits: the resident memory of processes that hold bound checks.
//! The difference between many and few leaves out everything that is there only once.

use crate::meter::resident;
use crate::table::{Line, Table};
use crate::{Outcome, child, setup};
use std::hint::black_box;

const FEW: usize = 10_000;
const MANY: usize = 100_000;

/// Adds the row of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    let (few, many) = (held(FEW)?, held(MANY)?);
    let each = many.saturating_sub(few) as f64 / (MANY - FEW) as f64;
    table.add(Line {
        work: "resident memory of an idle instance, texts of the files included",
        engine: format!("{:.0} MB for 100,000", many as f64 / 1e6),
        limit: "-".to_owned(),
        figure: each,
        unit: " B",
        most: Some(1500.0),
    });
    Ok(())
}

/// The resident bytes of a process with `n` checks.
fn held(n: usize) -> Outcome<u64> {
    let output = child::command(&["--idle", &n.to_string()])?.output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// The role of a process that holds checks and says what they cost.
pub fn hold() -> Outcome {
    let n: usize = std::env::args().nth(2).ok_or("no number")?.parse()?;
    let folder = setup::folder(n, 8080)?;
    let before = resident()?;
    let (mut catalog, plan) = setup::plan(folder.path(), "status")?;
    let checks = setup::checks(folder.path(), "status", &mut catalog, &plan)?;
    println!("{}", resident()?.saturating_sub(before));
    black_box((checks, catalog));
    Ok(())
}
