//! What a plan reads of the answers of a source, and whether its rows may go straight to the
//! mappings.
//!
//! Two questions with one answer: who looks at the rows? If all who do name the parts that they
//! read, a decoder leaves out the rest. If nobody needs more than one row at a time, no row is kept.
//! In doubt the answer is "everything": a use that is not understood here costs time, never data.

use super::{LetPlan, MapPlan, SourcePlan};
use crate::base::name::NameId;
use crate::base::step::Step;
use crate::decode::want::{RowsWanted, Want};
use crate::expr::code::Code;
use crate::expr::names;
use crate::expr::path::Path;
use crate::expr::tree::Expr;
use crate::map::{Mapped, RowReads};
use crate::rows::{Choose, RowsSpec};
use crate::spec::source::{OnError, Origin, SourceSpec};
use crate::spec::{Family, Placed, Spec};
use crate::yaml::read::Use;

/// What the answers of one source are wanted for.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The parts of the document that somebody reads.
    pub doc: Want,
    /// The rows of it, where they go straight to the mappings; none where they are kept.
    pub streamed: Option<RowsWanted>,
    /// The mappings over its rows.
    pub feeds: Vec<usize>,
    /// True if somebody may read the bytes of its answers.
    pub bodies: bool,
    /// True if somebody reads the `rows` of its groups.
    pub group_rows: bool,
}

/// Members of a source's result that say nothing of its document and its rows.
const ASIDE: &[&str] =
    &["ok", "ran", "error", "status", "headers", "elapsed", "url", "failed", "capped", "exit_code", "stderr", "certificate"];

/// Finds out what is wanted of the source at that place.
pub fn wanted(at: usize, spec: &Spec, plan: &SourcePlan, mappings: &[MapPlan], lets: &[LetPlan]) -> Wanted {
    let Some(source) = spec.sources.get(at) else { return whole(Vec::new()) };
    let is_fed = |planned: &MapPlan| planned.from.iter().any(|input| input.at == at && !input.requests);
    let feeds: Vec<usize> = (0..mappings.len()).filter(|n| mappings.get(*n).is_some_and(is_fed)).collect();
    let fed = || feeds.iter().filter_map(|n| Some((spec.mappings.get(*n)?, mappings.get(*n)?)));
    let of_document = parts_by_name(source, spec).filter(|_| !matches!(source.origin, Origin::Derived));
    let Some(of_document) = of_document else { return whole(feeds) };
    let group_rows = reads_group_rows(source, fed().map(|(placed, _)| &placed.mapped));
    let through_groups = group_rows && !source.rows.group.is_empty();
    let row = if through_groups { Want::whole() } else { row_want(source, fed().map(|(placed, _)| &placed.mapped)) };
    let (mut doc, place) = match &plan.after.rows {
        None => (list_or_one(&row), Some(Vec::new())),
        Some(Choose::Items(code)) => match place_in_row(&code.0) {
            Some((path, single)) => {
                let mut doc = Want::default();
                doc.add_part(&path, &if single { list_or_one(&row) } else { row.clone() });
                (doc, (!path.iter().any(|step| matches!(step, Step::Index(_)))).then_some(path))
            }
            None => (Want::whole(), None),
        },
        Some(Choose::Recurse { .. }) => (Want::whole(), None),
    };
    of_document.iter().for_each(|path| doc.add(path));
    // Conditions and pages see the whole document as their row.
    source.codes_of_document(&mut |code| read_of_row(code, &mut doc));
    doc.settle();
    let late = late_names(spec, lets);
    let streams = may_stream(source, spec, plan)
        && !feeds.is_empty()
        && fed().all(|(placed, planned)| takes_rows(at, source, placed, planned, &late));
    let streamed = place.filter(|_| streams).map(|path| {
        let mut want = row;
        want.settle();
        RowsWanted { path: path.into(), of_document: plan.after.rows.is_some(), want }
    });
    Wanted { doc, streamed, feeds, bodies: reads_bodies(source, spec), group_rows }
}

fn whole(feeds: Vec<usize>) -> Wanted {
    Wanted { doc: Want::whole(), streamed: None, feeds, bodies: true, group_rows: true }
}

/// The parts of the document that are read as `SOURCE.doc.PART`; none where something reads the whole of
/// it, or the rows.
fn parts_by_name(source: &SourceSpec, spec: &Spec) -> Option<Vec<Vec<Step>>> {
    let part = |used: &&Use| used.name == source.name && used.member.as_deref() == Some("doc") && used.keys.len() > 1;
    let rest = is_read_elsewhere_but(source, spec, &["count", "body", "requests"], &|used| part(&used));
    let steps = |used: &Use| used.keys.iter().skip(1).map(|key| Step::Key(key.clone())).collect();
    (!rest).then(|| spec.uses.iter().filter(part).map(steps).collect())
}

/// True if anything but mappings reads the document or the rows: another source, a name of the run,
/// a page of text, the memory of the last run.
fn is_read_elsewhere(source: &SourceSpec, spec: &Spec, also_aside: &[&str]) -> bool {
    is_read_elsewhere_but(source, spec, also_aside, &|_| false)
}

/// The same for all uses but these.
fn is_read_elsewhere_but(source: &SourceSpec, spec: &Spec, also_aside: &[&str], but: &dyn Fn(&Use) -> bool) -> bool {
    let aside = |member: &str| ASIDE.contains(&member) || also_aside.contains(&member);
    let by_name = spec.uses.iter().filter(|used| !but(used)).any(|used| match used.name {
        name if name == source.name => !used.member.as_deref().is_some_and(aside),
        names::PREVIOUS => used.member.as_deref().is_none_or(|member| member == spec.names.text(source.name)),
        _ => false,
    });
    let by_source = spec.sources.iter().any(|other| other.rows.from.iter().any(|input| input.source == source.name && !input.requests));
    by_name || by_source
}

/// True if the bytes of answers are asked for by name, or a row is made of each request.
fn reads_bodies(source: &SourceSpec, spec: &Spec) -> bool {
    let by_row = |rows: &RowsSpec| rows.from.iter().any(|input| input.source == source.name && input.requests);
    let of_sources = spec.sources.iter().map(|other| &other.rows);
    let of_mappings = spec.mappings.iter().map(|placed| &placed.mapped.rows);
    of_sources.chain(of_mappings).any(by_row) || is_read_elsewhere(source, spec, &["count"])
}

/// What the row keys of the source and its mappings read of one row.
fn row_want<'m>(source: &SourceSpec, fed: impl Iterator<Item = &'m Mapped>) -> Want {
    let mut want = Want::default();
    codes_after_rows(&source.rows, &mut |code| read_of_row(code, &mut want));
    source.index.iter().for_each(|index| read_of_row(&index.key.0, &mut want));
    for mapped in fed {
        let mut own = Want::default();
        codes_after_rows(&mapped.rows, &mut |code| read_of_row(code, &mut own));
        mapped.mapping.codes(&mut |code| read_of_row(code, &mut own));
        match mapped.mapping.row_reads() {
            RowReads::Codes => {}
            RowReads::Members(members) => members.iter().for_each(|member| own.add(&[Step::Key((*member).into())])),
            RowReads::Whole => own = Want::whole(),
        }
        if !mapped.rows.group.is_empty() && looks_into_groups(mapped) {
            own = Want::whole();
        }
        match &mapped.rows.rows {
            None => want.merge(&own),
            Some(Choose::Items(code)) => match place_in_row(&code.0) {
                Some((path, true)) => want.add_part(&path, &list_or_one(&own)),
                Some((path, false)) => want.add_part(&path, &own),
                None => read_of_row(&code.0, &mut want),
            },
            Some(Choose::Recurse { .. }) => want = Want::whole(),
        }
    }
    want
}

/// A value that is a row itself, or a list of rows.
fn list_or_one(row: &Want) -> Want {
    let mut want = row.clone();
    want.add_items(row);
    want
}

/// All computed places of row keys but the one that chooses the rows.
fn codes_after_rows(rows: &RowsSpec, take: &mut dyn FnMut(&Code)) {
    let rest = RowsSpec { rows: None, ..rows.clone() };
    rest.codes(&mut |code| take(code));
}

fn read_of_row(code: &Code, want: &mut Want) {
    code.expr.reads(&mut |name, path| match name {
        names::ROW => want.add(path),
        // The parent is a row too.
        names::PARENT => want.add(&[]),
        _ => {}
    });
}

/// Where a plain path leads from the row, and whether it matches once at most.
fn place_in_row(code: &Code) -> Option<(Vec<Step>, bool)> {
    match &code.expr {
        Expr::Walk(names::ROW, steps) => Some((steps.to_vec(), true)),
        Expr::On(of, path) => match (&**of, &**path) {
            (Expr::Walk(names::ROW, head), Path::Plain(steps)) if head.is_empty() => Some((steps.to_vec(), false)),
            _ => None,
        },
        _ => None,
    }
}

/// True if a place after the `group` of the source may look at the rows of a group.
fn reads_group_rows<'m>(source: &SourceSpec, mut fed: impl Iterator<Item = &'m Mapped>) -> bool {
    let mut found = false;
    codes_after_rows(&source.rows, &mut |code| found |= reads_rows(code));
    found || source.index.iter().any(|index| reads_rows(&index.key.0)) || fed.any(looks_into_groups)
}

/// The same for one mapping.
fn looks_into_groups(mapped: &Mapped) -> bool {
    let mut found = mapped.mapping.row_reads() == RowReads::Whole;
    mapped.rows.codes(&mut |code| found |= reads_rows(code));
    mapped.mapping.codes(&mut |code| found |= reads_rows(code));
    found
}

/// True if a place reads the whole row, or `rows` of it.
fn reads_rows(code: &Code) -> bool {
    let mut found = false;
    code.expr.reads(&mut |name, path| {
        let of_rows = match path.first() {
            Some(Step::Key(key)) => &**key == "rows",
            Some(Step::Index(_) | Step::All) | None => true,
        };
        found |= name == names::ROW && of_rows;
    });
    found
}

/// True if the source itself needs no more than one row at a time, and the answer as a whole never.
fn may_stream(source: &SourceSpec, spec: &Spec, plan: &SourcePlan) -> bool {
    let Origin::Fetch(fetch) = &source.origin else { return false };
    let repeats = fetch.repeats().is_some_and(|repeats| repeats.paginate.is_some() || repeats.poll.is_some());
    // What a failed exchange has put into groups cannot be taken out again.
    let undoable = source.on_error == OnError::Fail || plan.over_all.is_plain();
    let mut own = false;
    source.rows.codes(&mut |code| own |= code.uses(source.name));
    !repeats
        && undoable
        && !own
        && source.expect.is_none()
        && source.cache.is_none()
        && source.index.is_empty()
        && source.rows.once.is_none()
        && plan.before.each.is_empty()
        && plan.after.each.iter().all(|each| each.source.is_none())
        && !is_read_elsewhere(source, spec, &["body"])
}

/// True if a mapping can be evaluated row by row, before anything else of the run is known.
fn takes_rows(at: usize, source: &SourceSpec, placed: &Placed, planned: &MapPlan, late: &[NameId]) -> bool {
    let rows = &placed.mapped.rows;
    let alone =
        planned.from.len() == 1 && planned.needs.iter().all(|need| *need == at) && rows.each.iter().all(|each| each.source.is_none());
    let undoable = source.on_error == OnError::Fail || (rows.group.is_empty() && rows.dedupe.is_none() && rows.limit.is_none());
    let family = matches!(placed.family, Family::Metrics | Family::Events | Family::Logs | Family::ServiceChecks);
    let mut early = !placed.mapped.mapping.watches() && rows.once.is_none();
    let mut look = |code: &Code| early &= !code.uses.iter().any(|used| is_late(used.name, used.member.as_deref(), late));
    rows.codes(&mut |code| look(code));
    placed.mapped.mapping.codes(&mut |code| look(code));
    alone && undoable && family && early
}

/// The results of sources, and the names of the run that are computed of them.
fn late_names(spec: &Spec, lets: &[LetPlan]) -> Vec<NameId> {
    let of_sources = lets.iter().filter(|planned| !planned.waits.is_empty()).map(|planned| planned.local.name);
    spec.sources.iter().map(|source| source.name).chain(of_sources).collect()
}

/// True for what is known only once all sources are done.
fn is_late(name: NameId, member: Option<&str>, late: &[NameId]) -> bool {
    match name {
        names::CHECKS | names::CHANGE => true,
        names::RUN => !matches!(member, Some("interval" | "number")),
        name => late.contains(&name),
    }
}
