//! Codes of specs of several files.

use super::Code;

/// The table.
pub(super) const TABLE: &[Code] = &[
    Code {
        code: "bad-use",
        finds: "A fragment outside the folder of the specs, or one that leads back to itself.",
        why: "Specs are moved as a folder; what lies outside would be missing.",
        bad: "use: [../shared.yaml]
metrics:
  - {name: demo.up, value: 1}
",
        good: r##"use: [fragments/shared.yaml]
metrics:
  - {name: demo.up, value: 1}

# specs/fragments/shared.yaml
let: {factor: 1024}
metadata: {factor: "{{ factor }}"}
"##,
    },
    Code {
        code: "no-fragment",
        finds: "A fragment that cannot be read.",
        why: "A part of the spec is missing, so it cannot run.",
        bad: "use: [fragments/none.yaml]
metrics:
  - {name: demo.up, value: 1}
",
        good: r##"use: [fragments/shared.yaml]
metrics:
  - {name: demo.up, value: 1}

# specs/fragments/shared.yaml
let: {factor: 1024}
metadata: {factor: "{{ factor }}"}
"##,
    },
    Code {
        code: "doubled-key",
        finds: "A key that two files give.",
        why: "One would hide the other without a word.",
        bad: r##"use: [fragments/shared.yaml]
let: {factor: 1}
metrics:
  - {name: demo.up, value: 1}

# specs/fragments/shared.yaml
let: {factor: 1024}
metadata: {factor: "{{ factor }}"}
"##,
        good: r##"use: [fragments/shared.yaml]
override: [let.factor]
let: {factor: 1}
metrics:
  - {name: demo.up, value: 1}

# specs/fragments/shared.yaml
let: {factor: 1024}
metadata: {factor: "{{ factor }}"}
"##,
    },
    Code {
        code: "idle-override",
        finds: "An `override` of something that no fragment gives.",
        why: "It is a typo, or the fragment has changed.",
        bad: "override: [let.factor]
metrics:
  - {name: demo.up, value: 1}
",
        good: "metrics:
  - {name: demo.up, value: 1}
",
    },
    Code {
        code: "spec-as-fragment",
        finds: "A fragment with `name` or `version`.",
        why: "Only a spec has them; a fragment is a part of each spec that uses it.",
        bad: "use: [fragments/shared.yaml]
metrics:
  - {name: demo.up, value: 1}

# specs/fragments/shared.yaml
name: shared
metadata: {factor: 1024}
",
        good: "use: [fragments/shared.yaml]
metrics:
  - {name: demo.up, value: 1}

# specs/fragments/shared.yaml
metadata: {factor: 1024}
",
    },
    Code {
        code: "unknown-options",
        finds: "A set of standard options that there is not.",
        why: "`config.use` names sets that the engine declares and applies.",
        bad: "config: {use: [htttp]}
metrics:
  - {name: demo.up, value: 1}
",
        good: "config: {use: [http]}
metrics:
  - {name: demo.up, value: 1}
",
    },
];
