//! Codes of logins.

use super::Code;

/// The table.
pub(super) const TABLE: &[Code] = &[
    Code {
        code: "unknown-login",
        finds: "A login that there is not.",
        why: "It is a typo, or the login stands in another spec.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/", auth: acme}, decode: raw}
metrics:
  - {name: demo.status, value: page.status}
"##,
        good: r##"auth: {acme: {bearer: "{{ instance.name }}"}}
sources:
  page: {http: {url: "http://localhost/", auth: acme}, decode: raw}
metrics:
  - {name: demo.status, value: page.status}
"##,
    },
    Code {
        code: "unused-login",
        finds: "A named login that no source uses.",
        why: "It is dead weight, or a source names another by mistake.",
        bad: r##"auth: {acme: {bearer: "{{ instance.name }}"}}
sources:
  page: {http: {url: "http://localhost/"}, decode: raw}
metrics:
  - {name: demo.status, value: page.status}
"##,
        good: r##"auth: {acme: {bearer: "{{ instance.name }}"}}
sources:
  page: {http: {url: "http://localhost/", auth: acme}, decode: raw}
metrics:
  - {name: demo.status, value: page.status}
"##,
    },
    Code {
        code: "unreachable-login",
        finds: "A login behind one that is always used.",
        why: "The first whose condition holds is taken; one without a condition ends the list.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/", auth: [{bearer: "{{ instance.name }}"}, {basic: {username: u}, when: instance.name is defined}]}, decode: raw}
metrics:
  - {name: demo.status, value: page.status}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/", auth: [{basic: {username: u}, when: instance.name is defined}, {bearer: "{{ instance.name }}"}]}, decode: raw}
metrics:
  - {name: demo.status, value: page.status}
"##,
    },
    Code {
        code: "repeated-login",
        finds: "`retry`, `paginate` or `poll` in the request of a login.",
        why: "A login is one request; the source itself repeats.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/", auth: {session: {login: {http: {url: /login, retry: {attempts: 3}}}, token: $.token, inject: {header: {X: "{{ token }}"}}}}}, decode: raw}
metrics:
  - {name: demo.status, value: page.status}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/", retry: {attempts: 3}, auth: {session: {login: {http: {url: /login}}, token: $.token, inject: {header: {X: "{{ token }}"}}}}}, decode: raw}
metrics:
  - {name: demo.status, value: page.status}
"##,
    },
    Code {
        code: "unused-token",
        finds: "An `inject` without the token.",
        why: "The request would go without the login.",
        bad: r##"sources:
  page: {http: {url: "http://localhost/", auth: {session: {login: {http: {url: /login}}, token: $.token, inject: {header: {X: abc}}}}}, decode: raw}
metrics:
  - {name: demo.status, value: page.status}
"##,
        good: r##"sources:
  page: {http: {url: "http://localhost/", auth: {session: {login: {http: {url: /login}}, token: $.token, inject: {header: {X: "{{ token }}"}}}}}, decode: raw}
metrics:
  - {name: demo.status, value: page.status}
"##,
    },
    Code {
        code: "circular-login",
        finds: "A login that needs itself.",
        why: "No token can come before itself.",
        bad: r##"auth:
  acme: {session: {login: {http: {url: /login, auth: acme}}, token: $.token, inject: {header: {X: "{{ token }}"}}}}
sources:
  page: {http: {url: "http://localhost/", auth: acme}, decode: raw}
metrics:
  - {name: demo.status, value: page.status}
"##,
        good: r##"auth:
  acme: {session: {login: {http: {url: /login}}, token: $.token, inject: {header: {X: "{{ token }}"}}}}
sources:
  page: {http: {url: "http://localhost/", auth: acme}, decode: raw}
metrics:
  - {name: demo.status, value: page.status}
"##,
    },
];
