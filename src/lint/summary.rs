//! What a person can read: the gravest and first problems in full, the rest by lines.

use crate::base::diag::Diagnostic;
use crate::base::render;
use crate::base::span::Sources;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Problems of one code in one file that are drawn in full; the others are named with their lines.
const ALIKE: usize = 3;
/// Lines that are named.
const LINES: usize = 10;

/// The problems as text, `limit` of them in full at most; 0 draws all of them in full.
pub fn human(problems: &[Diagnostic], sources: &Sources, color: bool, limit: usize) -> String {
    if limit == 0 {
        return render::human(problems, sources, color);
    }
    let mut drawn: HashMap<_, usize> = HashMap::new();
    let (mut full, mut alike, mut beyond) = (Vec::new(), Vec::<(usize, Vec<&Diagnostic>)>::new(), 0);
    for problem in problems {
        let key = (problem.span().file, problem.code);
        let n = drawn.entry(key).or_default();
        *n += 1;
        if *n > ALIKE {
            match alike.iter_mut().find(|(_, list)| list.first().is_some_and(|first| (first.span().file, first.code) == key)) {
                Some((_, list)) => list.push(problem),
                None => alike.push((full.len(), vec![problem])),
            }
        } else if full.len() < limit {
            full.push(problem.clone());
        } else {
            beyond += 1;
        }
    }
    let mut out = render::human(&full, sources, color);
    for (_, list) in alike {
        out.push_str(&more(&list, sources));
    }
    if beyond > 0 {
        let _ = writeln!(out, "{beyond} further problems are not shown; `--limit 0` shows all\n");
    }
    out
}

fn more(list: &[&Diagnostic], sources: &Sources) -> String {
    let Some(first) = list.first() else { return String::new() };
    let source = sources.get(first.span().file);
    let lines: Vec<String> =
        list.iter().filter_map(|problem| Some(source?.position(problem.span().start).line.to_string())).take(LINES).collect();
    let dots = if list.len() > LINES { " …" } else { "" };
    let path = source.map_or("", |source| &*source.path);
    format!("{}[{}]: {} more in {path}, lines {}{dots}\n\n", first.level.word(), first.code, list.len(), lines.join(", "))
}
