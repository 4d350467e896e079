//! Problems in the form of SARIF 2.1.0, which code hosts and editors show beside the lines.

use super::{codes, rule};
use crate::base::diag::{Diagnostic, Label, Level};
use crate::base::span::{Sources, Span};
use serde_json::{Map, Value as Json, json};

/// One run with all problems.
pub fn sarif(problems: &[Diagnostic], sources: &Sources) -> Json {
    let mut rules: Vec<&'static str> = problems.iter().map(|problem| problem.code).collect();
    rules.sort_unstable();
    rules.dedup();
    let results: Vec<Json> = problems.iter().map(|problem| result(problem, &rules, sources)).collect();
    let rules: Vec<Json> = rules.iter().map(|code| descriptor(code)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "engine", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
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
    out.insert("help".into(), json!({"text": format!("`engine explain {code}` shows a bad and a good example.")}));
    out.insert("defaultConfiguration".into(), json!({"level": level.word()}));
    out.into()
}

fn result(problem: &Diagnostic, rules: &[&str], sources: &Sources) -> Json {
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
