//! Problems in the form of SARIF 2.1.0, which code hosts and editors show beside the lines.
//!
//! Each result has a fingerprint, so that a code host knows a problem again that has only moved: it is
//! made of the code, the file and the text of the line, and of nothing that an edit elsewhere changes.

use super::explain::explain;
use super::{codes, rule};
use crate::base::diag::{Diagnostic, Label, Level};
use crate::base::span::{Sources, Span};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// One run with all problems.
pub fn sarif(problems: &[Diagnostic], sources: &Sources) -> Json {
    let mut rules: Vec<&'static str> = problems.iter().map(|problem| problem.code).collect();
    rules.sort_unstable();
    rules.dedup();
    let mut seen = HashMap::new();
    let results: Vec<Json> = problems.iter().map(|problem| result(problem, &rules, sources, &mut seen)).collect();
    let rules: Vec<Json> = rules.iter().map(|code| descriptor(code)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "engine", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "invocations": [{"executionSuccessful": true}],
            "results": results,
        }],
    })
}

fn descriptor(code: &str) -> Json {
    let mut out = Map::new();
    out.insert("id".into(), code.into());
    let (finds, why, level) = match (rule(code), codes::find(code)) {
        (Some(rule), _) => (rule.finds, rule.why, rule.level),
        (None, Some(known)) => (known.finds, known.why, Level::Error),
        (None, None) => return out.into(),
    };
    out.insert("shortDescription".into(), json!({"text": finds}));
    out.insert("fullDescription".into(), json!({"text": format!("{finds} {why}")}));
    // There the examples stand, indented as Markdown wants code.
    let help = explain(code).unwrap_or_default();
    out.insert("help".into(), json!({"text": help, "markdown": help}));
    out.insert("defaultConfiguration".into(), json!({"level": level.word()}));
    out.into()
}

fn result(problem: &Diagnostic, rules: &[&str], sources: &Sources, seen: &mut HashMap<String, usize>) -> Json {
    let sentences = [Some(problem.title.clone()), problem.text.clone(), problem.help.as_ref().map(|help| format!("Help: {help}"))];
    let message: Vec<String> = sentences.into_iter().flatten().collect();
    let mut out = Map::new();
    out.insert("ruleId".into(), problem.code.into());
    if let Ok(index) = rules.binary_search(&problem.code) {
        out.insert("ruleIndex".into(), index.into());
    }
    out.insert("level".into(), problem.level.word().into());
    out.insert("message".into(), json!({"text": message.join("\n")}));
    out.insert("locations".into(), problem.labels.first().and_then(|label| location(label, None, sources)).into_iter().collect());
    let related: Vec<Json> =
        problem.labels.iter().skip(1).enumerate().filter_map(|(id, label)| location(label, Some(id), sources)).collect();
    if !related.is_empty() {
        out.insert("relatedLocations".into(), related.into());
    }
    out.insert("partialFingerprints".into(), json!({"problem/v1": fingerprint(problem, sources, seen)}));
    if let Some(edit) = &problem.edit
        && let Some((artifact, region)) = physical(edit.span, sources)
    {
        let replacement = json!({"deletedRegion": region, "insertedContent": {"text": edit.replacement}});
        let description = problem.help.clone().unwrap_or_else(|| "the cure".to_owned());
        let change = json!({"artifactLocation": artifact, "replacements": [replacement]});
        out.insert("fixes".into(), json!([{"description": {"text": description}, "artifactChanges": [change]}]));
    }
    out.into()
}

/// The same for a problem that has only moved; the second of two alike in one file is told by its
/// number among them.
fn fingerprint(problem: &Diagnostic, sources: &Sources, seen: &mut HashMap<String, usize>) -> String {
    let span = problem.span();
    let (path, line) = sources.get(span.file).map_or(("", ""), |source| {
        let (start, end) = source.line_range(span.start);
        (&*source.path, source.text.get(start..end).unwrap_or("").trim())
    });
    let hash = hex::encode(Sha256::digest([problem.code, path, line].join("\0")));
    let short = hash.get(..16).unwrap_or(&hash).to_owned();
    let count = seen.entry(short.clone()).or_default();
    *count += 1;
    format!("{short}:{count}")
}

fn location(label: &Label, id: Option<usize>, sources: &Sources) -> Option<Json> {
    let (artifact, region) = physical(label.span, sources)?;
    let mut out = Map::new();
    if let Some(id) = id {
        out.insert("id".into(), id.into());
    }
    out.insert("physicalLocation".into(), json!({"artifactLocation": artifact, "region": region}));
    if !label.text.is_empty() {
        out.insert("message".into(), json!({"text": label.text}));
    }
    Some(out.into())
}

/// The file and the region, both ends as people count them.
fn physical(span: Span, sources: &Sources) -> Option<(Json, Json)> {
    let source = sources.get(span.file)?;
    let (start, end) = (source.position(span.start), source.position(span.end));
    let region = json!({"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column});
    Some((json!({"uri": uri(&source.path)}), region))
}

/// The path as a URI: relative where it was given so.
fn uri(path: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');
    let encoded = utf8_percent_encode(path, KEPT).to_string();
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded }
}
