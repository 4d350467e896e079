//! The answers of a recording as a test gives them, and the fixtures that hold their bytes.

use super::Taken;
use super::apart::matches;
use super::mask::Mask;
use crate::base::error_kind::ErrorKind;
use crate::base::secret_names::logs_in;
use crate::base::value::{Text, Value};
use crate::net::certificate::Certificate;
use crate::net::file::Reading;
use crate::net::{Answer, ExchangeError};
use crate::source::Request;
use crate::trial::answer::{ending_of, type_of_file};
use crate::trial::write::{Fields, flow, scalar};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Makes answers and collects their fixtures.
pub struct Answering<'a> {
    /// What takes the place of secrets.
    pub mask: &'a Mask,
    /// All texts of the spec: what they do not mention is left out.
    pub spec: &'a str,
    /// The folder of the fixtures, beside the test.
    pub folder: &'a str,
    /// Fixtures by their paths from the folder of the test.
    pub files: Vec<(String, Vec<u8>)>,
    /// What the test cannot show as it was.
    pub warnings: BTreeSet<String>,
}

/// Headers that say nothing of what was asked for.
const NOISE: &[&str] = &[
    "accept-ranges",
    "age",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expires",
    "keep-alive",
    "pragma",
    "server",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "via",
];
/// Headers that the engine itself reads.
const READ: &[&str] = &["link", "retry-after"];

impl Answering<'_> {
    /// The answers to the requests of a source in one run.
    pub fn of_run(&mut self, taken: &[&Taken]) -> Vec<Fields> {
        if taken.iter().any(|taken| matches!(taken.request, Request::File(_))) {
            return vec![self.of_files(taken)];
        }
        let requests: Vec<&Request> = taken.iter().map(|taken| &taken.request).collect();
        let mut out: Vec<(usize, Fields)> = Vec::new();
        for (taken, (weight, apart)) in taken.iter().zip(matches(&requests, self.mask)) {
            let words = apart.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join(", ");
            let mut fields = if apart.is_empty() { Fields::new() } else { vec![("match".to_owned(), format!("{{{words}}}"))] };
            fields.extend(self.outcome(taken));
            out.push((weight, fields));
        }
        out.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        out.into_iter().map(|(_, fields)| fields).collect()
    }

    fn outcome(&mut self, taken: &Taken) -> Fields {
        let given = |kind: ErrorKind| vec![("error".to_owned(), kind.word().to_owned())];
        match &taken.outcome {
            None => given(ErrorKind::Timeout),
            Some(Ok(answers)) => answers.first().map(|answer| self.answer(taken, answer)).unwrap_or_default(),
            // These are judged anew when the test is played.
            Some(Err(ExchangeError { kind: ErrorKind::HttpStatus, answer: Some(answer), .. })) => self.answer(taken, answer),
            Some(Err(ExchangeError { kind: ErrorKind::Exit, answer: Some(answer), .. })) if answer.exit_code.is_some() => {
                self.answer(taken, answer)
            }
            Some(Err(error)) => given(error.kind),
        }
    }

    fn answer(&mut self, taken: &Taken, answer: &Answer) -> Fields {
        let mut out = Fields::new();
        let mut say = |key: &str, value: String| out.push((key.to_owned(), value));
        if let Request::Command(_) = taken.request {
            if let Some(code) = answer.exit_code.filter(|code| *code != 0) {
                say("exit_code", code.to_string());
            }
            if !answer.stderr.is_empty() && self.reads(".stderr") {
                say("stderr", scalar(&self.mask.text(&answer.stderr)));
            }
            if !answer.body.is_empty() {
                say("stdout_file", scalar(&self.fixture(&taken.source, "txt", &answer.body)));
            }
        } else {
            if let Some(status) = answer.status.filter(|status| *status != 200) {
                say("status", status.to_string());
            }
            let content_type = answer.header("content-type");
            let ending = ending_of(content_type);
            let mut headers = self.headers(answer);
            let implied = if answer.body.is_empty() { None } else { type_of_file(&format!("x.{ending}")) };
            if let Some(content_type) = content_type.filter(|found| implied != Some(*found)) {
                headers.insert(0, ("content-type".to_owned(), scalar(content_type)));
            }
            if !headers.is_empty() {
                let inner = headers.iter().map(|(name, value)| format!("{}: {value}", scalar(name))).collect::<Vec<_>>();
                say("headers", format!("{{{}}}", inner.join(", ")));
            }
            if taken.request.address() != answer.url {
                say("url", scalar(&self.mask.text(&answer.url)));
            }
            if let Some(certificate) = answer.certificate.as_deref().filter(|_| self.reads("certificate")).and_then(Certificate::read) {
                let (subject, issuer) = (scalar(&certificate.subject), scalar(&certificate.issuer));
                say("certificate", format!("{{not_after: {}, subject: {subject}, issuer: {issuer}}}", certificate.not_after));
            }
            if !answer.body.is_empty() {
                say("body_file", scalar(&self.fixture(&taken.source, ending, &answer.body)));
            }
        }
        if self.reads(".elapsed") {
            say("elapsed", format!("{:.3}", answer.elapsed.as_secs_f64()));
        }
        out
    }

    fn reads(&self, what: &str) -> bool {
        self.spec.contains(what)
    }

    fn headers(&self, answer: &Answer) -> Fields {
        let all = self.reads(".headers");
        let wanted = |name: &str| if all { !NOISE.contains(&name) } else { READ.contains(&name) };
        let shown =
            |name: &str, value: &str| if logs_in(name) { scalar(crate::base::secret::MASK) } else { scalar(&self.mask.text(value)) };
        answer.headers.iter().filter(|(name, _)| wanted(name)).map(|(name, value)| (name.to_owned(), shown(name, &value))).collect()
    }

    /// What a file source found in a run: whole files, or what was added to them.
    fn of_files(&mut self, taken: &[&Taken]) -> Fields {
        let Some(first) = taken.first() else { return Fields::new() };
        let Request::File(request) = &first.request else { return Fields::new() };
        if let Some(Err(error)) = &first.outcome {
            return vec![("error".to_owned(), error.kind.word().to_owned())];
        }
        let grows = matches!(request.reading, Reading::Tail(_));
        if request.encoding.is_some() && grows {
            self.warnings.insert(format!(
                "`{}` was read as {}; in the test it is UTF-8",
                first.source,
                request.encoding.as_deref().unwrap_or("")
            ));
        }
        let mut contents: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for answer in taken.iter().filter_map(|taken| taken.outcome.as_ref()).flatten().flatten() {
            // With an encoding the answer is UTF-8 already, and the file is not.
            let raw = request.encoding.as_ref().filter(|_| !grows).and_then(|_| std::fs::read(&answer.url).ok());
            contents.entry(answer.url.clone()).or_default().extend(raw.unwrap_or_else(|| answer.body.to_vec()));
        }
        let added = grows && first.run > 0;
        let alone = contents.len() == 1 && contents.keys().all(|path| Path::new(path) == request.pattern);
        if alone {
            return contents.values().flat_map(|bytes| self.content(first, &request.pattern, bytes, added)).collect();
        }
        let parent = request.pattern.parent().unwrap_or(Path::new("/"));
        let mut files = Vec::new();
        for (path, bytes) in &contents {
            let path = Path::new(path);
            let name = path.strip_prefix(parent).unwrap_or(path).to_string_lossy().into_owned();
            let content: Vec<_> =
                self.content(first, path, bytes, added).into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
            if !content.is_empty() {
                files.push(format!("{}: {{{}}}", scalar(&name), content.join(", ")));
            }
        }
        if files.is_empty() { Fields::new() } else { vec![("files".to_owned(), format!("{{{}}}", files.join(", ")))] }
    }

    fn content(&mut self, taken: &Taken, path: &Path, bytes: &[u8], added: bool) -> Fields {
        if added {
            let text = flow(&Value::Text(Text::from(String::from_utf8_lossy(&self.mask.bytes(bytes)).as_ref())));
            return if bytes.is_empty() { Fields::new() } else { vec![("append".to_owned(), text)] };
        }
        let ending = path.extension().map_or("txt".into(), |ending| ending.to_string_lossy());
        vec![("content_file".to_owned(), scalar(&self.fixture(&taken.source, &ending, bytes)))]
    }

    /// The path of a fixture with these bytes: `recorded/hosts_2.json`.
    fn fixture(&mut self, source: &str, ending: &str, bytes: &[u8]) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
        let stem = format!("{}/{}", self.folder, source.chars().map(plain).collect::<String>());
        let masked = self.mask.bytes(bytes);
        let own =
            |path: &str, n: usize| if n == 0 { path == format!("{stem}.{ending}") } else { path == format!("{stem}_{}.{ending}", n + 1) };
        let mut n = 0;
        while let Some((path, known)) = self.files.iter().find(|(path, _)| own(path, n)) {
            if *known == masked {
                return path.clone();
            }
            n += 1;
        }
        let path = if n == 0 { format!("{stem}.{ending}") } else { format!("{stem}_{}.{ending}", n + 1) };
        self.files.push((path.clone(), masked));
        path
    }
}
