//! Runs the row keys: input rows go in one at a time, and `emit` is called with the frame set for
//! every row that comes out.

use super::{Binds, Choose, Each, Row, RowsSpec};
use crate::base::limits;
use crate::base::map::Map;
use crate::base::name::NameId;
use crate::base::print::text_of;
use crate::base::value::{Text, Value};
use crate::expr::code::Setting;
use crate::expr::eval::items_of;
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::expr::names::{DEPTH, KEY, PARENT, ROW};
use crate::expr::tree::Expr;
use std::collections::HashMap;
use std::sync::Arc;

/// Where the rows of other sources are found.
pub trait RowSource {
    /// The rows of a source, empty if it has none.
    fn rows(&self, source: NameId) -> Arc<Vec<Row>>;
}

/// What happens with each row that comes out.
pub type Emit<'e> = dyn FnMut(&mut Frame) + 'e;

/// Runs the pipeline over `input`.
pub fn run(spec: &RowsSpec, input: &[Row], sources: &dyn RowSource, frame: &mut Frame, emit: &mut Emit<'_>) {
    let mut stage = Stage::new(spec, frame);
    input.iter().for_each(|row| stage.take(row, sources, frame, emit));
    stage.finish(frame, emit);
}

/// The pipeline between two rows.
pub struct Stage<'s> {
    spec: &'s RowsSpec,
    tail: Tail,
    groups: Groups,
}

impl<'s> Stage<'s> {
    /// A pipeline that has seen no row.
    pub fn new(spec: &'s RowsSpec, frame: &mut Frame) -> Self {
        Stage { spec, tail: Tail::new(spec, frame), groups: Groups { keeps_rows: true, ..Groups::default() } }
    }

    /// Groups without their `rows`, where nobody reads them: they hold a count each.
    pub fn counting(self) -> Self {
        Stage { groups: Groups { keeps_rows: false, ..self.groups }, ..self }
    }

    /// Takes one row; without `group`, whatever comes of it is emitted at once.
    pub fn take(&mut self, row: &Row, sources: &dyn RowSource, frame: &mut Frame, emit: &mut Emit<'_>) {
        let Stage { spec, tail, groups } = self;
        let mut sink = |frame: &mut Frame| if spec.group.is_empty() { tail.pass(spec, frame, emit) } else { groups.take(spec, frame) };
        bind(row, frame);
        Walk { spec, sources, sink: &mut sink }.choose(row, frame);
    }

    /// Emits the groups.
    pub fn finish(self, frame: &mut Frame, emit: &mut Emit<'_>) {
        let Stage { spec, mut tail, groups } = self;
        for row in groups.finish() {
            bind(&row, frame);
            tail.pass(spec, frame, emit);
        }
    }
}

/// Runs the loops, names and condition of a place that has no rows.
pub fn run_once(spec: &RowsSpec, sources: &dyn RowSource, frame: &mut Frame, emit: &mut Emit<'_>) {
    let mut tail = Tail::new(spec, frame);
    let mut sink = |frame: &mut Frame| tail.pass(spec, frame, emit);
    Walk { spec, sources, sink: &mut sink }.loops(0, frame);
}

/// Sets the row, its key and its source's local names.
pub fn bind(row: &Row, frame: &mut Frame) {
    frame.set(ROW, row.value.clone());
    frame.set(KEY, row.key.clone());
    for (name, value) in row.binds.iter().flat_map(|binds| binds.iter()) {
        frame.set(*name, value.clone());
    }
}

/// The row as the frame holds it, with these local names.
pub fn capture(names: &[NameId], inherited: Option<&Arc<Binds>>, frame: &Frame) -> Row {
    let binds = if names.is_empty() {
        inherited.cloned()
    } else {
        let own = names.iter().map(|name| (*name, frame.get(*name).clone()));
        let outer = inherited.iter().flat_map(|binds| binds.iter().cloned());
        Some(Arc::new(outer.chain(own).collect()))
    };
    Row { value: frame.get(ROW).clone(), key: frame.get(KEY).clone(), binds }
}

struct Walk<'w, 's> {
    spec: &'w RowsSpec,
    sources: &'w dyn RowSource,
    sink: &'w mut (dyn FnMut(&mut Frame) + 's),
}

impl Walk<'_, '_> {
    fn choose(&mut self, row: &Row, frame: &mut Frame) {
        match &self.spec.rows {
            None => self.loops(0, frame),
            Some(Choose::Items(of)) => {
                for (key, value) in chosen(&of.0, frame) {
                    frame.set(ROW, value);
                    frame.set(KEY, if key.is_missing() { row.key.clone() } else { key });
                    self.loops(0, frame);
                }
            }
            Some(Choose::Recurse { of, depth }) => {
                frame.set(PARENT, Value::Missing);
                self.recurse(&of.0, *depth, 0, frame);
            }
        }
    }

    fn recurse(&mut self, of: &crate::expr::code::Code, most: usize, level: usize, frame: &mut Frame) {
        let row = frame.get(ROW).clone();
        let parent = frame.get(PARENT).clone();
        frame.set(DEPTH, Value::from(level));
        self.loops(0, frame);
        frame.set(ROW, row.clone());
        if level >= most {
            // A smaller depth is meant; the usual one and larger ones are bounds.
            if most >= limits::RECURSE_DEPTH && !chosen(of, frame).is_empty() {
                frame.remark(of.span, |_| format!("rows below level {most} of `recurse` are left out: `depth` is {most}"));
            }
            return;
        }
        for (key, value) in chosen(of, frame) {
            frame.set(ROW, value);
            frame.set(KEY, key);
            frame.set(PARENT, row.clone());
            self.recurse(of, most, level + 1, frame);
        }
        frame.set(ROW, row);
        frame.set(PARENT, parent);
    }

    /// The names that can be computed after `level` loops, then the next loop, or what follows.
    fn loops(&mut self, level: usize, frame: &mut Frame) {
        for local in self.spec.lets.iter().filter(|l| l.after == level) {
            let value = local.value.0.eval(frame).unwrap_or_default();
            frame.set(local.name, value);
        }
        let Some(each) = self.spec.each.get(level) else {
            self.finish(frame);
            return;
        };
        for row in loop_rows(each, self.sources, frame) {
            for (name, value) in row.binds.iter().flat_map(|binds| binds.iter()) {
                frame.set(*name, value.clone());
            }
            frame.set(each.name, row.value);
            self.loops(level + 1, frame);
        }
    }

    fn finish(&mut self, frame: &mut Frame) {
        if self.spec.set.is_empty() {
            if self.spec.when.as_ref().is_none_or(|when| when.0.holds(frame)) {
                (self.sink)(frame);
            }
            return;
        }
        let before = frame.get(ROW).clone();
        set_fields(self.spec, frame);
        if self.spec.when.as_ref().is_none_or(|when| when.0.holds(frame)) {
            (self.sink)(frame);
        }
        frame.set(ROW, before);
    }
}

/// The items of one loop, with the local names of their source.
pub fn loop_rows(each: &Each, sources: &dyn RowSource, frame: &mut Frame) -> Vec<Row> {
    if let Some(source) = each.source {
        return sources.rows(source).to_vec();
    }
    let items = items_of(&each.over.0.value(frame));
    items.into_iter().map(|value| Row { value, ..Row::default() }).collect()
}

fn set_fields(spec: &RowsSpec, frame: &mut Frame) {
    let mut fields: Map = match frame.get(ROW).materialize() {
        Value::Map(map) => (*map).clone(),
        _ => Map::default(),
    };
    for (name, value) in &spec.set {
        let value = value.0.value(frame);
        fields.insert(name.clone(), value);
        frame.set(ROW, Value::map(fields.clone()));
    }
}

/// The rows that a path or expression chooses, with the last name or index of a path.
pub fn chosen(code: &crate::expr::code::Code, frame: &mut Frame) -> Vec<(Value, Value)> {
    if let Expr::On(of, path) = &code.expr {
        let mut found = Vec::new();
        let root = of.eval(frame);
        let result = root.and_then(|root| path.each(&root, &mut |key, value| found.push((key, value.clone()))));
        if let Err(Fault::Failed(why)) = result {
            frame.remark(code.span, |_| why);
        }
        return found;
    }
    match code.value(frame) {
        Value::Missing => Vec::new(),
        Value::List(items) => items.iter().enumerate().map(|(n, value)| (Value::from(n), value.clone())).collect(),
        Value::Lazy(lazy) => match lazy.member("rows") {
            Value::List(items) => items.iter().enumerate().map(|(n, value)| (Value::from(n), value.clone())).collect(),
            _ => vec![(Value::Missing, lazy.materialize())],
        },
        other => vec![(Value::Missing, other)],
    }
}

/// The rows of one group.
struct Group {
    /// The named keys.
    keys: Vec<(Text, Value)>,
    count: usize,
    /// The rows, where they are kept.
    rows: Vec<Value>,
}

/// Rows with equal keys, in the order of their first.
#[derive(Default)]
struct Groups {
    places: HashMap<Text, usize>,
    groups: Vec<Group>,
    keeps_rows: bool,
}

impl Groups {
    fn take(&mut self, spec: &RowsSpec, frame: &mut Frame) {
        let keys: Vec<(Text, Value)> = spec.group.iter().map(|(name, code)| (name.clone(), code.0.value(frame))).collect();
        let identity: Vec<Value> = keys.iter().map(|(_, value)| value.clone()).collect();
        let identity = text_of(&Value::list(identity)).unwrap_or_default();
        let at = *self.places.entry(identity).or_insert_with(|| {
            self.groups.push(Group { keys, count: 0, rows: Vec::new() });
            self.groups.len() - 1
        });
        let Some(group) = self.groups.get_mut(at) else { return };
        group.count += 1;
        if self.keeps_rows {
            group.rows.push(frame.get(ROW).clone());
        }
    }

    fn finish(self) -> Vec<Row> {
        let row = |group: Group| {
            let mut map: Map = group.keys.into_iter().collect();
            map.insert("count", Value::from(group.count));
            if self.keeps_rows {
                map.insert("rows", Value::list(group.rows));
            }
            Row { value: Value::map(map), ..Row::default() }
        };
        self.groups.into_iter().map(row).collect()
    }
}

/// `dedupe` and `limit`.
struct Tail {
    seen: HashMap<Text, ()>,
    left: usize,
}

impl Tail {
    fn new(spec: &RowsSpec, frame: &mut Frame) -> Self {
        let left = Setting::get_or(spec.limit.as_ref(), limits::NODES, frame);
        Tail { seen: HashMap::new(), left: left.unwrap_or(limits::NODES) }
    }

    fn pass(&mut self, spec: &RowsSpec, frame: &mut Frame, emit: &mut Emit<'_>) {
        if self.left == 0 {
            return;
        }
        if let Some(dedupe) = &spec.dedupe {
            let value = dedupe.0.value(frame);
            let identity = text_of(&Value::list(vec![value])).unwrap_or_default();
            if self.seen.insert(identity, ()).is_some() {
                return;
            }
        }
        self.left -= 1;
        emit(frame);
    }
}
