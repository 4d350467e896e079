//! A command that prints three values, through the engine's exchange and spawned by hand.

use crate::Outcome;
use crate::meter::{Rounds, tree_cpu};
use crate::table::{Line, Table};
use engine::base::time::SystemClock;
use engine::net::command::{CommandRequest, Commands};
use std::process::{Command, Stdio};
use std::time::Instant;

const ARGV: [&str; 2] = ["/bin/echo", "DISK OK | used=1;2;3 free=4;5;6 total=7;8;9"];
const RUNS: usize = 100;
const ROUNDS: usize = 15;

/// Adds the rows of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let commands = Commands::new();
    let request = CommandRequest::of(ARGV);
    let engine = || {
        runtime.block_on(async {
            for _ in 0..RUNS {
                let answer = commands.exchange(&request, &SystemClock).await?;
                assert_eq!(answer.body.len(), ARGV[1].len() + 1);
            }
            Outcome::Ok(())
        })
    };
    let rounds = Rounds::run(ROUNDS, || {
        let (limit_wall, limit_cpu) = spent(by_hand)?;
        let (engine_wall, engine_cpu) = spent(engine)?;
        Ok([limit_wall, engine_wall, limit_cpu, engine_cpu])
    })?;
    // The CPU of children is counted in ticks of 10 ms, so only their sum says something.
    let line = |work, engine: f64, limit: f64, figure: f64| Line {
        work,
        engine: format!("{engine:.0} µs"),
        limit: format!("{limit:.0} µs"),
        figure,
        unit: " x",
        most: Some(1.3),
    };
    let (limit, engine) = (rounds.mean(2), rounds.mean(3));
    table.add(line("command, CPU of it and of its child", engine, limit, engine / limit));
    table.add(line("command, wall", rounds.cost(1), rounds.cost(0), rounds.ratio(1, 0)));
    Ok(())
}

/// Microseconds of one run, by the wall and of CPU.
fn spent(work: impl FnOnce() -> Outcome) -> Outcome<(f64, f64)> {
    let (wall, cpu) = (Instant::now(), tree_cpu()?);
    work()?;
    let each = |seconds: f64| seconds * 1e6 / RUNS as f64;
    Ok((each(wall.elapsed().as_secs_f64()), each((tree_cpu()? - cpu).as_secs_f64())))
}

/// The limit: the standard library spawns and captures, with the environment that the engine gives.
fn by_hand() -> Outcome {
    let environment: Vec<_> = std::env::vars_os().filter(|(name, _)| ["PATH", "LANG", "TZ"].iter().any(|kept| name == kept)).collect();
    for _ in 0..RUNS {
        let mut command = Command::new(ARGV[0]);
        command.args(&ARGV[1..]).env_clear().envs(environment.clone()).current_dir("/").stdin(Stdio::null());
        let output = command.output()?;
        assert_eq!(output.stdout.len(), ARGV[1].len() + 1);
    }
    Ok(())
}
