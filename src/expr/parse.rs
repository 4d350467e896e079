//! Text to tree: MiniJinja's grammar, with every name and function looked up at once and every slip
//! placed in the YAML file.

use super::chain::is_too_long;
use super::cure::{Continued, DigitName, cure};
use super::foreign::Foreign;
use super::function;
use super::names;
use super::ops::Arithmetic;
use super::path::{Path, Step};
use super::precedence;
use super::repeated::{self, Repeated};
use super::tree::{Comparison, Expr, For, Part, Slice};
use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::base::number::Number;
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::yaml::locate;
use crate::yaml::node::Node;
use crate::yaml::read::{Reader, Use};
use minijinja::machinery::ast;
use minijinja::syntax::SyntaxConfig;

/// A tree with the names it uses.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree.
    pub expr: Expr,
    /// Names and their places, once per place.
    pub uses: Vec<Use>,
    /// What it takes for lists.
    pub repeated: Vec<Repeated>,
}

impl Parsed {
    fn of_tree(expr: Expr, uses: Vec<Use>) -> Self {
        Parsed { repeated: repeated::in_tree(&expr), expr, uses }
    }
}

/// Parses the whole text of a node as an expression.
pub fn expression(text: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Parsed> {
    if too_long(text, false, node, reader) {
        return None;
    }
    let mut parser = Parser { node, reader, uses: Vec::new(), locals: Vec::new(), judged: Vec::new() };
    match minijinja::machinery::parse_expr(text) {
        Ok(tree) => parser.expr(&tree).map(|expr| Parsed::of_tree(expr, parser.uses)),
        Err(error) => {
            parser.syntax_error(&error, text);
            None
        }
    }
}

/// Reports an expression that is longer than any stack should bear.
fn too_long(text: &str, holes: bool, node: &Node, reader: &mut Reader<'_>) -> bool {
    let long = is_too_long(text, holes);
    if long {
        let title = format!("an expression of more than {} operators", limits::LINKS);
        let problem = Diagnostic::error("bad-expression", title, node.span).label("too long");
        reader.report(problem.help("compute parts of it under `let`, or put a list and a filter for the repetition"));
    }
    long
}

/// Parses a text with `{{ }}`. A text that is exactly one hole gives the hole's expression when
/// `typed` is set.
pub fn template(text: &str, node: &Node, typed: bool, reader: &mut Reader<'_>) -> Option<Parsed> {
    if too_long(text, true, node, reader) {
        return None;
    }
    let syntax = SyntaxConfig::builder().keep_trailing_newline(true).build().ok()?;
    let mut parser = Parser { node, reader, uses: Vec::new(), locals: Vec::new(), judged: Vec::new() };
    let tree = match minijinja::machinery::parse(text, "text", syntax) {
        Ok(tree) => tree,
        Err(error) => {
            parser.syntax_error(&error, text);
            return None;
        }
    };
    let ast::Stmt::Template(template) = &tree else { return None };
    let mut parts = parser.parts(&template.children)?;
    let expr = match parts.pop() {
        Some(Part::Hole(hole)) if typed && parts.is_empty() => hole,
        last => {
            parts.extend(last);
            Expr::Text(parts.into())
        }
    };
    Some(Parsed::of_tree(expr, parser.uses))
}

/// Parses a path: `$.a` on the current row, `$name.a` on the document of a source or on the value of
/// any other name.
pub fn path(text: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Parsed> {
    let rest = text.strip_prefix('$')?;
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let (name, steps) = rest.split_at_checked(end)?;
    match Path::parse(&format!("${steps}")) {
        Ok(path) => {
            let root = if name.is_empty() { names::ROW } else { reader.names.intern(name) };
            let of_source = reader.source_names.contains(&root);
            let first = path.steps().and_then(|s| s.first()).and_then(key_of);
            let member = if of_source { Some("doc".into()) } else { first };
            let head: Vec<Text> = of_source.then(|| "doc".into()).into_iter().collect();
            let repeated = repeated::in_path(root, &head, steps);
            let keys = head.into_iter().chain(path.keys()).collect();
            let span = locate::inside(reader.sources, node, 0, 1 + name.len());
            Some(Parsed { expr: rooted(root, of_source, path), uses: vec![Use { name: root, member, keys, span }], repeated })
        }
        Err(error) => {
            if let Some(found) = DigitName::in_path(text) {
                reader.report(found.problem("bad-path", text, node, reader.sources));
                return None;
            }
            let is_source = |name: &str| reader.source_names.iter().any(|id| reader.names.text(*id) == name);
            if let Some(found) = Continued::find(text, is_source) {
                let span = locate::inside(reader.sources, node, found.at, text.len());
                let problem = Diagnostic::error("bad-path", "a path stands alone", span).label("this belongs to an expression");
                reader.report(problem.help(format!("write it as one: `{}`", found.expression)));
                return None;
            }
            let shift = name.len();
            let span = locate::inside(reader.sources, node, error.start + shift, error.end + shift);
            let problem = Diagnostic::error("bad-path", format!("this is not a JSONPath: {}", error.message), span).label("here");
            let help = if steps.contains(".[") {
                format!("write `{}`, without the dot before the bracket", text.replace(".[", "["))
            } else if steps.contains(" = ") {
                format!("compare with `==`: `{}`", text.replace(" = ", " == "))
            } else if steps.starts_with(['.', '[']) || steps.is_empty() {
                "paths are RFC 9535: `$.name`, `$['odd name']`, `$.list[*]`, `$.list[?@.up == true]`".to_owned()
            } else if let Some((inner, _)) = steps.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
                format!("values are written `{inner}` in an expression, and `{{{{ {inner} }}}}` in a text")
            } else {
                format!("a text that begins with a dollar sign is written `$${name}…`")
            };
            reader.report(problem.help(help));
            None
        }
    }
}

fn key_of(step: &Step) -> Option<Text> {
    if let Step::Key(key) = step { Some(key.clone()) } else { None }
}

fn rooted(root: crate::base::name::NameId, of_source: bool, path: Path) -> Expr {
    let head = of_source.then(|| Step::Key("doc".into()));
    match path {
        Path::Plain(steps) if !steps.contains(&Step::All) => Expr::Walk(root, head.into_iter().chain(steps).collect()),
        path => Expr::On(Box::new(Expr::Walk(root, head.into_iter().collect())), Box::new(path)),
    }
}

/// What parsing one place needs and finds.
pub(super) struct Parser<'p, 's> {
    node: &'p Node,
    reader: &'p mut Reader<'s>,
    uses: Vec<Use>,
    /// Loop variables, innermost last.
    locals: Vec<Text>,
    /// Filters whose precedence was looked at.
    judged: Vec<u32>,
}

impl Parser<'_, '_> {
    pub(super) fn span(&self, span: minijinja::machinery::Span) -> Span {
        locate::inside(self.reader.sources, self.node, span.start_offset as usize, span.end_offset as usize)
    }

    pub(super) fn report(&mut self, problem: Diagnostic) {
        self.reader.report(problem);
    }

    fn syntax_error(&mut self, error: &minijinja::Error, text: &str) {
        let range = error.range().unwrap_or(0..text.len());
        if let Some(found) = DigitName::at(text, range.start) {
            self.report(found.problem("bad-expression", text, self.node, self.reader.sources));
            return;
        }
        let place = |range: std::ops::Range<usize>| {
            locate::inside(self.reader.sources, self.node, range.start.min(text.len()), range.end.min(text.len()))
        };
        if let Some(found) = Foreign::at(text, range.start) {
            let (span, operator) = (place(found.start..found.end), text.get(found.start..found.end).unwrap_or(""));
            let problem = Diagnostic::error("bad-expression", format!("an expression has no `{operator}`"), span);
            let problem = problem.label("of another language").help(found.help);
            self.report(found.instead.iter().fold(problem, |problem, instead| problem.edit(span, *instead)));
            return;
        }
        let why = match error.detail() {
            None => "it ends too soon".to_owned(),
            Some("unexpected input after expression") => "something stands behind its end".to_owned(),
            Some("unexpected character") => text.get(range.clone()).map_or_else(String::new, |c| format!("`{c}` means nothing here")),
            Some("unexpected end of string") => "a quote is never closed".to_owned(),
            Some("unexpected end of variable block") => "a value is missing before `}}`".to_owned(),
            Some("unexpected end of input, expected end of variable block") => "a `{{` without its `}}`".to_owned(),
            Some("unexpected end of input, expected end of block") => "an `if` or `for` without its end".to_owned(),
            Some(detail) if detail.ends_with("expected end of variable block") => "the hole goes on behind its value".to_owned(),
            Some(detail) if detail.starts_with("unknown statement end") => "the end of something that never began".to_owned(),
            Some(detail) if detail.starts_with("unexpected end of input") => "it ends too soon".to_owned(),
            Some(detail) => detail.to_owned(),
        };
        let problem = Diagnostic::error("bad-expression", format!("this expression cannot be read: {why}"), place(range)).label("here");
        self.report(problem.help(cure(text)));
    }

    pub(super) fn expr(&mut self, tree: &ast::Expr<'_>) -> Option<Expr> {
        if let Some(walk) = self.walk(tree) {
            return Some(walk);
        }
        Some(match tree {
            ast::Expr::Var(_) => return None,
            ast::Expr::Const(c) => Expr::Const(constant(&c.value)),
            ast::Expr::Slice(s) => {
                let of = self.expr(&s.expr)?;
                let (start, stop, step) = (self.maybe(&s.start)?, self.maybe(&s.stop)?, self.maybe(&s.step)?);
                Expr::Slice(Box::new(Slice { of, start, stop, step }))
            }
            ast::Expr::UnaryOp(op) => {
                let of = self.expr(&op.expr)?;
                match op.op {
                    ast::UnaryOpKind::Not => Expr::Not(Box::new(of)),
                    ast::UnaryOpKind::Neg => negate(of),
                }
            }
            ast::Expr::BinOp(op) => {
                precedence::check(op, op.span(), self.node, &mut self.judged, self.reader);
                self.binary(op)?
            }
            ast::Expr::Compare(chain) => {
                let first = self.expr(&chain.expr)?;
                let others: Vec<_> = chain.ops.iter().map(|op| Some((comparison(op.op), self.expr(&op.expr)?))).collect();
                Expr::Compare(Box::new(first), others.into_iter().collect::<Option<Vec<_>>>()?.into())
            }
            ast::Expr::IfExpr(choice) => {
                let condition = self.expr(&choice.test_expr);
                let yes = self.expr(&choice.true_expr);
                let no = self.maybe(&choice.false_expr);
                Expr::If(Box::new(condition?), Box::new(yes?), no?.map(Box::new))
            }
            ast::Expr::Filter(filter) => {
                let first = filter.expr.as_ref().map(|e| self.expr(e));
                let function = self.function("filter", filter.name, filter.span(), function::find, function::names());
                self.call(function?, first?, &filter.args, filter.span())?
            }
            ast::Expr::Test(test) => {
                let first = self.expr(&test.expr);
                let function = self.function("test", test.name, test.span(), function::find_test, function::test_names());
                self.call(function?, first, &test.args, test.span())?
            }
            ast::Expr::GetAttr(attr) => Expr::Member(Box::new(self.expr(&attr.expr)?), attr.name.into()),
            ast::Expr::GetItem(item) => {
                let of = self.expr(&item.expr);
                let key = self.expr(&item.subscript_expr);
                Expr::Item(Box::new(of?), Box::new(key?))
            }
            ast::Expr::Call(call) => self.call_by_name(call)?,
            ast::Expr::List(list) => Expr::List(self.all(&list.items)?.into()),
            ast::Expr::Tuple(tuple) => Expr::List(self.all(&tuple.items)?.into()),
            ast::Expr::Map(map) => {
                let keys = self.all(&map.keys);
                let values = self.all(&map.values);
                Expr::Map(keys?.into_iter().zip(values?).collect())
            }
        })
    }

    fn maybe(&mut self, tree: &Option<ast::Expr<'_>>) -> Option<Option<Expr>> {
        tree.as_ref().map_or(Some(None), |tree| self.expr(tree).map(Some))
    }

    fn all(&mut self, trees: &[ast::Expr<'_>]) -> Option<Vec<Expr>> {
        let read: Vec<_> = trees.iter().map(|tree| self.expr(tree)).collect();
        read.into_iter().collect()
    }

    /// `name.a['b'][0]` as one walk.
    fn walk(&mut self, tree: &ast::Expr<'_>) -> Option<Expr> {
        let mut steps = Vec::new();
        let mut here = tree;
        loop {
            match here {
                ast::Expr::Var(var) => {
                    steps.reverse();
                    return Some(self.name(var.id, var.span(), steps));
                }
                ast::Expr::GetAttr(attr) => {
                    steps.push(Step::Key(attr.name.into()));
                    here = &attr.expr;
                }
                ast::Expr::GetItem(item) => {
                    steps.push(constant_step(&item.subscript_expr)?);
                    here = &item.expr;
                }
                _ => return None,
            }
        }
    }

    fn name(&mut self, text: &str, span: minijinja::machinery::Span, steps: Vec<Step>) -> Expr {
        let name = self.reader.names.intern(text);
        if !self.locals.iter().any(|local| &**local == text) {
            let member = steps.first().and_then(key_of);
            let keys = steps.iter().map_while(key_of).collect();
            let span = self.span(span);
            self.uses.push(Use { name, member, keys, span });
        }
        Expr::Walk(name, steps.into())
    }

    fn binary(&mut self, op: &ast::BinOp<'_>) -> Option<Expr> {
        let left = self.expr(&op.left);
        let right = self.expr(&op.right);
        let (left, right) = (Box::new(left?), right?);
        let calculate = |sign, left, right| Expr::Calculate(sign, left, Box::new(right));
        let compare = |sign, left, right| Expr::Compare(left, [(sign, right)].into());
        Some(match op.op {
            ast::BinOpKind::Eq => compare(Comparison::Equal, left, right),
            ast::BinOpKind::Ne => compare(Comparison::Unequal, left, right),
            ast::BinOpKind::Lt => compare(Comparison::Less, left, right),
            ast::BinOpKind::Lte => compare(Comparison::AtMost, left, right),
            ast::BinOpKind::Gt => compare(Comparison::Greater, left, right),
            ast::BinOpKind::Gte => compare(Comparison::AtLeast, left, right),
            ast::BinOpKind::In => compare(Comparison::In, left, right),
            ast::BinOpKind::ScAnd => Expr::And(left, Box::new(right)),
            ast::BinOpKind::ScOr => Expr::Or(left, Box::new(right)),
            ast::BinOpKind::Concat => Expr::Join([*left, right].into()),
            ast::BinOpKind::Add => calculate(Arithmetic::Add, left, right),
            ast::BinOpKind::Sub => calculate(Arithmetic::Sub, left, right),
            ast::BinOpKind::Mul => calculate(Arithmetic::Mul, left, right),
            ast::BinOpKind::Div => calculate(Arithmetic::Div, left, right),
            ast::BinOpKind::FloorDiv => calculate(Arithmetic::FloorDiv, left, right),
            ast::BinOpKind::Rem => calculate(Arithmetic::Rem, left, right),
            ast::BinOpKind::Pow => calculate(Arithmetic::Pow, left, right),
        })
    }

    /// The place of a word inside a span that may hold more.
    pub(super) fn word(&self, word: &str, span: minijinja::machinery::Span) -> Span {
        let text = self.node.as_scalar().map(|s| s.text.clone()).unwrap_or_default();
        let (start, end) = (span.start_offset as usize, span.end_offset as usize);
        let found = text.get(start..end.min(text.len())).and_then(|part| part.rfind(word));
        match found {
            Some(at) => locate::inside(self.reader.sources, self.node, start + at, start + at + word.len()),
            None => self.span(span),
        }
    }

    fn parts(&mut self, children: &[ast::Stmt<'_>]) -> Option<Vec<Part>> {
        let read: Vec<_> = children.iter().map(|child| self.part(child)).collect();
        read.into_iter().collect()
    }

    fn part(&mut self, stmt: &ast::Stmt<'_>) -> Option<Part> {
        match stmt {
            ast::Stmt::EmitRaw(raw) => Some(Part::Words(raw.raw.into())),
            ast::Stmt::EmitExpr(hole) => self.expr(&hole.expr).map(Part::Hole),
            ast::Stmt::IfCond(choice) => {
                let condition = self.expr(&choice.expr);
                let yes = self.parts(&choice.true_body);
                let no = self.parts(&choice.false_body);
                Some(Part::If(condition?, yes?.into(), no?.into()))
            }
            ast::Stmt::ForLoop(inner) => self.for_loop(inner),
            _ => {
                let problem = Diagnostic::error("unknown-statement", "only `if` and `for` statements exist in texts", self.node.span);
                self.report(problem.label("this text holds another one").help("compute names with `let`"));
                None
            }
        }
    }

    fn for_loop(&mut self, inner: &ast::ForLoop<'_>) -> Option<Part> {
        let over = self.expr(&inner.iter);
        let targets: Option<Vec<&str>> = match &inner.target {
            ast::Expr::Var(var) => Some(vec![var.id]),
            ast::Expr::List(list) => list.items.iter().map(var_name).collect(),
            ast::Expr::Tuple(tuple) => tuple.items.iter().map(var_name).collect(),
            _ => None,
        };
        let targets = targets?;
        let depth = self.locals.len();
        self.locals.extend(targets.iter().map(|t| Text::from(*t)));
        self.locals.push("loop".into());
        let filter = self.maybe(&inner.filter_expr);
        let body = self.parts(&inner.body);
        self.locals.truncate(depth);
        let otherwise = self.parts(&inner.else_body);
        let targets = targets.iter().map(|t| self.reader.names.intern(t)).collect();
        let counter = self.reader.names.intern("loop");
        Some(Part::For(Box::new(For { targets, counter, over: over?, filter: filter?, body: body?.into(), otherwise: otherwise?.into() })))
    }
}

fn var_name<'a>(tree: &ast::Expr<'a>) -> Option<&'a str> {
    if let ast::Expr::Var(var) = tree { Some(var.id) } else { None }
}

fn constant_step(tree: &ast::Expr<'_>) -> Option<Step> {
    match tree {
        ast::Expr::Const(c) => match constant(&c.value) {
            Value::Text(key) => Some(Step::Key(key)),
            Value::Int(index) => Some(Step::Index(index)),
            _ => None,
        },
        ast::Expr::UnaryOp(op) => match constant_step(&op.expr)? {
            Step::Index(index) if matches!(op.op, ast::UnaryOpKind::Neg) => Some(Step::Index(-index)),
            _ => None,
        },
        _ => None,
    }
}

fn negate(of: Expr) -> Expr {
    match of.as_const().and_then(Value::as_number) {
        Some(Number::Int(n)) if n != i64::MIN => Expr::Const(Value::Int(-n)),
        Some(Number::Float(n)) => Expr::Const(Value::Float(-n)),
        _ => Expr::Negate(Box::new(of)),
    }
}

fn comparison(op: ast::CompareOpKind) -> Comparison {
    match op {
        ast::CompareOpKind::Eq => Comparison::Equal,
        ast::CompareOpKind::Ne => Comparison::Unequal,
        ast::CompareOpKind::Lt => Comparison::Less,
        ast::CompareOpKind::Lte => Comparison::AtMost,
        ast::CompareOpKind::Gt => Comparison::Greater,
        ast::CompareOpKind::Gte => Comparison::AtLeast,
        ast::CompareOpKind::In => Comparison::In,
        ast::CompareOpKind::NotIn => Comparison::NotIn,
    }
}

fn constant(value: &minijinja::Value) -> Value {
    if value.is_none() || value.is_undefined() {
        return Value::Missing;
    }
    if let Some(text) = value.as_str() {
        return Value::text(text);
    }
    if value.kind() == minijinja::value::ValueKind::Bool {
        return Value::Bool(value.is_true());
    }
    if value.is_integer() {
        let exact = i64::try_from(value.clone()).map(Value::Int);
        return exact.or_else(|_| u64::try_from(value.clone()).map(Value::Uint)).unwrap_or_default();
    }
    f64::try_from(value.clone()).map(Value::Float).unwrap_or_default()
}
