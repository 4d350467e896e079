//! Calls of functions, filters and tests: the function is found, and its arguments are put where its
//! parameters are, while parsing.

use super::function::{self, Function, signature};
use super::parse::Parser;
use super::tree::Expr;
use crate::base::diag::Diagnostic;
use crate::base::suggest::nearest;
use crate::base::value::Value;
use minijinja::machinery::{Span, ast};

impl Parser<'_, '_> {
    pub(super) fn function(
        &mut self,
        what: &'static str,
        name: &str,
        span: Span,
        find: fn(&str) -> Option<&'static Function>,
        known: impl Iterator<Item = &'static str>,
    ) -> Option<&'static Function> {
        if let Some(function) = find(name) {
            return Some(function);
        }
        let span = self.word(name, span);
        let mut problem = Diagnostic::error("unknown-function", format!("unknown {what} `{name}`"), span);
        // Tests have names of their own, which are nearer than functions of other languages.
        let found = if what == "test" {
            nearest(name, known).or_else(|| function::elsewhere(name).filter(|here| here.starts_with('`')))
        } else {
            function::elsewhere(name).or_else(|| nearest(name, known))
        };
        problem = match found {
            Some(near) if near.contains(|c: char| !c.is_alphanumeric() && c != '_') => {
                problem.label("it is written in another way here").help(format!("write {near}"))
            }
            Some(near) => problem.label(format!("did you mean `{near}`?")).help(format!("write `{near}`")).edit(span, near),
            None => problem
                .label("there is none of that name")
                .help("words that are meant stand in quotes; the language reference lists all functions, filters and tests"),
        };
        self.report(problem);
        None
    }

    pub(super) fn call_by_name(&mut self, call: &ast::Call<'_>) -> Option<Expr> {
        match &call.expr {
            ast::Expr::Var(var) => {
                let function = self.function("function", var.id, var.span(), function::find, function::names())?;
                let mut args = call.args.iter();
                match args.next() {
                    Some(ast::CallArg::Pos(first)) => {
                        let first = self.expr(first);
                        self.call(function, first, args.as_slice(), call.expr.span())
                    }
                    _ => self.call_named(function, &call.args, call.expr.span()),
                }
            }
            ast::Expr::GetAttr(attr) => {
                let span = self.span(call.expr.span());
                let problem = Diagnostic::error("method-call", format!("values have no method `{}`", attr.name), span);
                let filter = function::find(attr.name).map(|filter| filter.name).or_else(|| function::elsewhere(attr.name));
                let help = match filter {
                    Some(filter) if !filter.contains(' ') => {
                        format!("use the filter: `value | {filter}`, with its arguments in parentheses")
                    }
                    Some(other) => format!("write {other}"),
                    None => "use a filter: `value | name(…)`; the reference lists them".to_owned(),
                };
                self.report(problem.label("a method call").help(help));
                None
            }
            _ => {
                let span = self.span(call.expr.span());
                self.report(
                    Diagnostic::error("method-call", "this is no function", span)
                        .label("called here")
                        .help("call functions by their names"),
                );
                None
            }
        }
    }

    fn call_named(&mut self, function: &'static Function, args: &[ast::CallArg<'_>], span: Span) -> Option<Expr> {
        let mut values: Vec<Option<Expr>> = function.params.iter().map(|_| None).collect();
        self.arguments(function, args, 0, &mut values, span)
    }

    /// A call whose first argument is there: the value a filter is applied to.
    pub(super) fn call(&mut self, function: &'static Function, first: Option<Expr>, args: &[ast::CallArg<'_>], span: Span) -> Option<Expr> {
        let mut values: Vec<Option<Expr>> = function.params.iter().map(|_| None).collect();
        let first = first?;
        match values.first_mut() {
            Some(slot) => *slot = Some(first),
            None if function.variadic => values.push(Some(first)),
            None => {
                self.arity(function, span);
                return None;
            }
        }
        self.arguments(function, args, 1, &mut values, span)
    }

    /// Puts positional and named arguments where the parameters are.
    fn arguments(
        &mut self,
        function: &'static Function,
        args: &[ast::CallArg<'_>],
        from: usize,
        values: &mut Vec<Option<Expr>>,
        span: Span,
    ) -> Option<Expr> {
        let mut place = from;
        for arg in args {
            match arg {
                ast::CallArg::Pos(tree) => {
                    let value = self.expr(tree)?;
                    match values.get_mut(place) {
                        Some(slot) => *slot = Some(value),
                        None if function.variadic => values.push(Some(value)),
                        None => {
                            self.arity(function, span);
                            return None;
                        }
                    }
                    place += 1;
                }
                ast::CallArg::Kwarg(name, tree) => {
                    let value = self.expr(tree)?;
                    let at = function.params.iter().position(|p| p.name == *name);
                    match at.and_then(|at| values.get_mut(at)) {
                        Some(slot) => *slot = Some(value),
                        None => {
                            self.unknown_argument(function, name, span);
                            return None;
                        }
                    }
                }
                ast::CallArg::PosSplat(_) | ast::CallArg::KwargSplat(_) => {
                    self.arity(function, span);
                    return None;
                }
            }
        }
        let given = values.iter().zip(function.params).all(|(value, param)| value.is_some() || !param.required);
        if !given {
            self.arity(function, span);
            return None;
        }
        while values.last().is_some_and(Option::is_none) && values.len() > 1 {
            values.pop();
        }
        let args = values.drain(..).map(|value| value.unwrap_or(Expr::Const(Value::Missing)));
        Some(Expr::Call(function, args.collect()))
    }

    fn arity(&mut self, function: &Function, span: Span) {
        let span = self.span(span);
        let problem = Diagnostic::error("wrong-arguments", format!("`{}` has other arguments", function.name), span).label("called here");
        let (example, result) = function.example;
        self.report(
            problem.text(format!("{}: {}", signature(function), function.doc)).help(format!("for example `{example}` gives {result}")),
        );
    }

    fn unknown_argument(&mut self, function: &Function, name: &str, span: Span) {
        let at = self.word(name, span);
        let mut problem = Diagnostic::error("wrong-arguments", format!("`{}` has no argument `{name}`", function.name), at);
        if let Some(near) = nearest(name, function.params.iter().map(|p| p.name)) {
            problem = problem.label(format!("did you mean `{near}`?")).edit(at, near);
        }
        self.report(problem.help(format!("it is called as {}", signature(function))));
    }
}
