//! Reads the row keys: binds their names, orders `let` by need, and seals the scope after `group`.

use super::once::Once;
use super::{Choose, Each, Input, Let, RowsSpec};
use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::base::name::NameId;
use crate::base::span::Span;
use crate::expr::code::{Code, Expression};
use crate::expr::names;
use crate::expr::path::Step;
use crate::expr::tree::Expr;
use crate::yaml::basic::{Keyed, OneOrMany};
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Fields, Reader, Record};
use crate::yaml::shape::{FieldDoc, Shape};

/// The name of a source.
#[derive(Clone, Copy, Debug)]
pub struct SourceName(pub NameId, pub Span);

impl Field for Input {
    fn shape() -> Shape {
        Shape::Text
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = node.as_scalar().map(|scalar| scalar.text.clone()).unwrap_or_default();
        let Some(name) = text.strip_suffix(".requests") else {
            return SourceName::read(node, reader).map(|SourceName(source, span)| Input { source, requests: false, span });
        };
        let source = reader.names.intern(name);
        if reader.source_names.contains(&source) {
            return Some(Input { source, requests: true, span: node.span });
        }
        // The same report as for the name alone.
        SourceName::read(node, reader).map(|SourceName(source, span)| Input { source, requests: true, span })
    }
}

impl Field for SourceName {
    fn shape() -> Shape {
        Shape::Text
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(scalar) = node.as_scalar() else {
            reader.mismatch(node, "the name of a source");
            return None;
        };
        let name = reader.names.intern(&scalar.text);
        if reader.source_names.contains(&name) {
            return Some(SourceName(name, node.span));
        }
        let known: Vec<String> = reader.source_names.iter().map(|id| reader.names.text(*id).to_owned()).collect();
        let problem = Diagnostic::error("unknown-source", format!("there is no source `{}`", scalar.text), node.span);
        let near = crate::base::suggest::nearest(&scalar.text, known.iter().map(String::as_str));
        reader.report(match near {
            Some(near) => problem.label(format!("did you mean `{near}`?")).help(format!("write `{near}`")).edit(node.span, near),
            None => problem.label("no source of that name").help(match known.is_empty() {
                true => "declare it under `sources:`".to_owned(),
                false => format!("use one of {}", crate::base::suggest::listed(known.iter().map(String::as_str), 20)),
            }),
        });
        None
    }
}

crate::fields! {
    /// The keys that make rows, the same for sources and mappings. They apply in this order.
    struct Written, "rows" {
        /// The source, or a list of sources, whose rows these are; `SOURCE.requests` is a row for each of its requests.
        from: Option<OneOrMany<Input>>;
        /// Chooses new rows on each row: a list gives its items, anything else one row. `"[row]"` keeps a list whole. `{recurse: PATH, depth: 32}` gives the row, its children, theirs and so on. In a source that fetches, `row` is the whole document here: the list of all records where the decoder makes records.
        rows: Option<Choose>;
        /// Loops: for each item of a source, a path, an expression or a literal list. Several keys nest in written order.
        each: Keyed<Expression>;
        /// Local names, computed where they are needed.
        r#let: Keyed<Expression>;
        /// Fields added to a copy of the row.
        set: Keyed<Expression>;
        /// A condition: rows for which it does not hold are left out.
        when: Option<Expression>;
        /// Named keys: rows with equal keys become one row `{key…, rows, count}`.
        group: Keyed<Expression>;
    }
}

crate::fields! {
    /// The keys that apply after `group`.
    struct WrittenAfter, "rows" {
        /// Keeps the first row of each value.
        dedupe: Option<Expression>;
        /// At most so many rows.
        limit: Option<crate::expr::code::Setting<usize>>;
        /// Only rows whose key is new, or whose value has changed since it was last sent: `EXPR`, or `{key: EXPR, value: EXPR, keep: 10000}`. What was sent is remembered between runs.
        once: Option<Once>;
    }
}

crate::fields! {
    /// Rows inside rows.
    struct Recurse, "recurse" {
        /// The children of a row.
        recurse: Expression;
        /// How many levels at most.
        depth: usize = limits::RECURSE_DEPTH, "32";
    }
}

impl Field for Choose {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Expression, Recurse::shape()])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.as_map().is_some() {
            return Recurse::read(node, reader).map(|r| Choose::Recurse { of: r.recurse, depth: r.depth.min(limits::DEPTH) });
        }
        Expression::read(node, reader).map(Choose::Items)
    }
}

impl RowsSpec {
    /// The fields, for the reference and the schema.
    pub fn docs() -> Vec<FieldDoc> {
        [Written::docs(), WrittenAfter::docs()].concat()
    }

    /// Binds the names of `each` and `let` before anything that may use them is read.
    pub fn bind_names(fields: &mut Fields<'_>, reader: &mut Reader<'_>) {
        for key in ["each", "let"] {
            for entry in fields.node(key).and_then(Node::as_map).unwrap_or(&[]) {
                reader.bind(&entry.key, entry.key_span);
            }
        }
        let recurse = fields.node("rows").and_then(|node| node.entry("recurse"));
        if let Some(entry) = recurse {
            reader.bind("parent", entry.key_span);
            reader.bind("depth", entry.key_span);
        }
    }

    /// The names that the rows of other sources carry along are known where they come `from` them, and
    /// in a loop over them.
    pub fn bind_carried(fields: &mut Fields<'_>, reader: &mut Reader<'_>) {
        let from = fields.node("from").map_or(&[][..], |node| node.as_list().unwrap_or(std::slice::from_ref(node)));
        let inputs = from.iter().filter_map(Node::as_scalar).map(|scalar| scalar.text.trim_end_matches(".requests"));
        let loops = fields.node("each").and_then(Node::as_map).unwrap_or(&[]).iter();
        let loops = loops.filter_map(|entry| entry.value.as_scalar()).map(|scalar| scalar.text.trim().trim_end_matches(".rows"));
        let sources: Vec<NameId> = inputs.chain(loops).map(|name| reader.names.intern(name)).collect();
        reader.about(&sources);
    }

    /// Takes the row keys. [`RowsSpec::bind_names`] must have run in the same scope; after a
    /// `group` the scope is sealed.
    pub fn read_from(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let written = Written::read_from(fields, reader);
        if let Some(node) = fields.node("group") {
            reader.seal();
            reader.bind("row", node.span);
            reader.bind("key", node.span);
        }
        let after = WrittenAfter::read_from(fields, reader);
        let (written, after) = (written?, after?);
        let each: Vec<Each> = written.each.0.into_iter().map(|entry| each(entry.key_span, &entry.key, entry.value, reader)).collect();
        later_names(&each, reader);
        let lets = order_lets(written.r#let, &each, reader);
        Some(RowsSpec {
            from: written.from.map(|many| many.0).unwrap_or_default(),
            rows: written.rows,
            each,
            lets,
            set: written.set.0.into_iter().map(|e| (e.key, e.value)).collect(),
            when: written.when,
            group: written.group.0.into_iter().map(|e| (e.key, e.value)).collect(),
            dedupe: after.dedupe,
            limit: after.limit,
            once: after.once,
        })
    }
}

fn each(_: Span, name: &str, over: Expression, reader: &mut Reader<'_>) -> Each {
    let source = match &over.0.expr {
        Expr::Walk(name, steps) if reader.source_names.contains(name) && is_rows(steps) => Some(*name),
        _ => None,
    };
    Each { name: reader.names.intern(name), over, source }
}

/// `hosts` and `hosts.rows` are its rows.
fn is_rows(steps: &[Step]) -> bool {
    match steps {
        [] => true,
        [Step::Key(key)] => &**key == "rows",
        _ => false,
    }
}

fn later_names(each: &[Each], reader: &mut Reader<'_>) {
    for (n, outer) in each.iter().enumerate() {
        for later in each.iter().skip(n) {
            if let Some(used) = outer.over.0.uses.iter().find(|used| used.name == later.name) {
                let name = reader.names.text(later.name);
                let problem = Diagnostic::error("name-not-in-scope", format!("`{name}` does not exist yet"), used.span)
                    .label("its loop begins later")
                    .help("put the outer loop first: a later key of `each` sees the earlier ones");
                reader.report(problem);
            }
        }
    }
}

/// Puts names before those that use them, and finds after which loop each can be computed.
pub fn order_lets(written: Keyed<Expression>, each: &[Each], reader: &mut Reader<'_>) -> Vec<Let> {
    let mut open: Vec<(NameId, Span, Expression)> =
        written.0.into_iter().map(|e| (reader.names.intern(&e.key), e.key_span, e.value)).collect();
    reader.bounded(&mut open, "names of one `let`", |(_, span, _)| *span);
    let mut done: Vec<Let> = Vec::new();
    while !open.is_empty() {
        let ready = open.iter().position(|(_, _, value)| !open.iter().any(|(other, _, _)| value.0.uses(*other)));
        let Some(at) = ready else {
            let circle = circle(&open, reader);
            let (name, span, _) = open.swap_remove(0);
            let title = format!("`{}` needs itself", reader.names.text(name));
            reader.report(
                Diagnostic::error("circular-names", title, span)
                    .label("computed by itself in the end")
                    .text(format!("{circle}."))
                    .help("break the circle: one of these names must not use the others"),
            );
            return done;
        };
        let (name, _, value) = open.remove(at);
        let after = after_loops(name, &value.0, each, &done, reader);
        done.push(Let { name, value, after });
    }
    done
}

/// `a` uses `b`, which uses `a`.
fn circle(open: &[(NameId, Span, Expression)], reader: &Reader<'_>) -> String {
    let mut words = String::new();
    let mut seen: Vec<NameId> = Vec::new();
    let mut here = open.first();
    while let Some((name, _, value)) = here {
        let text = reader.names.text(*name);
        if seen.contains(name) {
            return words + &format!("`{text}`");
        }
        seen.push(*name);
        words.push_str(&if seen.len() == 1 { format!("`{text}` uses ") } else { format!("`{text}`, which uses ") });
        here = open.iter().find(|(other, _, _)| value.0.uses(*other));
    }
    words
}

fn after_loops(name: NameId, code: &Code, each: &[Each], lets: &[Let], reader: &Reader<'_>) -> usize {
    let own = |name: NameId| each.iter().any(|e| e.name == name) || lets.iter().any(|l| l.name == name);
    let built_in = |name: NameId| names::BUILT_IN.contains(&reader.names.text(name));
    let elsewhere = |name: NameId| !own(name) && !built_in(name) && !reader.is_of_run(name);
    let of_each = each.iter().rposition(|e| code.uses(e.name)).map_or(0, |at| at + 1);
    // A name from elsewhere comes along with the rows of a source that a loop goes over.
    let brought = code.uses.iter().any(|used| elsewhere(used.name)).then(|| each.iter().rposition(|e| e.source.is_some())).flatten();
    let wanted = each.iter().position(|e| e.over.0.uses(name)).unwrap_or(usize::MAX);
    let of_each = of_each.max(brought.map_or(0, |at| at + 1).min(wanted));
    let of_lets = lets.iter().filter(|l| code.uses(l.name)).map(|l| l.after).max().unwrap_or(0);
    of_each.max(of_lets)
}
