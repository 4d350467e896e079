//! Logins on the wire: what a server is asked, how often, and what it never sees.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common;

use common::script::{Played, play_live};
use common::service::{Asked, Reply, Service, json, status};
use serde_json::json as doc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

fn played(spec: &str, service: &Service, runs: usize) -> Played {
    play_live(&format!("name: case\nversion: 1.0.0\n{}", spec.replace("URL", &service.url)), "", runs).unwrap_or_else(|why| panic!("{why}"))
}

/// The errors of all runs; empty for those that were none.
fn errors(played: &Played) -> Vec<String> {
    played.outcomes.iter().map(|outcome| outcome.error().unwrap_or_default()).collect()
}

/// Gives a new token for each login and takes only the last one.
struct Tokens {
    made: AtomicUsize,
    /// Requests with the first token wait for each other, so that all are refused at once.
    refused_together: Option<Barrier>,
}

impl Tokens {
    fn service(tokens: Tokens) -> Service {
        Service::start(move |asked| tokens.answer(asked))
    }

    fn answer(&self, asked: &Asked) -> Reply {
        if asked.is("POST /login") {
            let n = self.made.fetch_add(1, Ordering::SeqCst) + 1;
            return json(doc!({"result": format!("t{n}")}));
        }
        let current = format!("t{}", self.made.load(Ordering::SeqCst));
        let first = asked.header("x-auth") == "t1";
        if let Some(barrier) = self.refused_together.as_ref().filter(|_| first) {
            barrier.wait();
            return status(401);
        }
        if asked.header("x-auth") == current { json(doc!([{"n": 1}])) } else { status(401) }
    }
}

const SESSION: &str = "session: {login: {http: {url: /login, method: POST}}, token: $.result, inject: {header: {X-Auth: '{{ token }}'}}}";

#[test]
fn fifty_requests_that_are_refused_at_once_make_one_new_login() {
    let service = Tokens::service(Tokens { made: AtomicUsize::new(0), refused_together: Some(Barrier::new(50)) });
    let spec = format!(
        "sources:\n  items:\n    each: {{n: range(50)}}\n    concurrency: 50\n    http: {{url: 'URL/items/{{{{ n }}}}', auth: {{{SESSION}}}}}\nmetrics:\n  - {{from: items, name: item, value: $.n}}\n"
    );
    let played = played(&spec, &service, 2);
    assert_eq!(errors(&played), ["", ""]);
    assert_eq!(played.outcomes.iter().map(|outcome| outcome.observations.samples.len()).collect::<Vec<_>>(), [50, 50]);
    assert_eq!(service.asked("POST /login").len(), 2);
    assert_eq!(service.asked("GET /items/").len(), 150);
}

#[test]
fn two_sources_share_a_named_login_and_two_instances_do_not() {
    let service = Tokens::service(Tokens { made: AtomicUsize::new(0), refused_together: None });
    let spec = format!(
        "auth: {{api: {{{SESSION}}}}}\nsources:\n  a: {{http: {{url: URL/a, auth: api}}}}\n  b: {{http: {{url: URL/b, auth: api}}}}\nmetrics:\n  - {{from: [a, b], name: n, value: $.n}}\n"
    );
    assert_eq!(errors(&played(&spec, &service, 2)), ["", ""]);
    assert_eq!(service.asked("POST /login").len(), 1);
    played(&spec, &service, 1);
    assert_eq!(service.asked("POST /login").len(), 2);
}

#[test]
fn a_login_that_always_fails_is_tried_once_in_a_run() {
    let service = Service::start(|asked| if asked.is("POST /login") { status(403) } else { json(doc!([])) });
    let spec = format!(
        "sources:\n  items:\n    each: {{n: range(20)}}\n    http: {{url: 'URL/items/{{{{ n }}}}', auth: {{{SESSION}}}}}\nmetrics:\n  - {{from: items, name: item, value: 1}}\n"
    );
    let errors = errors(&played(&spec, &service, 2));
    assert!(errors.iter().all(|error| error.contains("/login) failed: HTTP 403 Forbidden, expected 200-299")), "{errors:?}");
    assert_eq!((service.asked("POST /login").len(), service.asked("GET /").len()), (2, 0));
}

#[test]
fn a_token_that_the_server_repeats_is_masked() {
    let service = Service::start(|asked| match asked.is("POST /login") {
        true => json(doc!({"result": "geheimes-token"})),
        false => json(doc!({"v": 1, "you_said": asked.header("x-auth")})),
    });
    let spec = format!(
        "sources:\n  a: {{http: {{url: URL/a, auth: {{{SESSION}}}}}}}\nmetrics: [{{from: a, name: v, value: $.v, tags: {{said: $.you_said}}}}]\n"
    );
    let played = played(&spec, &service, 2);
    for outcome in &played.outcomes {
        let tags: Vec<&str> = outcome.observations.samples.iter().flat_map(|sample| sample.tags.iter()).collect();
        assert!(tags == ["said:****"] && outcome.warnings.len() == 1, "{tags:?} {:?}", outcome.warnings);
    }
}

#[test]
fn oauth2_asks_in_the_form_or_in_a_header() {
    let service = Service::start(|asked| match asked.is("POST /token") {
        true => json(doc!({"access_token": "tok", "expires_in": 3600})),
        false if asked.header("authorization") == "Bearer tok" => json(doc!({"v": 1})),
        false => status(401),
    });
    let spec = "sources:\n  a:\n    http: {url: URL/a, auth: {oauth2: {token_url: /token, client_id: 'i d', client_secret: 's:ö', STYLE}}}\nmetrics: [{name: v, value: $a.v}]\n";
    let body = "style: body, scopes: [one, two], audience: me, parameters: {resource: x, grant_type: password}";
    assert_eq!(errors(&played(&spec.replace("STYLE", body), &service, 2)), ["", ""]);
    assert_eq!(errors(&played(&spec.replace("STYLE", "style: basic"), &service, 1)), [""]);
    let asked = service.asked("POST /token");
    assert_eq!(asked.len(), 2);
    let form = "client_id=i+d&client_secret=s%3A%C3%B6&scope=one+two&audience=me&resource=x&grant_type=password";
    assert_eq!((asked[0].body.as_str(), asked[0].header("authorization")), (form, ""));
    assert_eq!(asked[0].header("content-type"), "application/x-www-form-urlencoded");
    // base64 of `i+d:s%3A%C3%B6`
    assert_eq!((asked[1].body.as_str(), asked[1].header("authorization")), ("grant_type=client_credentials", "Basic aStkOnMlM0ElQzMlQjY="));
}

#[test]
fn a_token_goes_where_inject_says_and_never_to_another_host() {
    let stranger = Service::start(|_| json(doc!({"v": 1})));
    let away = stranger.url.clone();
    let home = Service::start(move |asked| match asked.is("POST /login") {
        true => json(doc!({"result": "geheim"})),
        false if asked.is("GET /away") => (302, format!("location: {away}/x\r\n"), String::new()),
        false => json(doc!({"v": 1})),
    });
    let inject = "session: {login: {http: {url: /login, json: {user: u}}}, token: $.result, inject: {header: {X-Auth: '{{ token }}', Cookie: 'sid={{ token }}'}, query: {sid: '{{ token }}'}, json: {params: {auth: '{{ token }}'}}}}";
    let spec = format!(
        "sources:\n  a: {{http: {{url: 'URL/a?x=1', json: {{params: {{q: 1}}}}, auth: {{{inject}}}}}}}\n  b: {{http: {{url: URL/away, method: GET, json: {{}}, auth: {{{inject}}}}}}}\nmetrics: [{{name: v, value: $a.v, tags: {{url: '{{{{ a.url }}}}', other: '{{{{ b.url }}}}'}}}}]\n"
    );
    let played = played(&spec, &home, 1);
    assert_eq!(errors(&played), [""]);
    let asked = &home.asked("POST /a")[0];
    assert_eq!((asked.line.as_str(), asked.body.as_str()), ("POST /a?x=1&sid=geheim", r#"{"params":{"q":1,"auth":"geheim"}}"#));
    assert_eq!((asked.header("x-auth"), asked.header("cookie")), ("geheim", "sid=geheim"));
    let foreign = format!("{:?}", stranger.asked("")[0]);
    assert!(!foreign.contains("geheim"), "{foreign}");
    let shown = format!("{:?}", played.outcomes[0].observations);
    assert!(!shown.contains("geheim") && shown.contains("sid=****"), "{shown}");
}

#[test]
fn a_cookie_login_sends_its_cookies_back() {
    let service = Service::start(|asked| match asked.is("POST /login") {
        true => {
            (302, "location: /home\r\nset-cookie: SID=a1; Path=/; HttpOnly\r\nset-cookie: csrf=x y; Secure\r\n".to_owned(), String::new())
        }
        false if asked.header("cookie") == "SID=a1; csrf=x y" => json(doc!({"v": 1})),
        false => status(401),
    });
    let spec = "sources:\n  a:\n    http:\n      url: URL/a\n      auth:\n        session:\n          login: {http: {url: /login, form: {user: u}, follow_redirects: false, ok_status: 302}}\n          token: answer.cookie\n          inject: {header: {Cookie: '{{ token }}'}}\nmetrics: [{name: v, value: $a.v}]\n";
    assert_eq!(errors(&played(spec, &service, 2)), ["", ""]);
    assert_eq!(service.asked("POST /login").len(), 1);
    assert!(service.asked("GET /home").is_empty());
}

#[test]
fn a_token_may_be_the_bare_text_of_an_answer() {
    let service = Service::start(|asked| match asked.is("POST /login") {
        true => (200, "content-type: text/plain\r\n".to_owned(), "tok\n".to_owned()),
        false if asked.header("x-auth") == "tok" => json(doc!({"v": 1})),
        false => status(401),
    });
    let spec = "sources:\n  a:\n    http:\n      url: URL/a\n      auth:\n        session:\n          login: {http: {url: /login, method: POST}, decode: raw}\n          token: row | trim\n          inject: {header: {X-Auth: '{{ token }}'}}\nmetrics: [{name: v, value: $a.v}]\n";
    assert_eq!(errors(&played(spec, &service, 1)), [""]);
}

#[test]
fn a_token_may_stand_in_xml_and_one_login_serve_every_page() {
    let service = Service::start(|asked| match asked.line.as_str() {
        "POST /services/auth/login" => {
            (200, "content-type: text/xml\r\n".to_owned(), "<response><sessionKey>tok</sessionKey></response>".to_owned())
        }
        _ if asked.header("authorization") != "Splunk tok" => status(401),
        "GET /jobs?page=1" => json(doc!([{"v": 1}, {"v": 2}])),
        "GET /jobs?page=2" => json(doc!([{"v": 3}])),
        _ => json(doc!([])),
    });
    let spec = "sources:\n  jobs:\n    http:\n      url: URL/jobs\n      paginate: {page: {param: page, start: 1}}\n      auth:\n        session:\n          login: {http: {url: /services/auth/login, form: {username: u, password: p}}, decode: xml}\n          token: $.sessionKey\n          inject: {header: {Authorization: 'Splunk {{ token }}'}}\nmetrics: [{from: jobs, name: v, value: $.v, tags: {v: $.v}}]\n";
    let played = played(spec, &service, 2);
    assert_eq!(errors(&played), ["", ""]);
    assert_eq!(played.outcomes[1].observations.samples.len(), 3);
    assert_eq!(service.asked("POST ").len(), 1);
}

#[test]
fn digest_and_signatures_are_logins_of_sources() {
    let service = Service::start(|asked| match asked.header("authorization") {
        value if value.starts_with("Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/a\"") => json(doc!({"v": 1})),
        value if value.contains("Credential=AKID/") && value.contains("/eu-west-1/es/aws4_request") => json(doc!({"v": 2})),
        _ => (401, "www-authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n".to_owned(), String::new()),
    });
    let spec = "sources:\n  a: {http: {url: URL/a, auth: {digest: {username: u, password: p}}}}\n  b: {http: {url: URL/b, auth: {aws_sigv4: {access_key: AKID, secret_key: s, region: eu-west-1, service: es}}}}\nmetrics: [{name: a, value: $a.v}, {name: b, value: $b.v}]\n";
    assert_eq!(errors(&played(spec, &service, 2)), ["", ""]);
    assert_eq!((service.asked("GET /a").len(), service.asked("GET /b").len()), (3, 2));
}

/// The block of docs/logins.md that begins with that line.
fn of_the_page(first: &str) -> String {
    let page = include_str!("../docs/logins.md");
    let block = page.split("```yaml\n").find(|block| block.starts_with(first)).expect("a block of the page");
    block.split("```").next().unwrap_or_default().to_owned()
}

#[test]
fn the_examples_of_the_page_work() {
    let service = Service::start(|asked| {
        let orders = json(doc!({"open": 3, "items": [{"name": "nail", "count": 7}], "devices": [{"name": "d", "state": "up"}]}));
        match (asked.line.as_str(), asked.header("authorization"), asked.header("x-auth")) {
            ("POST /oauth/token", ..) => json(doc!({"access_token": "tok"})),
            ("POST /api/login", ..) => json(doc!({"token": "tok"})),
            ("GET /health", "", "") => status(200),
            ("GET /api/orders/summary", "Bearer tok", _) | ("GET /api/devices", _, "tok") => orders,
            ("GET /api/stock", "Bearer own" | "Bearer tok", _) => orders,
            _ => status(401),
        }
    });
    let seen = |first: &str, keys: &str| {
        let played = play_live(&of_the_page(first), &format!("url: {}\n{keys}", service.url), 1).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(errors(&played), [""], "{first}");
        played.outcomes[0].observations.samples.iter().map(|sample| (sample.name.to_string(), sample.value.as_f64())).collect::<Vec<_>>()
    };
    let shop = [("shop.orders.open".to_owned(), 3.0), ("shop.stock".to_owned(), 7.0)];
    assert_eq!(seen("# specs/shop.yaml", "client_id: c\nclient_secret: s"), shop);
    assert_eq!(service.asked("POST /oauth/token").len(), 1);
    assert_eq!(seen("# specs/shop.yaml", "client_id: c\nclient_secret: s\nwarehouse_token: own"), shop);
    assert_eq!(service.asked("GET /api/stock")[1].header("authorization"), "Bearer own");
    assert_eq!(seen("# specs/fleet.yaml", "username: u\npassword: p"), [("fleet.device.up".to_owned(), 1.0)]);
}

#[test]
fn a_login_may_itself_log_in() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = seen.clone();
    let service = Service::start(move |asked| {
        notes.lock().expect("no panic before").push(asked.line.clone());
        match asked.header("authorization") {
            "Bearer outer" => json(doc!({"v": 1})),
            "Bearer inner" if asked.is("GET /exchange") => json(doc!({"token": "outer"})),
            _ if asked.is("POST /token") => json(doc!({"access_token": "inner"})),
            _ => status(401),
        }
    });
    let spec = "auth:\n  inner: {oauth2: {token_url: URL/token, client_id: i}}\nsources:\n  a:\n    http:\n      url: URL/a\n      auth:\n        session: {login: {http: {url: /exchange, auth: inner}}, token: $.token, inject: {header: {Authorization: 'Bearer {{ token }}'}}}\nmetrics: [{name: a, value: $a.v}]\n";
    assert_eq!(errors(&played(spec, &service, 1)), [""]);
    assert_eq!(*seen.lock().expect("no panic before"), ["POST /token", "GET /exchange", "GET /a"]);
}
