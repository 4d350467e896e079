//! A combination as a spec.

use super::api::PATIENCE_MS;
use super::combo::{Auth, Combo, Each, Expect, Fault, Gone, LIMIT, MAX_ITEMS, MAX_PAGES, Paging, Poll, SIZE, Tail, Urls, When};

/// The spec of a combination, whose server is at `url`.
pub fn spec(combo: &Combo, number: usize, url: &str) -> String {
    let base = format!("{url}/{number}");
    let mut out = String::from("name: case\nversion: 1.0.0\nsources:\n");
    if combo.auth == Auth::Login {
        out += &format!("  login:\n    http: {{url: \"{base}/login\", json: {{user: me}}}}\n    cache: 1h\n");
    }
    if combo.each != Each::None {
        out += &format!("  hosts: {{http: {{url: \"{base}/hosts\"}}}}\n");
    }
    out += "  things:\n";
    let (each, at_once) = match combo.each {
        Each::None => ("", 8),
        Each::One(at_once) => ("{h: hosts}", at_once),
        Each::Two(at_once) => ("{h: hosts, k: [cpu, mem]}", at_once),
    };
    if !each.is_empty() {
        out += &format!("    each: {each}\n    concurrency: {at_once}\n");
    }
    out += &format!("    http:\n{}", http(combo, &base));
    let path = if combo.when == When::Path { "$.items[?@.active == true]" } else { "$.items[*]" };
    out += &format!("    rows: {path}\n");
    match (combo.when, combo.each) {
        (When::Item, Each::One(_)) => out += "    when: h.id != 'h0'\n",
        (When::Item, Each::Two(_)) => out += "    when: not (h.id == 'h0' and k == 'cpu')\n",
        (When::Row, _) => out += "    when: row.active\n",
        _ => {}
    }
    match combo.tail {
        Tail::Limit => out += &format!("    limit: {LIMIT}\n"),
        Tail::Dedupe => out += "    dedupe: row.n\n",
        Tail::Group => out += "    group: {g: row.group}\n",
        Tail::None | Tail::MaxItems | Tail::MaxPages => {}
    }
    if combo.expect != Expect::None {
        out += "    expect: not row.bad\n";
    }
    if combo.cached {
        out += "    cache: 1h\n";
    }
    if combo.lenient {
        out += "    on_error: continue\n";
    }
    out + &mappings(combo)
}

fn http(combo: &Combo, base: &str) -> String {
    let item = match combo.each {
        Each::None => "-/-",
        Each::One(_) => "{{ h.id }}/-",
        Each::Two(_) => "{{ h.id }}/{{ k }}",
    };
    let base = if combo.auth == Auth::UserInfo { base.replace("http://", "http://me:secret@") } else { base.to_owned() };
    let urls: Vec<_> = combo.addresses().iter().map(|address| format!("\"{base}/{address}/{item}\"")).collect();
    let url = if combo.urls == Urls::One { urls[0].clone() } else { format!("[{}]", urls.join(", ")) };
    let mut lines = vec![format!("url: {url}")];
    let login = format!("{}/login", base.replace("me:secret@", ""));
    let session = |inject: &str| {
        format!(
            "auth: {{session: {{login: {{http: {{url: \"{login}\", json: {{user: me}}}}}}, token: $.token, renew_on: [401], inject: {{{inject}}}}}}}"
        )
    };
    match combo.auth {
        Auth::None | Auth::UserInfo => {}
        Auth::Basic => lines.push("auth: {basic: {username: me, password: secret}}".to_owned()),
        Auth::Bearer => lines.push("auth: {bearer: t0}".to_owned()),
        Auth::Header => lines.push("auth: {header: {X-Key: k0}}".to_owned()),
        Auth::Login => lines.push("auth: {bearer: $login.token}".to_owned()),
        Auth::Digest => lines.push("auth: {digest: {username: me, password: secret}}".to_owned()),
        Auth::SigV4 => lines.push("auth: {aws_sigv4: {access_key: AK, secret_key: SK, region: eu-west-1, service: es}}".to_owned()),
        Auth::OAuth2 => lines.push(format!("auth: {{oauth2: {{token_url: \"{login}\", client_id: me, client_secret: secret}}}}")),
        Auth::Session => lines.push(session("header: {X-Auth: '{{ token }}'}")),
        Auth::SessionInQuery => lines.push(session("query: {sid: '{{ token }}'}")),
    }
    if combo.gone == Gone::Empty {
        lines.push("empty_status: [404]".to_owned());
    }
    match combo.fault {
        Fault::None | Fault::Unretried => {}
        Fault::Busy | Fault::HangUp | Fault::Refused => lines.push("retry: {attempts: 3, backoff: 1ms..2ms}".to_owned()),
        Fault::BusyNow => lines.push("retry: {attempts: 2, backoff: 1000s}".to_owned()),
        Fault::Limited => lines.push("retry: {attempts: 3, for: [429], backoff: 1ms}".to_owned()),
        Fault::Slow => lines.push(format!("retry: {{attempts: 2, backoff: 1ms}}\n      timeout: {PATIENCE_MS}ms")),
    }
    let or_gone = if combo.gone == Gone::Empty { " or things.status == 404" } else { "" };
    let timeout = if combo.poll == Poll::Never { "25ms" } else { "30s" };
    if combo.poll != Poll::None {
        lines.push(format!("poll: {{until: \"row.status == 'done'{or_gone}\", every: 10ms, timeout: {timeout}}}"));
    }
    lines.extend(paging(combo));
    lines.iter().map(|line| format!("      {line}\n")).collect()
}

fn paging(combo: &Combo) -> Vec<String> {
    let (first, way) = match combo.paging {
        Paging::None => return Vec::new(),
        Paging::Page => ("", format!("page: {{param: page, size: {SIZE}, size_param: per}}")),
        Paging::PageWithoutSize => ("", "page: {param: p, start: 0}".to_owned()),
        Paging::PageInJson => ("json: {q: 1}", format!("page: {{param: p.n, size: {SIZE}, in: json}}")),
        Paging::Offset => ("", format!("offset: {{param: offset, limit: {SIZE}, limit_param: limit}}")),
        Paging::OffsetWithoutLimit => ("", "offset: {param: offset}".to_owned()),
        Paging::Cursor => ("", "cursor: {from: $.next, into: {query: {after: '{{ cursor }}'}}}".to_owned()),
        Paging::CursorInJson => ("json: {q: 1}", "cursor: {from: $.next, into: {json: {after: '{{ cursor }}'}}}".to_owned()),
        Paging::CursorInHeaders => ("", "cursor: {from: $.next, into: {headers: {X-After: '{{ cursor }}'}}}".to_owned()),
        Paging::CursorInUrl => ("", "cursor: {from: $.next, into: {url: '?after={{ cursor }}'}}".to_owned()),
        Paging::CursorOnly => ("query: {q: x}", "cursor: {from: $.next, into: {query: {after: '{{ cursor }}'}}, only: true}".to_owned()),
        Paging::NextUrl | Paging::NextUrlAbsolute => ("", "next_url: {from: $.next}".to_owned()),
        Paging::LinkHeader => ("", "link_header: {}".to_owned()),
    };
    let cap = match combo.tail {
        Tail::MaxItems => format!(", max_items: {MAX_ITEMS}"),
        Tail::MaxPages => format!(", max_pages: {MAX_PAGES}"),
        _ => String::new(),
    };
    let first = (!first.is_empty()).then(|| first.to_owned());
    first.into_iter().chain([format!("paginate: {{{way}{cap}}}")]).collect()
}

fn mappings(combo: &Combo) -> String {
    let (of_row, of_request) = match combo.each {
        Each::None => ("", ""),
        Each::One(_) => (", host: $h.id", ", host: $.h.id"),
        Each::Two(_) => (", host: $h.id, kind: '{{ k }}'", ", host: $.h.id, kind: $.k"),
    };
    let row = match combo.tail {
        Tail::Group => "{from: things, name: thing, value: $.count, tags: {id: $.g}}".to_owned(),
        _ => format!("{{from: things, name: thing, value: $.n, tags: {{id: $.id{of_row}}}}}"),
    };
    let id = if combo.tail == Tail::Group { "g" } else { "id" };
    format!(
        "metrics:
  - {row}
  - {{from: things.requests, name: request, value: $.count, tags: {{ok: $.ok, cached: $.from_cache{of_request}}}}}
  - {{name: count, value: things.count}}
  - {{name: pages, value: things.pages | length}}
  - {{name: capped, value: things.capped}}
  - {{name: failed, value: things.failed}}
  - {{name: ok, value: things.ok}}
topology:
  instance: {{type: case, url: x}}
  snapshot: true
  components:
    - {{from: things, id: \"urn:{{{{ row.{id} }}}}\", type: thing}}
"
    )
}
