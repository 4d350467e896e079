//! Codes of the YAML itself, and the shape of what is written.

use super::Code;

/// The table.
pub(super) const TABLE: &[Code] = &[
    Code {
        code: "yaml-syntax",
        finds: "The text is no YAML.",
        why: "Nothing behind the marked place was read; the real slip often stands a little before it, where a bracket or quote was opened.",
        bad: "metrics:
  - {name: demo.up, value: 1
",
        good: "metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "duplicate-key",
        finds: "A key twice in one map.",
        why: "Only one of the two could count, and nobody sees which.",
        bad: "title: One
title: Two
metrics:
  - {name: demo.up, value: 1}
",
        good: "title: One
metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "key-not-text",
        finds: "A key that is no text.",
        why: "Braces without quotes make a map of what was meant as a text with holes.",
        bad: "metrics:
  - {name: demo.up, value: 1, tags: {{ now }}}
",
        good: "metrics:
  - {name: demo.up, value: 1, tags: {role: web}}
",
    },
    Code {
        code: "empty-key",
        finds: "A key without a value.",
        why: "YAML reads it as null; mostly the value was forgotten, or stands on a line that is indented wrongly.",
        bad: "metrics:
  - name: demo.up
    value:
",
        good: "metrics:
  - name: demo.up
    value: 1
",
    },
    Code {
        code: "cut-value",
        finds: "A key that is the rest of a value.",
        why: "In `{ }`, YAML cuts a value at each comma and bracket; what is left looks like a key.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {from: page, name: demo.a, value: max(row.a, row.b)}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - {from: page, name: demo.a, value: "max([row.a, row.b])"}
"##,
    },
    Code {
        code: "comment-in-text",
        finds: "A ` #` inside plain text.",
        why: "YAML takes it and all behind it for a comment, so the text ends there.",
        bad: "events:
  - {when: run.failed, title: a, text: b #1 }
    }
",
        good: r##"events:
  - {when: run.failed, title: a, text: "b #1"}
"##,
    },
    Code {
        code: "unknown-tag",
        finds: "A value that begins with `!`.",
        why: "In YAML that is a tag, not a `not`.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - from: page
    name: demo.up
    value: !row.up
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/"}, decode: json}
metrics:
  - from: page
    name: demo.up
    value: not row.up
"##,
    },
    Code {
        code: "boolean-word",
        finds: "`no`, `on`, `yes` or `off` where any value may stand.",
        why: "In YAML 1.2 these are words. Mostly a boolean is meant.",
        bad: "metadata: {active: yes}
metrics:
  - {name: demo.up, value: 1}
",
        good: "metadata: {active: true}
metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "several-documents",
        finds: "A second YAML document in one file.",
        why: "One file is one spec; what stands behind `---` would be passed over.",
        bad: "metrics:
  - {name: demo.up, value: 1}
---
title: more
",
        good: "metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "empty-file",
        finds: "A file without content.",
        why: "There is nothing to run.",
        bad: "# specs/demo.yaml
# nothing yet
",
        good: "metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "bad-merge",
        finds: "A `<<` with something that is no map.",
        why: "Merge keys take the keys of a map; a list has none.",
        bad: "x-a: &a [1]
metrics:
  - {<<: *a, name: demo.up, value: 1}
",
        good: "x-a: &a {value: 1}
metrics:
  - {<<: *a, name: demo.up}
",
    },
    Code {
        code: "alias-in-itself",
        finds: "An anchor that is used inside of what it names.",
        why: "It would never end.",
        bad: "x-a: &a [1, *a]
metrics:
  - {name: demo.up, value: 1}
",
        good: "x-a: &a [1]
metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "alias-bomb",
        finds: "Aliases that make a small file a huge tree.",
        why: "Nine lines can stand for a billion values, and fill the memory of whoever reads them.",
        bad: "x-a: &a [x, x, x, x, x, x, x, x, x, x]
x-b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
x-c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
x-d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
x-e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
x-f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
x-g: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f, *f]
metrics:
  - {name: demo.up, value: 1}
",
        good: "x-a: &a [x, x]
x-b: [*a, *a]
metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "too-many-problems",
        finds: "More problems in one file than anybody reads.",
        why: "Most of them have one cause, like a file of another program.",
        bad: "# specs/demo.yaml (a thousand keys that are no keys of specs)
",
        good: "# specs/demo.yaml (a spec)
",
    },
    Code {
        code: "too-many-exceptions",
        finds: "More comments that allow something than a file may have.",
        why: "A rule of which nothing is heeded is switched off more plainly in engine.yaml.",
        bad: "# specs/demo.yaml (a comment behind each of three hundred lines)
",
        good: "# engine.yaml
lint: {levels: {bare-metric-name: off}}
",
    },
    Code {
        code: "too-large-spec",
        finds: "A spec that holds more than any spec does.",
        why: "All of it is compared with all of it, which would take minutes and gigabytes.",
        bad: "# specs/demo.yaml (a metric for each of ten thousand disks)
",
        good: "# specs/demo.yaml (one metric `from` a source whose rows are disks)
",
    },
    Code {
        code: "too-many-names",
        finds: "More sources, configuration keys or names of one `let` than a spec may have.",
        why: "Each is compared with each, to find the order in which they are computed.",
        bad: "# specs/demo.yaml (a source for each of two thousand hosts)
",
        good: "# specs/demo.yaml (one source with `each`)
",
    },
    Code {
        code: "too-deep",
        finds: "Maps and lists too deep inside each other.",
        why: "No spec needs it, and reading it could exhaust the stack.",
        bad: "metadata: {a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}
metrics:
  - {name: demo.up, value: 1}
",
        good: "metadata: {a: [[1]]}
metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "wrong-type",
        finds: "A value of another type than the key takes.",
        why: "What is there cannot be what was meant: a list for one value, a word for a number.",
        bad: "metrics:
  - {name: demo.up, value: 1, optional: 7}
",
        good: "metrics:
  - {name: demo.up, value: 1, optional: true}
",
    },
    Code {
        code: "unknown-key",
        finds: "A key that nothing understands.",
        why: "It would have no effect. Mostly it is a typo, or stands one level too high or too deep.",
        bad: "metrics:
  - {name: demo.up, valeu: 1}
",
        good: "metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "missing-key",
        finds: "A key that must be there.",
        why: "Without it nothing can be made of the block.",
        bad: "metrics:
  - {name: demo.up}
",
        good: "metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "unknown-word",
        finds: "A word where only certain words may stand.",
        why: "It is a typo, or of another system.",
        bad: "metrics:
  - {name: demo.up, value: 1, type: guage}
",
        good: "metrics:
  - {name: demo.up, value: 1, type: gauge}
",
    },
    Code {
        code: "unknown-kind",
        finds: "A source, decoder or login of a kind that there is not.",
        why: "It is a typo, or the name that another system has for it.",
        bad: "sources:
  page: {file: {path: /tmp/a}, decode: jason}
metrics:
  - {name: demo.up, value: 1}
",
        good: "sources:
  page: {file: {path: /tmp/a}, decode: json}
metrics:
  - {name: demo.n, value: page.count}
",
    },
    Code {
        code: "out-of-range",
        finds: "A number beyond what the key takes.",
        why: "A depth of 0 or an interval of a millisecond cannot be meant.",
        bad: "# engine.yaml
interval: 10ms
",
        good: "# engine.yaml
interval: 10s
",
    },
    Code {
        code: "unreadable-file",
        finds: "A file that cannot be read.",
        why: "It is not there, not readable for this user, too large, or not UTF-8.",
        bad: "# specs/demo.yaml (a file that only root may read)
",
        good: "# specs/demo.yaml (chmod a+r)
",
    },
];
