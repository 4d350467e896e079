//! Codes of configuration: conf.d and engine.yaml.

use super::Code;

/// The table.
pub(super) const TABLE: &[Code] = &[
    Code {
        code: "bad-default",
        finds: "A default that does not fit its type.",
        why: "Every instance without the key would be broken.",
        bad: "config:
  instance:
    n: {type: int, default: many, description: How many.}
metrics:
  - {name: demo.n, value: instance.n}
",
        good: "config:
  instance:
    n: {type: int, default: 1, description: How many.}
metrics:
  - {name: demo.n, value: instance.n}
",
    },
    Code {
        code: "circular-defaults",
        finds: "Defaults that use each other.",
        why: "None of them can be computed first.",
        bad: r##"config:
  instance:
    a: {type: string, default: "{{ instance.b }}", description: One.}
    b: {type: string, default: "{{ instance.a }}", description: Two.}
metrics:
  - {name: demo.n, value: instance.a | length}
"##,
        good: r##"config:
  instance:
    a: {type: string, default: x, description: One.}
    b: {type: string, default: "{{ instance.a }}", description: Two.}
metrics:
  - {name: demo.n, value: instance.b | length}
"##,
    },
    Code {
        code: "no-spec",
        finds: "A file of conf.d without a spec of its name.",
        why: "Nothing runs because of it.",
        bad: "# conf.d/dmeo.yaml
instances: [{}]
",
        good: "# specs/demo.yaml
name: demo
version: 1.0.0
metrics:
  - {name: demo.up, value: 1}
# conf.d/demo.yaml
instances: [{}]
",
    },
    Code {
        code: "quoted-literal",
        finds: "A text in quotes that is taken for its meaning.",
        why: "It works, and whoever reads it wonders why it is a text.",
        bad: r##"config:
  instance:
    n: {type: int, default: 1, min: 0, description: How many.}
metrics:
  - {name: demo.n, value: instance.n}
# conf.d/demo.yaml
instances:
  - n: "8"
"##,
        good: "config:
  instance:
    n: {type: int, default: 1, min: 0, description: How many.}
metrics:
  - {name: demo.n, value: instance.n}
# conf.d/demo.yaml
instances:
  - n: 8
",
    },
    Code {
        code: "deprecated-key",
        finds: "A configuration key that should not be used any more.",
        why: "It will go; the message says what to use instead.",
        bad: "config:
  instance:
    n: {type: int, default: 1, description: How many.}
    old: {type: int, deprecated: use `n`}
metrics:
  - {name: demo.n, value: instance.n}
# conf.d/demo.yaml
instances:
  - old: 8
",
        good: "config:
  instance:
    n: {type: int, default: 1, description: How many.}
    old: {type: int, deprecated: use `n`}
metrics:
  - {name: demo.n, value: instance.n}
# conf.d/demo.yaml
instances:
  - n: 8
",
    },
    Code {
        code: "no-handle",
        finds: "A text that looks like a secret handle and is none.",
        why: "This very text would be the secret.",
        bad: r##"config:
  instance:
    token: {type: secret, description: The token.}
metrics:
  - {name: demo.n, value: 1, when: instance.token is defined}
# conf.d/demo.yaml
instances:
  - token: "Bearer {{ secret('env:HOME') }}"
"##,
        good: r##"config:
  instance:
    token: {type: secret, description: The token.}
metrics:
  - {name: demo.n, value: 1, when: instance.token is defined}
# conf.d/demo.yaml
instances:
  - token: "{{ secret('env:PATH') }}"
"##,
    },
    Code {
        code: "no-secret",
        finds: "A secret handle that leads to nothing.",
        why: "The instance cannot log in.",
        bad: r##"config:
  instance:
    token: {type: secret, description: The token.}
metrics:
  - {name: demo.n, value: 1, when: instance.token is defined}
# conf.d/demo.yaml
instances:
  - token: "{{ secret('env:NO_SUCH_VARIABLE') }}"
"##,
        good: r##"config:
  instance:
    token: {type: secret, description: The token.}
metrics:
  - {name: demo.n, value: 1, when: instance.token is defined}
# conf.d/demo.yaml
instances:
  - token: "{{ secret('env:PATH') }}"
"##,
    },
    Code {
        code: "same-instance",
        finds: "Two instances with one name or with the same settings.",
        why: "What is remembered between runs belongs to the name or the settings; these two are told apart by their order alone.",
        bad: "config:
  instance:
    n: {type: int, default: 1, min: 0, description: How many.}
metrics:
  - {name: demo.n, value: instance.n}
# conf.d/demo.yaml
instances:
  - n: 8
  - n: 8
",
        good: "config:
  instance:
    n: {type: int, default: 1, min: 0, description: How many.}
metrics:
  - {name: demo.n, value: instance.n}
# conf.d/demo.yaml
instances:
  - n: 8
  - n: 9
",
    },
    Code {
        code: "same-topology",
        finds: "Two instances that send snapshots under one topology key.",
        why: "A snapshot deletes what it does not name, so the two would delete each other's components.",
        bad: r##"config:
  instance:
    n: {type: int, default: 1, description: How many.}
topology:
  instance: {type: demo, url: here}
  snapshot: true
  components:
    - {id: "urn:demo:/{{ instance.n }}", type: demo, name: demo}
# conf.d/demo.yaml
instances:
  - n: 1
  - n: 2
"##,
        good: r##"config:
  instance:
    n: {type: int, default: 1, description: How many.}
topology:
  instance: {type: demo, url: "{{ instance.n }}"}
  snapshot: true
  components:
    - {id: "urn:demo:/{{ instance.n }}", type: demo, name: demo}
# conf.d/demo.yaml
instances:
  - n: 1
  - n: 2
"##,
    },
    Code {
        code: "unknown-rule",
        finds: "A level in engine.yaml for a rule that there is not.",
        why: "It has no effect, because of a typo.",
        bad: "# engine.yaml
lint: {levels: {reserved-tags: off}}
",
        good: "# engine.yaml
lint: {levels: {reserved-tag: off}}
",
    },
    Code {
        code: "open-status",
        finds: "A status page that other machines can reach.",
        why: "It shows addresses, errors and times of everything that runs.",
        bad: "# engine.yaml\nstatus: {listen: \"0.0.0.0:5051\"}\n",
        good: "# engine.yaml\nstatus: {listen: \"127.0.0.1:5051\"}\n",
    },
    Code {
        code: "same-sink",
        finds: "Two sinks of one name.",
        why: "What a sink has delivered is remembered by its name; the two would share one memory.",
        bad: "# engine.yaml\nsinks: [stdout, stdout]\n",
        good: "# engine.yaml\nsinks: [stdout]\n",
    },
    Code {
        code: "unknown-variable",
        finds: "A variable of the environment that begins with `ENGINE_` and stands for no key.",
        why: "Whoever set it expects an effect.",
        bad: "ENGINE_INTERVALL=15s engine run\n",
        good: "ENGINE_INTERVAL=15s engine run\n",
    },
    Code {
        code: "readable-secret",
        finds: "The file of a secret that everybody on the machine may read.",
        why: "Whoever reads it has the secret.",
        bad: "$ chmod 644 /etc/engine/token",
        good: "$ chmod 600 /etc/engine/token",
    },
    Code {
        code: "writable-by-others",
        finds: "A spec, a file of conf.d, engine.yaml or one of their folders that everybody on the machine may write.",
        why: "Whoever changes it decides what the engine runs and where it sends.",
        bad: "$ chmod 777 /etc/engine/conf.d",
        good: "$ chmod 755 /etc/engine/conf.d",
    },
];
