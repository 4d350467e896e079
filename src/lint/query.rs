//! Questions about parsed places.

use super::subject::{Subject, constant};
use crate::base::name::Names;
use crate::base::value::{Text, Value};
use crate::expr::code::Code;
use crate::expr::frame::Frame;
use crate::expr::names::{INIT_CONFIG, INSTANCE, install_into};
use crate::expr::tree::Expr;
use crate::spec::config::ConfigType;
use crate::yaml::node::{Data, Node};
use std::sync::Arc;

/// The value of a place that uses no names; none where it fails or uses some.
pub fn constant_value(code: &Code) -> Option<Value> {
    if !code.uses.is_empty() {
        return None;
    }
    let mut names = Names::default();
    install_into(&mut names);
    let mut frame = Frame::new(Arc::new(names), Default::default());
    code.eval(&mut frame).ok()
}

/// Calls `take` for an expression and everything inside it.
pub fn each_part<'e>(expr: &'e Expr, take: &mut dyn FnMut(&'e Expr)) {
    take(expr);
    expr.parts(&mut |part| each_part(part, take));
}

/// Calls `take` for every key of a tree with its value.
pub fn walk<'n>(node: &'n Node, take: &mut dyn FnMut(&str, &'n Node)) {
    match &node.data {
        Data::Scalar(_) => {}
        Data::List(items) => items.iter().for_each(|item| walk(item, take)),
        Data::Map(entries) => {
            for entry in entries {
                take(&entry.key, &entry.value);
                walk(&entry.value, take);
            }
        }
    }
}

/// Calls `take` for every scalar of a tree.
pub fn leaves<'n>(node: &'n Node, take: &mut dyn FnMut(&'n Node)) {
    match &node.data {
        Data::Scalar(_) => take(node),
        Data::List(items) => items.iter().for_each(|item| leaves(item, take)),
        Data::Map(entries) => entries.iter().for_each(|entry| leaves(&entry.value, take)),
    }
}

/// The secret key of the configuration that a place shows. One that only asks whether it is there
/// shows nothing, and neither does a digest.
pub fn shown_secret(subject: &Subject<'_>, code: &Code) -> Option<Text> {
    let config = &subject.spec.config;
    let used = code.uses.iter().find(|used| {
        let fields = match used.name {
            INSTANCE => &config.instance,
            INIT_CONFIG => &config.init_config,
            _ => return false,
        };
        let secret = |key: &str| fields.iter().any(|field| &*field.key == key && field.field.types.contains(&ConfigType::Secret));
        used.member.as_deref().is_some_and(secret)
    })?;
    let mut harmless = false;
    each_part(&code.expr, &mut |part| {
        harmless |=
            matches!(part, Expr::Call(function, _) if ["md5", "sha1", "sha256", "defined", "undefined", "length"].contains(&function.name));
        harmless |= matches!(part, Expr::Compare(..) | Expr::If(..) | Expr::Not(..));
    });
    used.member.clone().filter(|_| !harmless)
}

/// The text that a shell runs, for a command that is one.
pub fn shell_script(command: &Node) -> Option<&Node> {
    let argv = command.entry("argv")?.value.as_list()?;
    let word = |at: usize| argv.get(at).and_then(constant);
    let program = word(0)?.rsplit('/').next()?;
    let at = argv.iter().position(|item| constant(item).is_some_and(|text| text.starts_with('-') && text.ends_with('c')))?;
    (["sh", "bash", "dash", "zsh", "ksh", "ash"].contains(&program)).then(|| argv.get(at + 1)).flatten()
}
