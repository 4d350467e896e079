//! Logins with names: the top-level `auth` of a spec.

use super::{Auth, Chosen, KINDS};
use crate::base::diag::Diagnostic;
use crate::base::suggest::{listed, nearest};
use crate::yaml::kind::find;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, NamedNode, Reader};
use crate::yaml::shape::{KindDoc, Shape};

/// The key that names a login beside a condition.
pub const WORD: &str = "named";

/// For the reference.
pub fn docs() -> KindDoc {
    KindDoc {
        name: WORD,
        doc: "A login of the top-level `auth`, by its name. Without a condition the bare name does: `auth: acme`.",
        fields: Vec::new(),
        short: Some(Shape::Text),
    }
}

/// Notes the named logins of a spec, to be read where they are used.
pub fn declare(node: Option<&Node>, reader: &mut Reader<'_>) {
    let Some(node) = node else { return };
    let Some(entries) = node.as_map() else {
        reader.mismatch(node, "a map of names to logins");
        return;
    };
    for entry in entries {
        if find(KINDS, &entry.key).is_some() {
            let title = format!("a named login with the name of a kind, `{}`", entry.key);
            let problem = Diagnostic::error("wrong-name", title, entry.key_span).label("a kind of login, and here a name stands");
            let help = "the logins at the top have names and hold for the sources that name them: write `auth: {NAME: {basic: …}}` here and `auth: NAME` there; for all sources write `defaults: {sources: {auth: …}}`";
            reader.report(problem.help(help.replace("basic", &entry.key)));
            continue;
        }
        reader.logins.push(NamedNode { entry: entry.clone(), used: false, open: false });
    }
}

/// Reads and reports the logins that nothing has used.
pub fn report_unused(reader: &mut Reader<'_>) {
    let unused: Vec<_> = reader.logins.iter().filter(|login| !login.used).map(|login| login.entry.clone()).collect();
    for entry in unused {
        let at = reader.problems.len();
        Auth::read(&entry.value, reader);
        if reader.problems.len() == at {
            let problem = Diagnostic::warning("unused-login", format!("nothing uses the login `{}`", entry.key), entry.key_span);
            reader.report(problem.label("declared here").help(format!("write `auth: {}` in an `http` source, or remove it", entry.key)));
        }
    }
}

/// The login of a name, read in the scope of its use.
pub(super) fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Chosen> {
    let Some(scalar) = node.as_scalar() else {
        reader.mismatch(node, "the name of a login");
        return None;
    };
    let Some(at) = reader.logins.iter().position(|login| login.entry.key == scalar.text) else {
        reader.report(unknown(&scalar.text, node, reader));
        return None;
    };
    let login = reader.logins.get_mut(at)?;
    if login.open {
        let title = format!("the login `{}` needs itself", scalar.text);
        let problem = Diagnostic::error("circular-login", title, node.span).label("named inside of itself");
        reader.report(problem.help("write out here how to log in, or name another login"));
        return None;
    }
    login.used = true;
    login.open = true;
    let entry = login.entry.clone();
    let read = Auth::read(&entry.value, reader);
    if let Some(login) = reader.logins.get_mut(at) {
        login.open = false;
    }
    read.map(|auth| Chosen::Named(entry.key, auth))
}

fn unknown(word: &str, node: &Node, reader: &Reader<'_>) -> Diagnostic {
    let names: Vec<&str> = reader.logins.iter().map(|login| &*login.entry.key).collect();
    let kinds = KINDS.iter().map(|kind| kind.name);
    let problem = Diagnostic::error("unknown-login", format!("there is no login `{word}`"), node.span);
    match nearest(word, names.iter().copied().chain(kinds.clone())) {
        Some(near) => problem.label(format!("did you mean `{near}`?")).help(format!("write `{near}`")).edit(node.span, near),
        None if names.is_empty() => {
            let help = format!("declare it at the top, `auth: {{{word}: …}}`, or log in with one of {}", listed(kinds, 40));
            problem.label("no login of that name").help(help)
        }
        None => problem.label("no login of that name").help(format!("use one of {}", listed(names.into_iter(), 20))),
    }
}
