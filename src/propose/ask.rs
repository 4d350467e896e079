//! What is looked at: an address, a command, a file.

use crate::net::command::CommandRequest;
use crate::net::file::FileRequest;
use crate::net::http::HttpRequest;
use crate::source::Request;
use std::path::PathBuf;

/// The names of the sources: of an address, a command, a file.
pub const SOURCES: [&str; 3] = ["page", "output", "content"];

/// Where the answer comes from.
#[derive(Clone, Debug)]
pub enum Ask {
    /// An address, and what goes with the request.
    Url(Http),
    /// A program with its arguments.
    Command(Vec<String>),
    /// A file.
    File(PathBuf),
}

/// A request over HTTP.
#[derive(Clone, Debug, Default)]
pub struct Http {
    /// The address, without anything secret.
    pub url: String,
    /// What goes with it.
    pub settings: Vec<Setting>,
}

/// A header, a parameter or a part of the login of a request.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What it is.
    pub part: Part,
    /// Its value as it is sent.
    pub value: String,
    /// The handle that stands for it in conf.d; none for what may be read by all.
    pub handle: Option<String>,
}

/// A part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A header of that name.
    Header(String),
    /// A parameter of that name.
    Parameter(String),
    /// The user of basic authentication.
    User,
    /// The password of it.
    Password,
    /// A bearer token.
    Bearer,
}

impl Ask {
    /// The request that looks.
    pub fn request(&self) -> Request {
        match self {
            Ask::Url(http) => Request::Http(Box::new(http.request())),
            Ask::Command(argv) => Request::Command(CommandRequest::of(argv.iter().map(String::as_str))),
            Ask::File(path) => Request::File(FileRequest::of(path)),
        }
    }

    /// The name of the source.
    pub fn source(&self) -> &'static str {
        let [page, output, content] = SOURCES;
        match self {
            Ask::Url(_) => page,
            Ask::Command(_) => output,
            Ask::File(_) => content,
        }
    }
}

impl Http {
    fn request(&self) -> HttpRequest {
        let value = |wanted: &Part| self.settings.iter().find(|setting| setting.part == *wanted).map(|setting| setting.value.as_str());
        let secret = |text: String| crate::base::secret::Secret::new(text);
        let mut request = HttpRequest::get(self.url.as_str());
        for setting in &self.settings {
            match &setting.part {
                Part::Header(name) => request.headers.push((name.clone(), secret(setting.value.clone()))),
                Part::Bearer => request.headers.push(("Authorization".to_owned(), secret(format!("Bearer {}", setting.value)))),
                Part::Parameter(name) => {
                    if let Ok(mut url) = request.url.parsed().cloned() {
                        url.query_pairs_mut().append_pair(name, &setting.value);
                        request.url = url.into();
                    }
                }
                Part::User | Part::Password => {}
            }
        }
        if let Some(user) = value(&Part::User)
            && let Ok(mut url) = request.url.parsed().cloned()
        {
            // Basic authentication is made of the address; one without a host has no user, and fails anyhow.
            let _ = url.set_username(user);
            let _ = url.set_password(value(&Part::Password));
            request.url = url.into();
        }
        request
    }
}
