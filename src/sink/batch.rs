//! What is delivered at once: items of some reports, in order, small enough for the receiver.

use super::Numbered;
use crate::base::value::Value;
use crate::observation::TagSet;
use std::sync::Arc;

/// One item of a report, by its place in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A point.
    Point(u32),
    /// A service check.
    ServiceCheck(u32),
    /// An event.
    Event(u32),
    /// A log.
    Log(u32),
    /// The beginning of the topology: its key, and of a full picture the beginning.
    TopologyStart,
    /// A component.
    Component(u32),
    /// A relation.
    Relation(u32),
    /// The identifier of a component that is gone.
    Delete(u32),
    /// The end of a full picture of the topology.
    TopologyStop,
    /// The beginning of a health stream's states.
    HealthStart,
    /// A health state.
    Health(u32),
    /// The end of all states of a health stream.
    HealthStop,
    /// A fact about the instance.
    Fact(u32),
    /// How the run itself went, with all facts.
    Run,
}

impl What {
    /// True for the ends of full pictures, which must not be sent of one that lacks something.
    pub fn is_stop_of(self, other: What) -> bool {
        match self {
            What::TopologyStop => matches!(other, What::TopologyStart | What::Component(_) | What::Relation(_)),
            What::HealthStop => matches!(other, What::HealthStart | What::Health(_)),
            _ => false,
        }
    }
}

/// One item of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// The place of its report among those of the batch.
    pub report: u32,
    /// Which item of it.
    pub what: What,
}

/// What one delivery may hold.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// Items.
    pub items: usize,
    /// Bytes before compression, as [`weight`] estimates them.
    pub bytes: usize,
}

/// Items that are delivered at once. Halves share the reports.
#[derive(Clone, Debug)]
pub struct Batch {
    reports: Arc<[Numbered]>,
    /// Which of the sink's forms it is sent in.
    pub route: u8,
    items: Vec<Item>,
    /// How many items of its first report went before it in the same form.
    skipped: usize,
    /// False if more items of its last report follow.
    complete: bool,
}

impl Batch {
    /// The reports that its items belong to, and maybe others.
    pub fn reports(&self) -> &[Numbered] {
        &self.reports
    }

    /// Its items.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Its items with their reports.
    pub fn iter(&self) -> impl Iterator<Item = (&Numbered, What)> {
        self.items.iter().filter_map(|item| Some((self.reports.get(item.report as usize)?, item.what)))
    }

    /// The number of the first record.
    pub fn first(&self) -> u64 {
        self.iter().next().map_or(0, |(report, _)| report.sequence)
    }

    /// The number of the last record.
    pub fn last(&self) -> u64 {
        let last = self.items.last().and_then(|item| self.reports.get(item.report as usize));
        last.map_or(0, |report| report.sequence)
    }

    /// What a receiver can tell repeats by: the same for the same records, whenever they are sent in
    /// this form. A part of a record says which part it is.
    pub fn id(&self, engine: &str) -> String {
        let whole = format!("{engine}-{}-{}", self.first(), self.last());
        if self.skipped == 0 && self.complete { whole } else { format!("{whole}-{}+{}", self.skipped, self.items.len()) }
    }

    /// The two halves; `None` for a single item.
    pub fn halves(&self) -> Option<(Batch, Batch)> {
        let middle = self.items.len() / 2;
        let (left, right) = self.items.split_at_checked(middle).filter(|(left, _)| !left.is_empty())?;
        let (first_report, middle_report) = (left.first()?.report, right.first()?.report);
        let n_before = left.iter().rev().take_while(|item| item.report == middle_report).count();
        let skipped = if first_report == middle_report { self.skipped + left.len() } else { n_before };
        let half = |items: &[Item], skipped, complete| Batch { items: items.to_vec(), skipped, complete, ..self.clone() };
        Some((half(left, self.skipped, n_before == 0), half(right, skipped, self.complete)))
    }

    /// Takes out the ends of the full picture that an item which was dropped belonged to.
    pub fn leave_open(&mut self, sequence: u64, dropped: What) {
        let reports = &self.reports;
        let is_same = |item: &Item| reports.get(item.report as usize).is_some_and(|report| report.sequence == sequence);
        let before = self.items.len();
        self.items.retain(|item| !(item.what.is_stop_of(dropped) && is_same(item)));
        self.complete &= self.items.len() == before;
    }
}

/// Cuts the items of reports into batches for one form. Reports stay whole where they fit.
pub fn cut(reports: &Arc<[Numbered]>, route: u8, most: Most, items_of: impl Fn(&Numbered) -> Vec<What>) -> Vec<Batch> {
    let mut out = Vec::new();
    let empty = || Batch { reports: Arc::clone(reports), route, items: Vec::new(), skipped: 0, complete: true };
    let (mut batch, mut bytes) = (empty(), 0);
    for (at, numbered) in (0u32..).zip(reports.iter()) {
        let all = items_of(numbered);
        let heavy: usize = all.iter().map(|what| weight(numbered, *what)).sum();
        let fits = batch.items.len() + all.len() <= most.items && bytes + heavy <= most.bytes;
        if !fits && !batch.items.is_empty() {
            out.push(std::mem::replace(&mut batch, empty()));
            bytes = 0;
        }
        for (nth, what) in all.into_iter().enumerate() {
            let heavy = weight(numbered, what);
            if !batch.items.is_empty() && (batch.items.len() >= most.items || bytes + heavy > most.bytes) {
                batch.complete = false;
                out.push(std::mem::replace(&mut batch, Batch { skipped: nth, ..empty() }));
                bytes = 0;
            }
            batch.items.push(Item { report: at, what });
            bytes += heavy;
        }
    }
    out.extend((!batch.items.is_empty()).then_some(batch));
    out
}

/// About how many bytes an item takes as JSON, with the names of its fields.
pub fn weight(numbered: &Numbered, what: What) -> usize {
    let report = &numbered.report;
    let topology = report.topology.as_ref();
    let host = report.origin.hostname.len();
    let found = match what {
        What::Point(at) => report.points.get(at as usize).map(|point| 120 + host + point.name.len() + of_tags(point.tags)),
        What::ServiceCheck(at) => {
            let check = report.service_checks.get(at as usize);
            check.map(|check| 110 + host + check.name.len() + check.message.len() + of_tags(&check.tags))
        }
        What::Event(at) => report.events.get(at as usize).map(|event| {
            let context = event.context.as_ref().map_or(0, |context| {
                let identifiers: usize = context.element_identifiers.iter().map(|text| text.len() + 3).sum();
                200 + identifiers + of_value(&context.source_links) + of_value(&context.data)
            });
            250 + host + event.title.len() + event.text.len() + of_tags(&event.tags) + of_value(&event.attributes) + context
        }),
        What::Log(at) => {
            let log = report.logs.get(at as usize);
            log.map(|log| 150 + host + log.message.len() + of_tags(&log.tags) + of_value(&log.attributes))
        }
        What::Component(at) => {
            let component = topology.and_then(|topology| topology.components.get(at as usize));
            component.map(|component| 80 + component.id.len() + component.component_type.len() + of_value(&component.data))
        }
        What::Relation(at) => topology.and_then(|topology| topology.relations.get(at as usize)).map(|relation| {
            let ends = 2 * (relation.source.len() + relation.target.len());
            100 + ends + 2 * relation.relation_type.len() + of_value(&relation.data)
        }),
        What::Delete(at) => topology.and_then(|topology| topology.deletes.get(at as usize)).map(|id| 4 + id.len()),
        What::Health(at) => report.health.get(at as usize).map(|health| {
            130 + health.id.len() + health.name.len() + health.element.len() + health.message.as_ref().map_or(0, |text| text.len())
        }),
        What::Fact(at) => report.metadata.get(at as usize).map(|(key, value)| 60 + key.len() + of_value(value)),
        What::Run => {
            let facts: usize = report.metadata.iter().map(|(key, value)| key.len() + 4 + of_value(value)).sum();
            Some(100 + facts + report.service_checks.last().map_or(0, |check| check.message.len()))
        }
        What::TopologyStart | What::TopologyStop | What::HealthStart | What::HealthStop => Some(150),
    };
    found.unwrap_or(0)
}

fn of_tags(tags: &TagSet) -> usize {
    tags.iter().map(|tag| tag.len() + 3).sum()
}

fn of_value(value: &Value) -> usize {
    match value {
        Value::Missing | Value::Bool(_) => 6,
        Value::Int(_) | Value::Uint(_) | Value::Float(_) => 12,
        Value::Text(text) => text.len() + 3,
        Value::Time(_) => 30,
        Value::List(items) => 2 + items.iter().map(of_value).sum::<usize>(),
        Value::Map(map) => 2 + map.iter().map(|(key, value)| key.len() + 4 + of_value(value)).sum::<usize>(),
        Value::Secret(_) | Value::Lazy(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn points(numbered: &Numbered) -> Vec<What> {
        (0..numbered.report.points.len()).map(|at| What::Point(at as u32)).collect()
    }

    fn ids(sizes: &[usize], items: usize) -> Vec<String> {
        let names = ["a"; 100];
        let reports: Vec<Numbered> = (7..).zip(sizes).map(|(n, size)| testing::numbered(n, &names[..*size])).collect();
        cut(&reports.into(), 0, Most { items, bytes: usize::MAX }, points).iter().map(|batch| batch.id("e")).collect()
    }

    #[test]
    fn reports_stay_whole_where_they_fit() {
        assert_eq!(ids(&[2, 3, 4], 100), ["e-7-9"]);
        assert_eq!(ids(&[2, 3, 4], 5), ["e-7-8", "e-9-9"]);
        assert_eq!(ids(&[2, 3, 4], 4), ["e-7-7", "e-8-8", "e-9-9"]);
        assert_eq!(ids(&[0, 0], 4), [""; 0]);
    }

    #[test]
    fn a_report_that_is_too_large_goes_in_parts_that_say_so() {
        assert_eq!(ids(&[1, 5, 1], 2), ["e-7-7", "e-8-8-0+2", "e-8-8-2+2", "e-8-9-4+2"]);
    }

    #[test]
    fn halves_have_ids_of_their_own() {
        let reports = vec![testing::numbered(7, &["a", "b"]), testing::numbered(8, &["c", "d", "e", "f"])];
        let [batch] = &cut(&reports.into(), 0, Most { items: 100, bytes: usize::MAX }, points)[..] else { panic!("one batch") };
        let (left, right) = batch.halves().unwrap();
        assert_eq!((left.id("e"), right.id("e")), ("e-7-8-0+3".to_owned(), "e-8-8-1+3".to_owned()));
        let (first, second) = right.halves().unwrap();
        assert_eq!((first.id("e"), second.id("e")), ("e-8-8-1+1".to_owned(), "e-8-8-2+2".to_owned()));
        assert!(first.halves().is_none());
        let (whole, rest) = left.halves().unwrap();
        assert_eq!((whole.id("e"), rest.id("e")), ("e-7-7-0+1".to_owned(), "e-7-8-1+2".to_owned()));
    }

    #[test]
    fn bytes_count_too() {
        let reports = vec![testing::numbered(1, &["a"; 10])];
        let heavy = weight(&reports[0], What::Point(0));
        assert_eq!(cut(&reports.into(), 0, Most { items: 100, bytes: 3 * heavy }, points).len(), 4);
    }
}
