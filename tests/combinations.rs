//! The features of a source compose: pairs of all of them, against a server that serves a made-up
//! API, and a model that says what comes out.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod combined;
mod common;

use combined::api::Api;
use combined::combo::{Combo, Each, Fault, Paging, Poll, Tail, sizes};
use combined::model::{Expected, Model};
use combined::pairs::pairwise;
use combined::spec::spec;
use common::script::check;
use engine::base::span::Sources;
use engine::base::time::SystemClock;
use engine::base::value::Value;
use engine::plan::Check;
use engine::run::exchanger::Live;
use engine::run::reuse::Reuse;
use engine::run::{Memory, Outcome, RunCx, run};
use futures_util::StreamExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

async fn one_run(check: &Check, memory: &Memory, reuse: &Reuse, live: &Live) -> Outcome {
    let engine = Value::map(Default::default());
    let cx = RunCx {
        check,
        memory,
        exchanger: live,
        clock: &SystemClock,
        engine: &engine,
        interval: Duration::from_secs(15),
        deadline: Instant::now() + Duration::from_secs(60),
        reuse,
        requests: Default::default(),
        trace: None,
    };
    run(&cx).await
}

/// What a run came to, in the form of the model.
fn found(outcome: &Outcome) -> Expected {
    let metrics = outcome.observations.samples.iter().map(|sample| {
        let tags: String = sample.tags.iter().map(|tag| format!(" {tag}")).collect();
        format!("{} {}{tags}", sample.name, sample.value.as_f64())
    });
    Expected {
        failed: outcome.failed(),
        warnings: outcome.warnings.len(),
        closed: outcome.observations.topology.as_ref().is_some_and(|topology| topology.stop_snapshot),
        metrics: metrics.collect(),
    }
}

/// Two runs of a combination; what differs from the model.
async fn tried(combo: &Combo, number: usize, api: &Api, live: &Live) -> Option<String> {
    let spec = spec(combo, number, &api.url);
    let mut sources = Sources::default();
    let check = match check(Path::new("/"), &spec, "", &mut sources) {
        Ok(check) => check,
        Err(problems) => return Some(format!("{combo:?}\n{spec}\n{problems}")),
    };
    let (mut memory, reuse, mut model) = (Memory::default(), Reuse::default(), Model::new(*combo));
    let mut wrong = String::new();
    for number_of_run in 1..=2 {
        let mut outcome = one_run(&check, &memory, &reuse, live).await;
        let (expected, found) = (model.run(), found(&outcome));
        outcome.remember(&mut memory);
        if found != expected {
            let why: Vec<_> = outcome.errors.iter().map(|e| &e.message).chain(outcome.warnings.iter().map(|w| &w.message)).collect();
            wrong += &format!("run {number_of_run}: expected {expected:#?}\nfound {found:#?}\n{why:#?}\n");
        }
    }
    let seen = api.seen(number);
    let (mut asked, mut expected) = (seen.asked, model.asked);
    if combo.poll == Poll::Never {
        // How often it is asked in its time depends on the machine.
        let never = format!("main/{}/0", combo.target());
        asked.remove(&never);
        expected.remove(&never);
    }
    if asked != expected {
        wrong += &format!("asked {asked:#?}, expected {expected:#?}\n");
    }
    let at_once = if let Each::One(n) | Each::Two(n) = combo.each { n } else { 1 };
    // The server may notice the end of a request that came too late after the beginning of the next.
    let late = usize::from(combo.fault == Fault::Slow);
    if seen.at_once > at_once + late {
        wrong += &format!("{} requests at once\n", seen.at_once);
    }
    wrong.extend(seen.wrong.iter().map(|wrong| format!("{wrong}\n")));
    (!wrong.is_empty()).then(|| format!("{combo:?}\n{spec}\n{wrong}"))
}

/// Tries all of them, several at once, and fails with the first that differ.
fn try_all(combos: &[Combo], jitter_ms: u64) {
    let api = Api::start(combos.to_vec(), jitter_ms);
    let live = Live { outside: Default::default(), clock: Arc::new(SystemClock) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let all = futures_util::stream::iter(combos.iter().enumerate()).map(|(number, combo)| tried(combo, number, &api, &live));
    let wrong: Vec<String> = runtime.block_on(all.buffer_unordered(12).filter_map(|wrong| async { wrong }).collect());
    let first: Vec<_> = wrong.iter().take(3).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} of {} combinations differ, the first of them:\n{}", wrong.len(), combos.len(), first.join("\n"));
}

#[test]
fn all_pairs_of_features_come_out_as_the_model_says() {
    let combos: Vec<Combo> = (0..2).flat_map(|turn| pairwise(&sizes(), turn)).map(|row| Combo::of(&row)).collect();
    assert!((150..400).contains(&combos.len()), "{} combinations", combos.len());
    try_all(&combos, 0);
}

/// The same loops with more and more requests at once; answers overtake each other, differently
/// each time.
#[test]
fn requests_at_once_change_neither_rows_nor_their_order() {
    let plain = Combo::of(&vec![0; sizes().len()]);
    let ways = [Paging::None, Paging::Page, Paging::Cursor, Paging::LinkHeader];
    let tails = [Tail::None, Tail::Limit, Tail::Dedupe, Tail::Group, Tail::MaxItems];
    let at_once = [1, 2, 5, 8];
    let of_way = |paging| tails.map(move |tail| Combo { paging, tail, ..plain });
    let loops = |combo: Combo| at_once.into_iter().flat_map(move |n| [Each::One(n), Each::Two(n)].map(|each| Combo { each, ..combo }));
    let combos: Vec<Combo> = ways.into_iter().flat_map(of_way).flat_map(loops).collect();
    try_all(&combos, 12);
}
