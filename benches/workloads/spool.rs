//! What a record costs on its way into the spool, for each sample in it: the checksum, the frame, the
//! write and the share of a sync, against a loop that writes the same bytes to a file.

use crate::Outcome;
use crate::meter::{Rounds, own_cpu};
use crate::table::{Line, Table};
use engine::base::time::SystemClock;
use engine::disk::real::RealDisk;
use engine::spool::{Settings, Spool, Weight};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const ROUNDS: usize = 7;
const RECORDS: usize = 20_000;
/// What a small check leaves: twenty samples with their names and tags.
const SAMPLES: usize = 20;
const RECORD_BYTES: usize = 800;
/// A busy second.
const RECORDS_PER_SYNC: usize = 2_000;

/// Adds the row of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    let rounds = Rounds::run(ROUNDS, || Ok([spooled()?.as_secs_f64(), written()?.as_secs_f64()]))?;
    let micros = |cost: f64| cost * 1e6 / (RECORDS * SAMPLES) as f64;
    table.add(Line {
        work: "a sample of an encoded record into the spool, with syncs",
        engine: format!("{:.3} µs CPU", micros(rounds.cost(0))),
        limit: format!("{:.3} µs CPU", micros(rounds.cost(1))),
        figure: micros(rounds.cost(0)),
        unit: " µs",
        most: Some(1.0),
    });
    Ok(())
}

fn record() -> Vec<u8> {
    (0..RECORD_BYTES).map(|n| (n * 31 % 251) as u8).collect()
}

fn spooled() -> Outcome<Duration> {
    let folder = tempfile::tempdir()?;
    let disk = Arc::new(RealDisk::new(folder.path()));
    let receivers = ["sink".to_owned()];
    let opened = Spool::open(disk, Arc::new(SystemClock), Settings::default(), &receivers);
    let (mut spool, _) = opened.map_err(|error| error.to_string())?;
    let weight = Weight { metrics: SAMPLES as u64, ..Weight::default() };
    let record = record();
    let begin = own_cpu();
    for n in 1..=RECORDS {
        spool.append(record.clone(), weight).map_err(|refused| refused.to_string())?;
        if n % RECORDS_PER_SYNC == 0 {
            spool.sync();
        }
    }
    Ok(own_cpu() - begin)
}

fn written() -> Outcome<Duration> {
    let folder = tempfile::tempdir()?;
    written_to(&folder.path().join("plain"))
}

fn written_to(path: &Path) -> Outcome<Duration> {
    let mut file = File::create(path)?;
    let record = record();
    let begin = own_cpu();
    for n in 1..=RECORDS {
        file.write_all(&record)?;
        if n % RECORDS_PER_SYNC == 0 {
            file.sync_data()?;
        }
    }
    Ok(own_cpu() - begin)
}
