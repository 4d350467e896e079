//! Filters that take less, or end sooner, than their place makes a reader think.
//!
//! In MiniJinja's grammar a filter belongs to the operand directly before it and binds tighter than
//! every operator between two values: `now - duration('1h') | format_time('%S')` is
//! `now - (duration('1h') | format_time('%S'))`, and `a | f ~ b` is `(a | f) ~ b`. Lint warns where
//! what is read makes little sense, so that sensible ones stay silent (`row.a + row.b | default(0)`,
//! `now - row.text | parse_time`). Parentheses around the operand end every doubt. The rules, for a
//! filter on the last operand of an operator:
//!
//! - a filter on a constant that it leaves as it is: `row.a * 100 | round(2)` rounds the 100;
//! - after `+ - * / // % **`, a filter that gives text, with which nothing can be calculated;
//! - after them, `round`; after `* / // %` also `floor` and `ceil`, which cut one operand instead of
//!   the result; after `+` and `-` also `abs`;
//! - after `~`, change of case, hashes and `base64`, if another computed value without a filter of
//!   its own is joined: `row.first ~ row.last | upper`.
//!
//! For a filter before `~`: one without parentheses of its own (`a | upper ~ b` looks like a call of
//! `upper ~ b`), and `default`, whose value others would let go on: `a | default('x') ~ b`.

use crate::base::diag::Diagnostic;
use crate::base::print::{cut, one_line};
use crate::yaml::locate;
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use minijinja::machinery::{Span, ast};

const TEXT: &[&str] = &[
    "format_time",
    "upper",
    "lower",
    "title",
    "capitalize",
    "trim",
    "replace",
    "join",
    "string",
    "json",
    "md5",
    "sha1",
    "sha256",
    "base64",
    "url_encode",
    "urlencode",
    "truncate",
    "indent",
    "regex_replace",
    "normalize",
    "format",
];
const USELESS_ON_CONSTANT: &[&str] =
    &["round", "floor", "ceil", "abs", "int", "float", "default", "upper", "lower", "title", "capitalize", "trim", "replace"];
const WHOLE_TEXT: &[&str] = &["upper", "lower", "title", "capitalize", "md5", "sha1", "sha256", "base64"];

type Filter<'a> = ast::Spanned<ast::Filter<'a>>;

/// Warns of the filters that an operator has at its ends. `judged` holds the places of filters that
/// were looked at from an outer operator.
pub fn check(op: &ast::BinOp<'_>, span: Span, node: &Node, judged: &mut Vec<u32>, reader: &mut Reader<'_>) {
    let Some(scalar) = node.as_scalar() else { return };
    let text = &*scalar.text;
    if let Some((last, of)) = last_filter(op, span)
        && is_new(last, judged)
        && let Some(culprit) = culprit(last, of, op)
    {
        reader.problems.extend(takes_less(last, culprit, of, span, Place { text, node, reader }));
    }
    if let Some(first) = filter_before_tilde(op, text)
        && is_new(first, judged)
    {
        reader.problems.extend(ends_sooner(first, op, span, Place { text, node, reader }));
    }
}

fn is_new(filter: &Filter<'_>, judged: &mut Vec<u32>) -> bool {
    let at = filter.span().start_offset;
    let new = !judged.contains(&at);
    if new {
        judged.push(at);
    }
    new
}

fn is_arithmetic(op: ast::BinOpKind) -> bool {
    use ast::BinOpKind::{Add, Div, FloorDiv, Mul, Pow, Rem, Sub};
    matches!(op, Add | Sub | Mul | Div | FloorDiv | Rem | Pow)
}

fn is_join(op: ast::BinOpKind) -> bool {
    matches!(op, ast::BinOpKind::Concat)
}

/// The filter at the end of the last operand, with the operator before that operand. In parentheses
/// the operand ends before the operator's span does.
fn last_filter<'t, 'a>(op: &'t ast::BinOp<'a>, span: Span) -> Option<(&'t Filter<'a>, &'t ast::BinOp<'a>)> {
    let open = op.right.span().end_offset == span.end_offset;
    match &op.right {
        ast::Expr::Filter(filter) if open && (is_arithmetic(op.op) || is_join(op.op)) => Some((filter, op)),
        ast::Expr::BinOp(inner) if open && is_arithmetic(op.op) && is_arithmetic(inner.op) => last_filter(inner, inner.span()),
        _ => None,
    }
}

/// The filter that should have taken the whole; there may be several in a row.
fn culprit<'t, 'a>(last: &'t Filter<'a>, of: &ast::BinOp<'a>, outer: &ast::BinOp<'a>) -> Option<&'t Filter<'a>> {
    use ast::BinOpKind::{Add, Div, FloorDiv, Mul, Rem, Sub};
    let mut first = last;
    while let Some(ast::Expr::Filter(inner)) = &first.expr {
        first = inner;
    }
    if matches!(first.expr, Some(ast::Expr::Const(_))) && USELESS_ON_CONSTANT.contains(&first.name) {
        return Some(first);
    }
    let slip = match (of.op, last.name) {
        (ast::BinOpKind::Concat, name) => WHOLE_TEXT.contains(&name) && has_bare_part(&outer.left),
        (_, "round") => true,
        (Mul | Div | FloorDiv | Rem, "floor" | "ceil") | (Add | Sub, "abs") => true,
        (_, name) => TEXT.contains(&name),
    };
    slip.then_some(last)
}

/// True if something computed is joined without a filter of its own.
fn has_bare_part(tree: &ast::Expr<'_>) -> bool {
    match tree {
        ast::Expr::BinOp(op) if is_join(op.op) => has_bare_part(&op.left) || has_bare_part(&op.right),
        ast::Expr::Const(_) | ast::Expr::Filter(_) => false,
        _ => true,
    }
}

/// The filter that stands directly before this `~`, if it looks like going on.
fn filter_before_tilde<'t, 'a>(op: &'t ast::BinOp<'a>, text: &str) -> Option<&'t Filter<'a>> {
    let filter = match &op.left {
        ast::Expr::Filter(filter) => filter,
        ast::Expr::BinOp(inner) if is_join(inner.op) => match &inner.right {
            ast::Expr::Filter(filter) => filter,
            _ => return None,
        },
        _ => return None,
    };
    let behind = text.get(filter.span().end_offset as usize..)?;
    let bare = filter.args.is_empty() && text.get(range(filter.span()))?.ends_with(filter.name);
    let fallback = filter.name == "default" && !matches!(filter.args.as_slice(), [ast::CallArg::Pos(ast::Expr::Const(c))] if is_empty(c));
    (is_join(op.op) && behind.trim_start().starts_with('~') && (bare || fallback)).then_some(filter)
}

fn is_empty(constant: &ast::Const) -> bool {
    constant.value.as_str() == Some("")
}

fn range(span: Span) -> std::ops::Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

/// Where a problem is reported.
struct Place<'p, 's> {
    text: &'p str,
    node: &'p Node,
    reader: &'p Reader<'s>,
}

impl Place<'_, '_> {
    fn part(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or("").trim()
    }

    fn span(&self, start: usize, end: usize) -> crate::base::span::Span {
        locate::inside(self.reader.sources, self.node, start, end)
    }

    /// The end of what stands before the `|` of a filter.
    fn before_pipe(&self, filter: &Filter<'_>) -> Option<usize> {
        let pipe = self.text.get(..filter.span().start_offset as usize)?.rfind('|')?;
        Some(self.text.get(..pipe)?.trim_end().len())
    }

    /// Where the operand of a filter begins, its parentheses included.
    fn operand(&self, filter: &Filter<'_>) -> Option<usize> {
        let mut first = filter.expr.as_ref()?;
        loop {
            first = match first {
                ast::Expr::Filter(inner) => inner.expr.as_ref()?,
                ast::Expr::Test(inner) => &inner.expr,
                _ => break,
            };
        }
        let mut at = first.span().start_offset as usize;
        while let Some(before) = self.text.get(..at)?.trim_end().strip_suffix('(') {
            at = before.len();
        }
        Some(at)
    }

    fn in_parentheses(&self, problem: Diagnostic, start: usize, end: usize) -> Diagnostic {
        let span = self.span(start, end);
        problem.edit(span, format!("({})", self.reader.sources.slice(span)))
    }
}

fn takes_less(last: &Filter<'_>, culprit: &Filter<'_>, of: &ast::BinOp<'_>, whole: Span, place: Place<'_, '_>) -> Option<Diagnostic> {
    let (start, end) = (whole.start_offset as usize, last.span().end_offset as usize);
    let (operand, pipe) = (place.operand(last)?, place.before_pipe(culprit)?);
    let span = place.span(culprit.span().start_offset as usize, culprit.span().end_offset as usize);
    let before = place.part(start, operand);
    let read = format!("{before} ({})", place.part(operand, end));
    let meant = format!("({}) {}", place.part(start, pipe), place.part(pipe, end));
    let problem = Diagnostic::warning("filter-precedence", format!("`{}` takes the last operand only", culprit.name), span)
        .label(format!("takes only `{}`", short(place.part(operand, pipe))))
        .text(format!("It is read as `{}`: a filter binds tighter than `{}`.", short(&read), sign(of.op)))
        .help(format!("write `{}`; if the last operand alone is meant, put it and its filter in parentheses", short(&meant)));
    Some(place.in_parentheses(problem, start, pipe))
}

fn ends_sooner(filter: &Filter<'_>, op: &ast::BinOp<'_>, whole: Span, place: Place<'_, '_>) -> Option<Diagnostic> {
    let (operand, pipe, end) = (place.operand(filter)?, place.before_pipe(filter)?, filter.span().end_offset as usize);
    let direct = matches!(&op.left, ast::Expr::Filter(_));
    let start = if direct { whole.start_offset as usize } else { operand };
    let rest = place.part(end, whole.end_offset as usize);
    let joined = format!("({} {rest}) {}", place.part(start, pipe), place.part(pipe, end));
    let read = format!("({}) {rest}", place.part(start, end));
    let problem = Diagnostic::warning("filter-precedence", format!("`{}` ends before `~`", filter.name), place.span(start, end))
        .label("this is joined with what follows")
        .text(format!("It is read as `{}`: a filter binds tighter than `~`.", short(&read)))
        .help(format!("write `{}`; if the joined text is meant, `{}`", short(&read), short(&joined)));
    Some(place.in_parentheses(problem, start, end))
}

fn short(text: &str) -> String {
    cut(&one_line(text), 100).to_string()
}

fn sign(op: ast::BinOpKind) -> &'static str {
    match op {
        ast::BinOpKind::Add => "+",
        ast::BinOpKind::Sub => "-",
        ast::BinOpKind::Mul => "*",
        ast::BinOpKind::Div => "/",
        ast::BinOpKind::FloorDiv => "//",
        ast::BinOpKind::Rem => "%",
        ast::BinOpKind::Pow => "**",
        _ => "~",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Sources;
    use crate::yaml::node::{Data, Literal, Scalar, Style};

    /// What each problem takes the expression for.
    fn read_as(expression: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let file = sources.add("t", expression);
        let scalar = Scalar { text: expression.into(), style: Style::Literal, literal: Literal::Text };
        let root = Node { span: crate::base::span::Span::new(file, 0, expression.len()), data: Data::Scalar(scalar) };
        let mut reader = Reader::new(&sources, false);
        let parsed = crate::expr::parse::expression(expression, &root, &mut reader);
        assert!(parsed.is_some(), "{expression}: {:?}", reader.problems);
        let read = |problem: Diagnostic| problem.text.and_then(|text| text.split('`').nth(1).map(str::to_owned));
        reader.problems.into_iter().filter_map(read).collect()
    }

    #[test]
    fn slips_are_shown_as_they_are_read() {
        for (written, read) in [
            ("now - duration('1h') | format_time('%S')", "now - (duration('1h') | format_time('%S'))"),
            ("row.a * 100 | round(2)", "row.a * (100 | round(2))"),
            ("row.a + row.b * 100 | round(2) > 3", "row.a + row.b * (100 | round(2))"),
            ("(row.a - 1) / (row.b + 1) | round", "(row.a - 1) / ((row.b + 1) | round)"),
            ("row.a - row.b | abs", "row.a - (row.b | abs)"),
            ("row.a / row.b | default(1) | round(2)", "row.a / (row.b | default(1) | round(2))"),
            ("row.a * 100 | round(2) ~ '%'", "row.a * (100 | round(2))"),
            ("row.a ~ ' ' ~ row.b | upper", "row.a ~ ' ' ~ (row.b | upper)"),
            ("row.a | upper ~ row.b", "(row.a | upper) ~ row.b"),
            ("row.a | default('x') ~ ':' ~ row.b", "(row.a | default('x')) ~ ':'"),
            ("'x' ~ row.a | trim ~ row.b", "(row.a | trim) ~ row.b"),
        ] {
            assert_eq!(read_as(written), [read], "{written}");
        }
    }

    #[test]
    fn what_makes_sense_is_silent() {
        for sensible in [
            "row.used / row.total | default(1)",
            "(now - duration('1h')) | format_time('%S')",
            "now - (duration('1h') | format_time('%S'))",
            "(row.a * 100) | round(2)",
            "round(row.a * 100, 2)",
            "now - row.since | parse_time",
            "row.a - '10MiB' | bytes",
            "'host:' ~ row.host | lower",
            "(row.a | upper) ~ row.b",
            "row.a | round(2) ~ '%'",
            "row.a | default('') ~ row.b",
            "row.a ~ '/' ~ row.b | url_encode",
            "row.a > row.b | round(2)",
            "row.x - row.x | floor",
            "[1, 2] + row.b | sort",
        ] {
            assert!(read_as(sensible).is_empty(), "{sensible}: {:?}", read_as(sensible));
        }
    }

    #[test]
    fn every_filter_of_the_rules_exists() {
        for name in TEXT.iter().chain(USELESS_ON_CONSTANT).chain(WHOLE_TEXT) {
            assert!(crate::expr::function::find(name).is_some(), "{name}");
        }
    }
}
