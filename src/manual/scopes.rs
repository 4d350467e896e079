//! Which names exist where, as far as they are not the usual ones: for the language page.

/// The names of one place: the section of the page, its keys (none: all of them), the names.
pub struct Scope {
    /// The title of the section.
    pub section: &'static str,
    /// The keys for which this holds; empty for the whole section.
    pub keys: &'static [&'static str],
    /// What exists there, in a sentence.
    pub names: &'static str,
}

const fn scope(section: &'static str, keys: &'static [&'static str], names: &'static str) -> Scope {
    Scope { section, keys, names }
}

const MAPPING: &str = "With `from`, `row` (and `$`), `key` and what the rows of the source carry along; always `checks`.";
const REQUEST: &str = "Those of `each` and of a `let` that needs nothing of the answer; no `row`, since there is none yet.";

/// All places whose names are not just those that exist everywhere.
pub const SCOPES: &[Scope] = &[
    scope("Config field", &["default"], "`init_config` and the other fields of `instance`."),
    scope("Source", &["http", "command", "file", "decode"], REQUEST),
    scope("Source", &["expect"], "`row` (and `$`) is the whole document; `NAME.status` and `NAME.headers` of the source itself."),
    scope("Source", &["index"], "`row` and `key` are those of each row."),
    scope("Source", &["service_check"], "The result of the source by its name; no `row`."),
    scope("Login", &["when"], "Those of the request."),
    scope("Login `session`", &["token", "renew_when"], "`row` (and `$`) is the document of the answer, `answer` the answer itself."),
    scope("Login `session`", &["inject"], "`token`."),
    scope("Login request", &["expect"], "`row` (and `$`) is the document of the login's answer, `answer` the answer itself."),
    scope("Inject", &[], "`token`, what `token` of the session gave: `{{ token }}`, or `{{ token.csrf }}` of a map."),
    scope("Paginate", &["stop_when"], "`row` is the document of the page; the source's own name leads to `.status` and `.headers`."),
    scope("Paging `cursor`", &["from"], "`row` is the document of the page."),
    scope("Paging `cursor`", &["into"], "`cursor`, and `row`, the document of the page."),
    scope("Into", &[], "`cursor`, and `row`, the document of the page before."),
    scope("Paging `next_url`", &["from"], "`row` is the document of the page."),
    scope("Poll", &["until"], "`row` is the whole document of each answer."),
    scope("Source `file`", &[], "In the rows of the source, and wherever they are read, `file` is the path of the file of the row."),
    scope(
        "Rows",
        &["rows", "each", "let", "set", "when"],
        "`row` and `key`, the names of `each` and `let` of this place and those that the rows carry along.",
    ),
    scope("Rows", &["group"], "As above; behind it only the new `row` and the names of the run are left."),
    scope("Rows", &["dedupe", "limit", "once"], "As above; behind a `group` the new `row`."),
    scope("Recurse", &["recurse"], "`row` is the row whose children it gives."),
    scope("Recurse", &[], "In the rows `parent` is the row one level up (missing at the top) and `depth` the level, from 0."),
    scope("Once", &[], "`row` (and `$`)."),
    scope("Index", &["key"], "`row` (and `$`)."),
    scope("Metric mapping", &[], MAPPING),
    scope("Metric", &[], "Those of the mapping that it stands in."),
    scope("Service check", &[], MAPPING),
    scope("Event", &[], MAPPING),
    scope("Event", &["on_change"], "The same; where it is given, all other keys also see `change.from` and `change.to`."),
    scope("Log", &[], MAPPING),
    scope("Topology instance", &[], "No `row`, and no sources: it is known before the run."),
    scope("Component", &[], MAPPING),
    scope("Relation", &[], MAPPING),
    scope("Deletion", &[], MAPPING),
    scope("Stream", &[], "No `row`, and no sources: it is known before the run."),
    scope("Health state", &[], MAPPING),
    scope("Item", &["when", "text"], "The names of its `each`, besides those of the place where the list stands."),
    scope("State name", &["initial"], "The configuration and the run; no source, since none has run."),
    scope("State name", &["next"], "All sources and `state` itself; no `row`: `NAME.rows | pluck('id') | max`."),
    scope("Defaults", &[], "Those of the place where a default is used: `row` in mappings with `from`, for example."),
    scope("Top-level keys", &["let", "metadata"], "All sources; no `row`."),
    scope("Top-level keys", &["auth"], "Those of the request that uses the login, so far as all have them; no `row`."),
];

/// What is said of a whole section.
pub fn of_section(section: &str) -> Option<&'static str> {
    SCOPES.iter().find(|scope| scope.section == section && scope.keys.is_empty()).map(|scope| scope.names)
}

/// What is said of one key.
pub fn of_key(section: &str, key: &str) -> Option<&'static str> {
    SCOPES.iter().find(|scope| scope.section == section && scope.keys.contains(&key)).map(|scope| scope.names)
}
