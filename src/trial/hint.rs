//! What to write where a request has no answer.

use super::given::Given;
use crate::base::diag::Diagnostic;
use crate::base::print::one_line;
use crate::base::span::Span;
use crate::source::Request;
use crate::yaml::basic::KeyedEntry;

/// The problem of a request that nothing answers, with the answer to write.
pub fn no_answer(given: &[KeyedEntry<Given>], source: &str, request: &Request, test: Span) -> Diagnostic {
    let asked = one_line(&shown(request));
    let known = given.iter().find(|entry| &*entry.key == source);
    let title = format!("no answer for a request of `{source}`");
    let place = known.map_or(test, |entry| entry.value.span);
    let label = match known {
        Some(_) => "none of these answers is for it",
        None => "nothing is given for this source",
    };
    let answer = match request {
        Request::Http(_) => "{status: 200, json: {}}",
        Request::Command(_) => "{stdout: \"\", exit_code: 0}",
        Request::File(_) => "{content: \"\"}",
    };
    let key = if source.contains('.') { format!("\"{source}\"") } else { source.to_owned() };
    let help = match (known, request) {
        (Some(_), Request::Http(http)) => {
            let url = http.url.parsed().map_or_else(|_| http.url.to_string(), from_path);
            format!("add to its `requests`: `{{match: {{url: \"{url}\"}}, status: 200, json: {{}}}}`")
        }
        (Some(_), _) => format!("add to its `requests`: `{answer}`"),
        (None, _) => format!("add to `given`: `{key}: {answer}`, or `{key}: {{error: timeout}}`"),
    };
    Diagnostic::error("no-answer", title, place).label(label).text(format!("The run asked for {asked}.")).help(help)
}

fn from_path(url: &url::Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// A request as a test may show it: nothing in a test is a secret.
pub fn shown(request: &Request) -> String {
    match request {
        Request::Http(http) => match http.body.as_deref().filter(|body| !body.is_empty()) {
            Some(body) => {
                format!("{} {} with the body {}", http.method, http.url, crate::base::print::cut(&String::from_utf8_lossy(body), 400))
            }
            None => format!("{} {}", http.method, http.url),
        },
        Request::Command(command) => format!("the command {:?}", command.argv),
        Request::File(file) => format!("the file {}", file.pattern.display()),
    }
}
