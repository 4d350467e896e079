//! Expected lists beside found ones: which item is which, and what differs.
//!
//! In an exact list every expected item claims one observation (or `count`, or `at_least`) and no
//! observation may be left. The claims are a matching in a graph, so the order of a list never
//! decides whether a test passes. What found no partner is paired with the most similar one for the
//! message.

use super::expect::Items;
use super::found::{Found, called, words};
use super::item::{Expected, Item};
use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::base::span::Span;
use crate::base::suggest::nearest;
use std::collections::HashMap;

/// The problems of one list.
pub fn compare<T: Expected>(list: &Items<T>, found: &[Found], out: &mut Vec<Diagnostic>) {
    let before = out.len();
    match &list.exact {
        Some(items) => exact(items, list.span, found, out),
        None => in_part(&list.contains, found, out),
    }
    for item in &list.absent {
        out.extend(found.iter().find(|one| fits(&item.expected, one)).map(|one| there(item, one)));
    }
    if let Some(count) = list.count
        && count != found.len()
    {
        let problem = Diagnostic::error("other-number", format!("{} {}s, expected {count}", found.len(), T::WHAT), list.span);
        out.push(problem.label(format!("expected {count}, found {}", found.len())).text(all_of(found, T::SHORT)));
    }
    let failures = out.len() - before;
    if failures > limits::TEST_FAILURES {
        out.truncate(before + limits::TEST_FAILURES);
        let more = failures - limits::TEST_FAILURES;
        let title = format!("{more} more {}s are not as expected", T::WHAT);
        out.push(Diagnostic::error("more-failures", title, list.span).label(format!("the first {} are told", limits::TEST_FAILURES)));
    }
}

fn all_of(found: &[Found], short: &str) -> String {
    let names: Vec<_> = found.iter().map(|one| called(one, short)).collect();
    if names.is_empty() {
        "There are none.".to_owned()
    } else {
        format!("There are {}.", crate::base::suggest::listed(names.iter().map(String::as_str), 40))
    }
}

/// True if an observation is what is expected.
pub fn fits<T: Expected>(expected: &T, found: &Found) -> bool {
    expected.demands().iter().all(|(field, demand)| field_fits::<T>(field, demand, found))
}

fn field_fits<T: Expected>(field: &str, demand: &super::demand::Demand, found: &Found) -> bool {
    let value = found.field(field);
    match field {
        _ if T::SETS.contains(&field) => demand.fits_set(value),
        "body" if T::WHAT == "request" => super::matching::fits_body(demand, value.clone()),
        _ => demand.fits(value),
    }
}

/// Which observations fit which expectation. Most lists tell their items apart by one exact field.
fn candidates<T: Expected>(items: &[Item<T>], found: &[Found]) -> Vec<Vec<usize>> {
    let mut by_short: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, one) in found.iter().enumerate() {
        by_short.entry(called(one, T::SHORT)).or_default().push(at);
    }
    let exact_short = |item: &Item<T>| {
        let demands = item.expected.demands();
        let short = demands.iter().find(|(field, _)| *field == T::SHORT).and_then(|(_, demand)| demand.exact());
        short.and_then(crate::base::print::text_of)
    };
    let all: Vec<usize> = (0..found.len()).collect();
    let of = |item: &Item<T>| {
        let near = match exact_short(item) {
            Some(short) => by_short.get(&*short).map_or(&[][..], Vec::as_slice),
            None => &all[..],
        };
        near.iter().copied().filter(|at| found.get(*at).is_some_and(|one| fits(&item.expected, one))).collect()
    };
    items.iter().map(of).collect()
}

fn exact<T: Expected>(items: &[Item<T>], span: Span, found: &[Found], out: &mut Vec<Diagnostic>) {
    let fitting = candidates(items, found);
    let mut slots = Slots { fitting: &fitting, of_slot: Vec::new(), taken: vec![None; found.len()] };
    for (at, item) in items.iter().enumerate() {
        let wanted = item.expected.count().or(item.expected.at_least()).unwrap_or(1);
        slots.of_slot.extend(std::iter::repeat_n(at, wanted.min(limits::TEST_FAILURES + found.len())));
    }
    let unfilled: Vec<usize> = (0..slots.of_slot.len()).filter(|slot| !slots.fill(*slot)).collect();
    let unfilled: Vec<usize> = unfilled.iter().filter_map(|slot| slots.of_slot.get(*slot).copied()).collect();
    // Who takes any number takes what is left.
    let open: Vec<usize> = (0..items.len()).filter(|at| items.get(*at).is_some_and(|item| is_open(&item.expected))).collect();
    let absorbed = |at: usize| open.iter().any(|item| fitting.get(*item).is_some_and(|fits| fits.contains(&at)));
    let mut left: Vec<usize> = (0..found.len()).filter(|at| slots.taken.get(*at) == Some(&None) && !absorbed(*at)).collect();
    let mut told: Vec<usize> = Vec::new();
    for at in unfilled {
        let Some(item) = items.get(at) else { continue };
        if item.expected.count().or(item.expected.at_least()).is_some_and(|wanted| wanted != 1) {
            if !told.contains(&at) {
                told.push(at);
                out.push(other_count(item, fitting.get(at).map_or(0, Vec::len), found));
            }
            continue;
        }
        let similar = most_similar(&item.expected, found, &left);
        left.retain(|one| Some(*one) != similar);
        out.push(differs(item, similar.and_then(|one| found.get(one)), found));
    }
    out.extend(left.iter().filter_map(|at| found.get(*at)).map(|one| unexpected(items, one, span)));
}

fn is_open<T: Expected>(expected: &T) -> bool {
    expected.at_least().is_some() && expected.count().is_none()
}

/// So long a chain of items that make room for each other is followed: the stack of a thread has room
/// for many times as much.
const DEEP: usize = 1000;

/// Augmenting paths: each expected item has as many slots as it wants observations.
struct Slots<'f> {
    fitting: &'f [Vec<usize>],
    of_slot: Vec<usize>,
    taken: Vec<Option<usize>>,
}

impl Slots<'_> {
    fn fill(&mut self, slot: usize) -> bool {
        let free = self.of_slot.get(slot).and_then(|item| self.fitting.get(*item)?.iter().find(|at| self.taken.get(**at) == Some(&None)));
        if let Some(taken) = free.copied().and_then(|at| self.taken.get_mut(at)) {
            *taken = Some(slot);
            return true;
        }
        let mut seen = vec![false; self.taken.len()];
        self.augment(slot, &mut seen, 0)
    }

    fn augment(&mut self, slot: usize, seen: &mut [bool], deep: usize) -> bool {
        let fitting = self.fitting;
        let Some(fits) = self.of_slot.get(slot).and_then(|item| fitting.get(*item)) else { return false };
        let free = fits.iter().copied().find(|at| self.taken.get(*at) == Some(&None));
        if let Some(taken) = free.and_then(|at| self.taken.get_mut(at)) {
            *taken = Some(slot);
            return true;
        }
        if deep > DEEP {
            return false;
        }
        for at in fits {
            let Some(mark) = seen.get_mut(*at).filter(|seen| !**seen) else { continue };
            *mark = true;
            let holder = self.taken.get(*at).copied().flatten();
            if holder.is_some_and(|holder| self.augment(holder, seen, deep + 1))
                && let Some(taken) = self.taken.get_mut(*at)
            {
                *taken = Some(slot);
                return true;
            }
        }
        false
    }
}

fn in_part<T: Expected>(items: &[Item<T>], found: &[Found], out: &mut Vec<Diagnostic>) {
    let fitting = candidates(items, found);
    for (item, fits) in items.iter().zip(&fitting) {
        let n = fits.len();
        let wanted = match (item.expected.count(), item.expected.at_least()) {
            (Some(count), _) => n == count,
            (None, least) => n >= least.unwrap_or(1),
        };
        if wanted {
            continue;
        }
        match (item.expected.count(), item.expected.at_least()) {
            (None, None) | (Some(1), _) if n == 0 => {
                let all: Vec<usize> = (0..found.len()).collect();
                let similar = most_similar(&item.expected, found, &all);
                out.push(differs(item, similar.and_then(|one| found.get(one)), found));
            }
            _ => out.push(other_count(item, n, found)),
        }
    }
}

/// The observation that is most like what is expected, if any is like it at all.
fn most_similar<T: Expected>(expected: &T, found: &[Found], among: &[usize]) -> Option<usize> {
    let demands = expected.demands();
    let score = |one: &Found| {
        let name = demands.iter().find(|(field, _)| *field == T::SHORT);
        let near = match name {
            Some((field, demand)) if field_fits::<T>(field, demand, one) => 8,
            Some((_, demand)) => {
                let wanted = demand.exact().and_then(crate::base::print::text_of)?;
                nearest(&wanted, [&*called(one, T::SHORT)]).map(|_| 4)?
            }
            None => 0,
        };
        let same = demands.iter().filter(|(field, demand)| field_fits::<T>(field, demand, one)).count();
        Some(near + same).filter(|score| *score > 0)
    };
    let scored = among.iter().filter_map(|at| found.get(*at).and_then(score).map(|score| (score, *at)));
    scored.max_by_key(|(score, at)| (*score, std::cmp::Reverse(*at))).map(|(_, at)| at)
}

fn told_as<T: Expected>(expected: &T) -> String {
    let demands = expected.demands();
    let short = demands.iter().find(|(field, _)| *field == T::SHORT).or(demands.first());
    short.map_or_else(
        || T::WHAT.to_owned(),
        |(_, demand)| match demand.exact().and_then(crate::base::print::text_of) {
            Some(text) => format!("{} `{text}`", T::WHAT),
            None => format!("{} with {}", T::WHAT, demand.describe()),
        },
    )
}

fn differs<T: Expected>(item: &Item<T>, similar: Option<&Found>, found: &[Found]) -> Diagnostic {
    let what = told_as(&item.expected);
    let Some(similar) = similar else {
        let problem = Diagnostic::error("not-found", format!("no {what}"), item.span).label("expected, and not there");
        return problem.text(all_of(found, T::SHORT));
    };
    let demands = item.expected.demands();
    let other: Vec<_> = demands.iter().filter(|(field, demand)| !field_fits::<T>(field, demand, similar)).collect();
    let rows = other
        .iter()
        .map(|(field, demand)| format!("{field}:\n  expected {}\n  found    {}", demand.describe(), words(similar.field(field))));
    let rows: Vec<_> = rows.collect();
    let fields: Vec<_> = other.iter().map(|(field, _)| *field).collect();
    let label = match &fields[..] {
        [] => "there are fewer of them than expected".to_owned(),
        fields => format!("another {}", fields.join(", ")),
    };
    let problem = Diagnostic::error("differs", format!("{what} is not as expected"), item.span).label(label);
    let problem = problem.text(format!("{}\nThe nearest is {}", rows.join("\n"), similar.describe()));
    similar.origin.map_or(problem.clone(), |origin| problem.also(origin, "this line made it"))
}

fn other_count<T: Expected>(item: &Item<T>, n: usize, found: &[Found]) -> Diagnostic {
    let what = told_as(&item.expected);
    let wanted = match (item.expected.count(), item.expected.at_least()) {
        (Some(count), _) => count.to_string(),
        (None, least) => format!("at least {}", least.unwrap_or(1)),
    };
    let problem = Diagnostic::error("other-number", format!("{n} times {what}, expected {wanted}"), item.span);
    let problem = problem.label(format!("expected {wanted}, found {n}"));
    let fitting: Vec<_> = found.iter().filter(|one| fits(&item.expected, one)).collect();
    match fitting.first().and_then(|one| one.origin) {
        Some(origin) => problem.also(origin, "this line made the first"),
        None => problem.text(all_of(found, T::SHORT)),
    }
}

fn unexpected<T: Expected>(items: &[Item<T>], one: &Found, span: Span) -> Diagnostic {
    let name = called(one, T::SHORT);
    let known = items.iter().any(|item| fits(&item.expected, one));
    let title = format!("{} `{name}` was not expected", T::WHAT);
    let label = if known { "it comes more often than expected" } else { "not in this list" };
    let problem = Diagnostic::error("unexpected", title, span).label(label).text(format!("found {}", one.describe()));
    let problem = one.origin.map_or(problem.clone(), |origin| problem.also(origin, "this line made it"));
    problem.help("add it to the list, or compare a part with `{contains: [...]}`; `engine test --update` writes what is found")
}

fn there<T: Expected>(item: &Item<T>, one: &Found) -> Diagnostic {
    let problem = Diagnostic::error("not-absent", format!("{} is there", told_as(&item.expected)), item.span);
    let problem = problem.label("expected to be absent").text(format!("found {}", one.describe()));
    one.origin.map_or(problem.clone(), |origin| problem.also(origin, "this line made it"))
}
