//! Loading and checking ten thousand instances of one file, against a typed parse of the same text
//! that forgets where everything stood.

use crate::meter::{Rounds, own_cpu};
use crate::table::{Line, Table};
use crate::{Outcome, setup, status};
use serde::Deserialize;
use std::hint::black_box;
use std::path::Path;

const INSTANCES: usize = 10_000;
const ROUNDS: usize = 9;

#[derive(Debug, Deserialize)]
struct Conf {
    instances: Vec<Instance>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is the reading that counts")]
struct Instance {
    url: String,
    tags: Vec<String>,
}

/// Adds the row of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    let folder = setup::folder(INSTANCES, 8080)?;
    let text = status::conf(INSTANCES, 8080, "i");
    let rounds = Rounds::run(ROUNDS, || Ok([limit(&text)?, engine(folder.path())?]))?;
    table.add(Line {
        work: "loading and checking 10,000 instances of one file, CPU",
        engine: format!("{:.0} ms", rounds.cost(1)),
        limit: format!("{:.0} ms", rounds.cost(0)),
        figure: rounds.ratio(1, 0),
        unit: " x",
        most: Some(6.0),
    });
    Ok(())
}

/// CPU milliseconds of the limit.
fn limit(text: &str) -> Outcome<f64> {
    let before = own_cpu();
    let conf: Conf = serde_yaml::from_str(text)?;
    let spent = (own_cpu() - before).as_secs_f64() * 1e3;
    all(black_box(conf.instances).len(), spent)
}

/// CPU milliseconds from files to bound checks, the spec included.
fn engine(folder: &Path) -> Outcome<f64> {
    let before = own_cpu();
    let (mut catalog, plan) = setup::plan(folder, "status")?;
    let checks = setup::checks(folder, "status", &mut catalog, &plan)?;
    let spent = (own_cpu() - before).as_secs_f64() * 1e3;
    all(black_box(checks).len(), spent)
}

fn all(n: usize, spent: f64) -> Outcome<f64> {
    if n == INSTANCES { Ok(spent) } else { Err(format!("{n} instances of {INSTANCES}").into()) }
}
