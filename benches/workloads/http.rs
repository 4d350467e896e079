//! A closed loop over HTTP: sixteen runs under way at any time, each one request, one small JSON
//! document, ten metrics and a service check. The limit is a loop of bare hyper on kept connections
//! that reads the same documents into a struct.

use crate::meter::{Rounds, own_cpu};
use crate::server::{DOCUMENTS, Server};
use crate::status::Status;
use crate::table::{Line, Table};
use crate::{Outcome, setup};
use engine::base::time::{Clock, SystemClock};
use engine::base::value::Value;
use engine::plan::Check;
use engine::run::exchanger::Live;
use engine::run::reuse::Reuse;
use engine::run::{Memory, RunCx, run};
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::cell::Cell;
use std::future::Future;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// Runs under way at any time.
const AT_ONCE: usize = 16;
/// Runs of one turn: every one of the most instances once.
const RUNS: usize = DOCUMENTS;
const FEW: usize = 100;
const ROUNDS: usize = 9;

/// Adds the rows of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    let server = Server::start()?;
    let folder = setup::folder(DOCUMENTS, server.port)?;
    let (mut catalog, plan) = setup::plan(folder.path(), "status")?;
    let checks = setup::checks(folder.path(), "status", &mut catalog, &plan)?;
    let bare = Bare::new(server.port)?;
    let one = Engine::new(checks, catalog.engine, Builder::new_current_thread().enable_all().build()?);
    let rounds = Rounds::run(ROUNDS + 1, || Ok([bare.turn()?, one.turn(FEW)?, one.turn(DOCUMENTS)?]))?;
    let line = |work, cost: usize, most| Line {
        work,
        engine: format!("{:.1} µs", rounds.cost(cost)),
        limit: format!("{:.1} µs", rounds.cost(0)),
        figure: rounds.ratio(cost, 0),
        unit: " x",
        most,
    };
    table.add(line("HTTP closed loop, 100 instances, CPU per run", 1, Some(2.5)));
    table.add(line("HTTP closed loop, 10,000 instances, CPU per run", 2, Some(2.5)));
    table.add(Line {
        work: "HTTP closed loop, 10,000 instances against 100",
        engine: format!("{:.1} µs", rounds.cost(2)),
        limit: format!("{:.1} µs", rounds.cost(1)),
        figure: rounds.ratio(2, 1),
        unit: " x",
        most: Some(1.2),
    });
    let two = one.on(Builder::new_multi_thread().worker_threads(2).enable_all().build()?);
    let rounds = Rounds::run(ROUNDS, || Ok([bare.turn()?, two.turn(DOCUMENTS)?]))?;
    table.add(Line {
        work: "the same on two threads, as `engine run` has them",
        engine: format!("{:.1} µs", rounds.cost(1)),
        limit: format!("{:.1} µs", rounds.cost(0)),
        figure: rounds.ratio(1, 0),
        unit: " x",
        most: None,
    });
    Ok(())
}

/// CPU microseconds of one of `RUNS`.
fn per_run(before: Duration) -> f64 {
    (own_cpu() - before).as_secs_f64() * 1e6 / RUNS as f64
}

/// The limit.
struct Bare {
    runtime: Runtime,
    connections: Vec<Cell<Option<SendRequest<Empty<Bytes>>>>>,
    host: String,
}

impl Bare {
    fn new(port: u16) -> Outcome<Bare> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let connections = (0..AT_ONCE).map(|_| runtime.block_on(connect(port)).map(|sender| Cell::new(Some(sender))));
        let connections = connections.collect::<Outcome<_>>()?;
        Ok(Bare { runtime, connections, host: format!("127.0.0.1:{port}") })
    }

    fn turn(&self) -> Outcome<f64> {
        let before = own_cpu();
        let next = Cell::new(0);
        let loops = self.connections.iter().map(|connection| self.work(connection, &next));
        let all = futures_util::future::try_join_all(loops);
        self.runtime.block_on(all)?;
        Ok(per_run(before))
    }

    async fn work(&self, connection: &Cell<Option<SendRequest<Empty<Bytes>>>>, next: &Cell<usize>) -> Outcome {
        let mut sender = connection.take().ok_or("no connection")?;
        while next.get() < RUNS {
            let n = next.replace(next.get() + 1) % DOCUMENTS;
            let request = Request::get(format!("/i/{n:06}.json")).header("host", &self.host).body(Empty::new())?;
            sender.ready().await?;
            let body = sender.send_request(request).await?.into_body().collect().await?.to_bytes();
            black_box(serde_json::from_slice::<Status>(&body)?.sum());
        }
        connection.set(Some(sender));
        Ok(())
    }
}

/// A connection that is kept.
pub async fn connect(port: u16) -> Outcome<SendRequest<Empty<Bytes>>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// What is measured.
struct Engine {
    checks: Arc<Vec<Check>>,
    facts: Value,
    live: Arc<Live>,
    runtime: Runtime,
}

impl Engine {
    fn new(checks: Vec<Check>, facts: Value, runtime: Runtime) -> Engine {
        Engine { checks: Arc::new(checks), facts, live: live(), runtime }
    }

    /// The same checks with connections of their own on another runtime.
    fn on(&self, runtime: Runtime) -> Engine {
        Engine { checks: Arc::clone(&self.checks), facts: self.facts.clone(), live: live(), runtime }
    }

    /// `RUNS` runs, over the first `n` checks in turn.
    fn turn(&self, n: usize) -> Outcome<f64> {
        let before = own_cpu();
        let workers: Vec<_> = (0..AT_ONCE).map(|first| self.runtime.spawn(self.work(first, n))).collect();
        let samples: usize = self.runtime.block_on(async {
            let mut samples = 0;
            for worker in workers {
                samples += worker.await?;
            }
            Outcome::Ok(samples)
        })?;
        if samples != RUNS * 10 {
            return Err(format!("{samples} samples of {RUNS} runs").into());
        }
        Ok(per_run(before))
    }

    fn work(&self, first: usize, n: usize) -> impl Future<Output = usize> + Send + 'static {
        let (checks, facts, live) = (Arc::clone(&self.checks), self.facts.clone(), Arc::clone(&self.live));
        async move {
            let (memory, reuse) = (Memory::default(), Reuse::default());
            let mut samples = 0;
            for number in (first..RUNS).step_by(AT_ONCE) {
                let Some(check) = checks.get(number % n) else { continue };
                let interval = Duration::from_secs(15);
                let deadline = SystemClock.instant() + interval;
                let cx = RunCx {
                    check,
                    memory: &memory,
                    exchanger: &*live,
                    clock: &SystemClock,
                    engine: &facts,
                    interval,
                    deadline,
                    reuse: &reuse,
                    requests: Default::default(),
                    trace: None,
                };
                let outcome = black_box(run(&cx).await);
                samples += if outcome.failed() || !outcome.warnings.is_empty() { 0 } else { outcome.observations.samples.len() };
            }
            samples
        }
    }
}

fn live() -> Arc<Live> {
    Arc::new(Live { outside: engine::source::Outside::default(), clock: Arc::new(SystemClock) })
}
