//! A thousand runs per second by the daemon: how far the time between two requests of an instance is
//! from its interval, as the server sees it, and how evenly the requests are spread. The limit is a
//! loop that sleeps until each of the same times and sends the same request on a kept connection.

use crate::Outcome;
use crate::daemon::Daemon;
use crate::http::connect;
use crate::meter::median;
use crate::server::{Arrival, Server};
use crate::table::{Line, Table};
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Instances, and seconds between two runs of each.
const INSTANCES: usize = 5_000;
const EVERY: u32 = 5;
/// Intervals that are looked at, each for itself.
const INTERVALS: u32 = 5;
/// The stretch of time whose busiest is looked for, in seconds.
const STRETCH: f64 = 0.01;

/// Adds the rows of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    let server = Server::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(by_hand(server.port))?;
    let limit = Pace::of(&server.arrivals()?)?;
    let daemon = Daemon::start(
        INSTANCES,
        server.port,
        "t",
        &format!("interval: {EVERY}s\nsinks: [{{jsonl: {{path: lines, max_file: 1MiB, files: 1}}}}]\n"),
    )?;
    // The first round spreads them.
    sleep(Duration::from_secs(u64::from(EVERY)));
    server.arrivals()?;
    let before = daemon.cpu()?;
    sleep(Duration::from_secs(u64::from(EVERY * (INTERVALS + 1))));
    let (spent, runs) = (daemon.cpu()? - before, u64::from(INTERVALS + 1) * INSTANCES as u64);
    let pace = Pace::of(&server.arrivals()?)?;
    let skipped = daemon.skipped()?;
    table.add(Line {
        work: "1,000 runs per second, error of an interval, 99 of 100 at most",
        engine: format!("{:.1} ms, half of them {:.2} ms; {skipped} skipped", pace.most, pace.half),
        limit: format!("{:.1} ms, half {:.2} ms", limit.most, limit.half),
        figure: pace.most,
        unit: " ms",
        most: Some(7.0),
    });
    table.add(Line {
        work: "- the busiest 10 ms, against the even share",
        engine: format!("{:.0} runs", pace.busiest),
        limit: format!("{:.0} runs", limit.busiest),
        figure: pace.busiest / (INSTANCES as f64 / f64::from(EVERY) * STRETCH),
        unit: " x",
        most: Some(4.0),
    });
    table.add(Line {
        work: "- CPU of a run, its way through the spool to a file of lines included",
        engine: format!("{:.0} µs", spent.as_secs_f64() * 1e6 / runs as f64),
        limit: "-".to_owned(),
        figure: spent.as_secs_f64() * 1e6 / runs as f64,
        unit: " µs",
        most: None,
    });
    Ok(())
}

/// How punctual requests were, as the medians of what was seen in each interval.
struct Pace {
    /// The error that 99 of 100 intervals keep, in milliseconds.
    most: f64,
    /// The error that half of them keep.
    half: f64,
    /// Requests of the busiest stretch.
    busiest: f64,
}

impl Pace {
    fn of(arrivals: &[Arrival]) -> Outcome<Pace> {
        let every = f64::from(EVERY);
        let begun = arrivals.first().ok_or("no request has arrived")?.at;
        let mut last = vec![None; INSTANCES];
        let (mut most, mut half, mut busiest) = (Vec::new(), Vec::new(), Vec::new());
        for nth in 0..INTERVALS {
            let from = begun + f64::from(nth + 1) * every;
            let (mut errors, mut stretches) = (Vec::new(), vec![0; (every / STRETCH) as usize]);
            for arrival in arrivals.iter().filter(|arrival| (from - every..from).contains(&arrival.at)) {
                let place = last.get_mut(arrival.number).ok_or("an instance that is none")?;
                if let Some(before) = place.replace(arrival.at) {
                    errors.push((arrival.at - before - every).abs() * 1e3);
                }
                let stretch = stretches.get_mut(((arrival.at - from + every) / STRETCH) as usize);
                stretch.into_iter().for_each(|stretch| *stretch += 1);
            }
            errors.sort_by(f64::total_cmp);
            let share = |of_hundred: usize| errors.get(errors.len() * of_hundred / 100).copied();
            half.extend(share(50));
            most.extend(share(99));
            busiest.push(f64::from(stretches.into_iter().max().unwrap_or_default()));
        }
        Ok(Pace { most: median(most), half: median(half), busiest: median(busiest) })
    }
}

/// Connections that wait for a request.
type Free = Arc<Mutex<Vec<SendRequest<Empty<Bytes>>>>>;

/// The limit.
async fn by_hand(port: u16) -> Outcome {
    let free = Free::default();
    let mut phases: Vec<(Duration, usize)> = (0..INSTANCES).map(|n| (phase(n), n)).collect();
    phases.sort();
    let begun = Instant::now();
    for nth in 0..=INTERVALS {
        for (phase, n) in &phases {
            sleep_until(begun + Duration::from_secs(u64::from(nth * EVERY)) + *phase).await;
            let (free, n) = (Arc::clone(&free), *n);
            tokio::spawn(async move { drop(ask(free, port, n).await) });
        }
    }
    Ok(())
}

/// When an instance is due, spread as if by chance.
fn phase(n: usize) -> Duration {
    let mixed = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11;
    Duration::from_secs(u64::from(EVERY)).mul_f64(mixed as f64 / (1u64 << 53) as f64)
}

async fn ask(free: Free, port: u16, n: usize) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let waiting = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut sender = match waiting {
        Some(sender) => sender,
        None => connect(port).await.map_err(|error| error.to_string())?,
    };
    let request = Request::get(format!("/t/{n:06}.json")).header("host", "localhost").body(Empty::new())?;
    sender.ready().await?;
    sender.send_request(request).await?.into_body().collect().await?;
    free.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
    Ok(())
}
