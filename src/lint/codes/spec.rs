//! Codes of sources and mappings.

use super::Code;

/// The table.
pub(super) const TABLE: &[Code] = &[
    Code {
        code: "wrong-name",
        finds: "A spec whose name is not that of its file.",
        why: "The name joins spec, file and conf.d; two names would mean two checks.",
        bad: "# specs/demo.yaml
name: other
version: 1.0.0
metrics:
  - {name: demo.up, value: 1}
",
        good: "# specs/demo.yaml
name: demo
version: 1.0.0
metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "two-spec-files",
        finds: "A spec that is there twice in one folder, as `NAME.yaml` and as `NAME/spec.yaml`.",
        why: "One of them would be used, and whoever edits the other wonders why nothing changes.",
        bad: "# specs/demo.yaml
name: demo
version: 1.0.0
metrics:
  - {name: demo.up, value: 1}
# specs/demo/spec.yaml
name: demo
version: 1.1.0
metrics:
  - {name: demo.up, value: 2}
",
        good: "# specs/demo/spec.yaml
name: demo
version: 1.1.0
metrics:
  - {name: demo.up, value: 2}
",
    },
    Code {
        code: "bad-version",
        finds: "A version that is no `major.minor.patch`.",
        why: "Without quotes `1.10` is the number 1.1.",
        bad: "# specs/demo.yaml
name: demo
version: 1.10
metrics:
  - {name: demo.up, value: 1}
",
        good: "# specs/demo.yaml
name: demo
version: 1.0.0
metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "unknown-language",
        finds: "A version of the language that this engine does not know.",
        why: "It may mean other things than this engine would do.",
        bad: "language: 2
metrics:
  - {name: demo.up, value: 1}
",
        good: "language: 1
metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "unknown-source",
        finds: "A source that there is not.",
        why: "It is a typo, or the source was renamed.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {from: pgae, name: demo.up, value: row.up}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {from: page, name: demo.up, value: row.up}
"##,
    },
    Code {
        code: "several-kinds",
        finds: "A source of several kinds at once.",
        why: "Its bytes can come from one place only.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, file: {path: /tmp/a}}
metrics:
  - {name: demo.up, value: 1}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {name: demo.up, value: page.status}
"##,
    },
    Code {
        code: "metric-form",
        finds: "A metric of no form, or of several forms.",
        why: "`name` and `value`, one key per type, `flatten` and `families` exclude each other.",
        bad: "metrics:
  - {name: demo.up, value: 1, gauge: {b: 1}}
",
        good: "metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "no-effect",
        finds: "A key that the form of its mapping does not read.",
        why: "Whoever wrote it expects an effect.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {from: page, flatten: {of: $}, default: 0}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {from: page, prefix: demo., flatten: {of: $}}
"##,
    },
    Code {
        code: "needless-field",
        finds: "A key that goes with another setting only.",
        why: "It would have no effect here.",
        bad: "sources:
  log: {file: {path: /tmp/a, mode: whole, start_at: beginning}, decode: lines}
metrics:
  - {name: demo.up, value: 1}
",
        good: "sources:
  log: {file: {path: /tmp/a, mode: tail, start_at: beginning}, decode: lines}
metrics:
  - {from: log, name: demo.lines, type: count, value: 1}
",
    },
    Code {
        code: "unknown-column",
        finds: "A type for a column that there is not.",
        why: "The column that was meant stays a text.",
        bad: "sources:
  df: {command: {argv: [df]}, decode: {table: {columns: [used], types: {usd: number}}}}
metrics:
  - {name: demo.up, value: 1}
",
        good: "sources:
  df: {command: {argv: [df]}, decode: {table: {columns: [used], types: {used: number}}}}
metrics:
  - {from: df, name: demo.used, value: row.used}
",
    },
    Code {
        code: "bad-options",
        finds: "Options of a decoder that contradict each other.",
        why: "The decoder could read nothing with them.",
        bad: "sources:
  log: {file: {path: /tmp/a}, decode: {csv: {columns: [a, a]}}}
metrics:
  - {name: demo.up, value: 1}
",
        good: "sources:
  log: {file: {path: /tmp/a}, decode: {csv: {columns: [a, b]}}}
metrics:
  - {from: log, name: demo.a, value: row.a}
",
    },
    Code {
        code: "empty-list",
        finds: "A list of decoders without one.",
        why: "Nothing would decode the answer.",
        bad: "sources:
  log: {file: {path: /tmp/a}, decode: []}
metrics:
  - {name: demo.up, value: 1}
",
        good: "sources:
  log: {file: {path: /tmp/a}, decode: [json]}
metrics:
  - {name: demo.n, value: log.count}
",
    },
    Code {
        code: "not-last",
        finds: "A decoder behind one that gives a document.",
        why: "A document is no text that a further decoder could read.",
        bad: "sources:
  log: {file: {path: /tmp/a}, decode: [json, csv]}
metrics:
  - {name: demo.up, value: 1}
",
        good: "sources:
  log: {file: {path: /tmp/a}, decode: [gzip, json]}
metrics:
  - {name: demo.n, value: log.count}
",
    },
    Code {
        code: "bad-families",
        finds: "Names of families that cannot be.",
        why: "Each entry of `metrics` leads from a family to a name.",
        bad: "sources:
  page: {file: {path: /tmp/a}, decode: prometheus}
metrics:
  - {from: page, families: {metrics: [1]}}
",
        good: "sources:
  page: {file: {path: /tmp/a}, decode: prometheus}
metrics:
  - {from: page, families: {metrics: {up: demo.up}}}
",
    },
    Code {
        code: "same-page",
        finds: "Pages that would all be asked for with the same request.",
        why: "The first page would come again and again.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/", paginate: {cursor: {from: $.next, into: {query: {after: x}}}}}, decode: json}
metrics:
  - {name: demo.n, value: page.count}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/", paginate: {cursor: {from: $.next, into: {query: {after: "{{ cursor }}"}}}}}, decode: json}
metrics:
  - {name: demo.n, value: page.count}
"##,
    },
    Code {
        code: "watched-value-in-tags",
        finds: "A tag with the value that `on_change` watches.",
        why: "Tags tell rows apart: with another value it counts as another row, and nothing has changed.",
        bad: "sources:
  list: {file: {path: /tmp/a}, decode: json}
events:
  - {from: list, title: a, on_change: row.state, tags: {state: $.state}}
",
        good: "sources:
  list: {file: {path: /tmp/a}, decode: json}
events:
  - {from: list, title: a, on_change: row.state, tags: {name: $.name}}
",
    },
];
