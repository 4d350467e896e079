//! Codes of paths, expressions and texts with holes.

use super::Code;

/// The table.
pub(super) const TABLE: &[Code] = &[
    Code {
        code: "bad-expression",
        finds: "A text that is no expression.",
        why: "Fields that mean a value or a condition hold expressions; plain words are names there.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {name: demo.up, value: page.status =}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {name: demo.up, value: page.status == 200}
"##,
    },
    Code {
        code: "bad-path",
        finds: "A text that begins like a path and is none.",
        why: "Paths are JSONPath as in RFC 9535.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {from: page, name: demo.up, value: "$.a[", optional: true}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {from: page, name: demo.up, value: $.a, optional: true}
"##,
    },
    Code {
        code: "bad-regex",
        finds: "A regular expression that does not compile.",
        why: "The syntax is that of the `regex` crate: no look-around, no back-references.",
        bad: "sources:
  log: {file: {path: /tmp/a}, decode: {regex: {pattern: '(?P<a>[0-9+'}}}
metrics:
  - {name: demo.up, value: 1}
",
        good: "sources:
  log: {file: {path: /tmp/a}, decode: {regex: {pattern: '(?P<a>[0-9]+)'}}}
metrics:
  - {name: demo.n, value: log.count}
",
    },
    Code {
        code: "bad-grok",
        finds: "A grok pattern that does not compile.",
        why: "It names a pattern that there is not, or its own text is no regular expression.",
        bad: "sources:
  log: {file: {path: /tmp/a}, decode: {grok: {pattern: '%{NUMBR:n}'}}}
metrics:
  - {name: demo.up, value: 1}
",
        good: "sources:
  log: {file: {path: /tmp/a}, decode: {grok: {pattern: '%{NUMBER:n}'}}}
metrics:
  - {name: demo.n, value: log.count}
",
    },
    Code {
        code: "bad-selector",
        finds: "A text that is no CSS selector.",
        why: "The table to read would never be found.",
        bad: r##"sources:
  page: {file: {path: /tmp/a}, decode: {html: {table: "#a["}}}
metrics:
  - {name: demo.up, value: 1}
"##,
        good: r##"sources:
  page: {file: {path: /tmp/a}, decode: {html: {table: "#a"}}}
metrics:
  - {name: demo.n, value: page.count}
"##,
    },
    Code {
        code: "braces-in-expression",
        finds: "Braces in a field that is an expression already.",
        why: "`{{ }}` makes a text of a value; an expression keeps its type.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {name: demo.up, value: "{{ page.status }}"}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {name: demo.up, value: page.status}
"##,
    },
    Code {
        code: "words-like-expression",
        finds: "Plain words that look like an expression.",
        why: "A text field sends these very words, not the value that they seem to name.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {from: page, name: demo.up, value: 1, tags: {node: row.name}}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {from: page, name: demo.up, value: 1, tags: {node: "{{ row.name }}"}}
"##,
    },
    Code {
        code: "name-not-in-scope",
        finds: "A name that does not exist where it is used.",
        why: "It is a typo, plain words without quotes, or a name of another place: there is no `row` without `from`.",
        bad: "metrics:
  - {name: demo.up, value: row.up}
",
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {from: page, name: demo.up, value: row.up}
"##,
    },
    Code {
        code: "unknown-member",
        finds: "A member that its name does not have.",
        why: "A result, a configuration or a table has the members that it has; all others are missing for ever.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {name: demo.up, value: page.stauts}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {name: demo.up, value: page.status}
"##,
    },
    Code {
        code: "unknown-function",
        finds: "A function, filter or test that there is not.",
        why: "It is a typo, or called otherwise here.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {name: demo.n, value: page.body | len}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {name: demo.n, value: page.body | length}
"##,
    },
    Code {
        code: "wrong-arguments",
        finds: "A function with other arguments than it takes.",
        why: "It would fail in every run.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {name: demo.n, value: "page.body | number(unti='kB')"}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {name: demo.n, value: "page.body | number(unit='kB')"}
"##,
    },
    Code {
        code: "method-call",
        finds: "A call of a method, as other languages have them.",
        why: "Values have no methods; filters do the same.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {from: page, name: demo.n, value: "row.a.split(',')[0]"}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {from: page, name: demo.n, value: "(row.a | split(','))[0]"}
"##,
    },
    Code {
        code: "filter-precedence",
        finds: "A filter that ends before an operator behind it.",
        why: "`a | f ~ b` is `(a | f) ~ b`: the filter sees `a` alone.",
        bad: r##"let: {name: engine.hostname | upper ~ run.number}
metrics:
  - {name: demo.up, value: 1, tags: {name: "{{ name }}"}}
"##,
        good: r##"let: {name: (engine.hostname ~ spec.name) | upper}
metrics:
  - {name: demo.up, value: 1, tags: {name: "{{ name }}"}}
"##,
    },
    Code {
        code: "unknown-statement",
        finds: "A statement in a text that is neither `if` nor `for`.",
        why: "Texts are for printing; names are computed with `let`.",
        bad: r##"events:
  - {when: run.failed, title: "{% set a = 1 %}{{ a }}"}
"##,
        good: r##"let: {a: 1}
events:
  - {when: run.failed, title: "{{ a }}"}
"##,
    },
    Code {
        code: "hidden-name",
        finds: "A name that hides another.",
        why: "Two things of one name are mixed up by every reader.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
let: {page: 1}
metrics:
  - {name: demo.up, value: 1}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
let: {pages: 1}
metrics:
  - {name: demo.up, value: pages, when: page.ok}
"##,
    },
    Code {
        code: "circular-names",
        finds: "A name that needs itself.",
        why: "None of the names of the circle can be computed first.",
        bad: "let: {a: b + 1, b: a + 1}
metrics:
  - {name: demo.a, value: a}
",
        good: "let: {a: b + 1, b: 1}
metrics:
  - {name: demo.a, value: a}
",
    },
    Code {
        code: "circular-sources",
        finds: "Sources that wait for each other.",
        why: "None of them can be asked first.",
        bad: r##"sources:
  a: {file: {path: "/tmp/{{ b.body }}"}, decode: raw}
  b: {file: {path: "/tmp/{{ a.body }}"}, decode: raw}
metrics:
  - {name: demo.up, value: 1}
"##,
        good: r##"sources:
  a: {file: {path: /tmp/a}, decode: raw}
  b: {file: {path: "/tmp/{{ a.body }}"}, decode: raw}
metrics:
  - {name: demo.n, value: b.body | length}
"##,
    },
    Code {
        code: "whole-previous",
        finds: "`previous` without a name behind it.",
        why: "Only what a spec names is kept between runs; all of it would be everything.",
        bad: "metrics:
  - {name: demo.n, value: previous | length}
",
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {name: demo.n, value: previous.page.count}
"##,
    },
];
