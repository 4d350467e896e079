//! Pages by an address that the page before has given.
//!
//! ```yaml
//! paginate: {next_url: {from: "$['@odata.nextLink']"}}
//! ```

use super::{Pager, Turn};
use crate::base::error_kind::ErrorKind;
use crate::base::print::{cut, one_line, text_of};
use crate::base::value::Value;
use crate::expr::code::{Code, Expression};
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::http::HttpRequest;
use crate::net::login::Login;
use crate::source::bad_part;
use crate::yaml::kind::Kind;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader, Record};
use crate::yaml::shape::{KindDoc, Shape};
use std::sync::Arc;
use url::Url;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Pager>> = Kind {
    name: "next_url",
    docs: || KindDoc {
        name: "next_url",
        doc: "Asks at an address that the page before has given, until there is none.",
        fields: ByUrl::docs(),
        short: None,
    },
    read: |node, reader| ByUrl::read(node, reader).map(|by| Arc::new(by) as Arc<dyn Pager>),
};

crate::fields! {
    /// Pages by an address of the page before.
    struct ByUrl, "next_url" {
        /// The address in the document of a page, as `row`; a relative one starts at the address of that page. Missing, empty or false: this page is the last one. Another host gets neither login nor headers.
        from: From;
    }
}

/// An expression that sees the page as `row`.
#[derive(Clone, Debug)]
struct From(Expression);

impl Field for From {
    fn shape() -> Shape {
        Expression::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let (read, _) = reader.within(|reader| {
            reader.bind("row", node.span);
            Expression::read(node, reader)
        });
        read.map(From)
    }
}

impl Pager for ByUrl {
    fn first(&self, _: &mut HttpRequest, _: &mut Frame) -> Result<(), ExchangeError> {
        Ok(())
    }

    fn next(&self, turn: &Turn<'_>, frame: &mut Frame) -> Result<Option<HttpRequest>, ExchangeError> {
        let link = match self.from.0.0.eval(frame) {
            Err(Fault::Missing) | Ok(Value::Missing | Value::Bool(false)) => return Ok(None),
            Ok(value) => text_of(&value).unwrap_or_default(),
            Err(fault) => return Err(bad_part("paginate.next_url.from", fault)),
        };
        if link.is_empty() { Ok(None) } else { follow(turn.first, turn, &link).map(Some) }
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        take(&self.from.0.0);
    }
}

/// The request at a link, which is relative to the address of the last page. A server behind a
/// proxy often names itself with `http`: on the same host the scheme and port of the first request
/// stay. Another host gets a bare GET, as after a redirect.
///
/// # Errors
/// A link that is no address.
pub fn follow(request: &HttpRequest, turn: &Turn<'_>, link: &str) -> Result<HttpRequest, ExchangeError> {
    let no_url = |why: url::ParseError| {
        let link = cut(&one_line(link), 120);
        ExchangeError::new(ErrorKind::Limit, format!("the address of the next page, `{link}`, is not a URL: {why}"))
    };
    let asked = Url::parse(&turn.last.url).map_err(no_url)?;
    // The address of the answer, which differs after a redirect, is what links are relative to.
    let base = Url::parse(&turn.answer.url).unwrap_or_else(|_| asked.clone());
    let mut next = base.join(link).map_err(no_url)?;
    // What has left the first host stays without login, wherever its links lead: as with redirects.
    let home = Url::parse(&request.url).map_err(no_url)?;
    if next.host_str() == asked.host_str() && asked.host_str() == home.host_str() {
        // A port that is no number of this scheme cannot come from a URL.
        let kept = next.set_scheme(asked.scheme()).and_then(|()| next.set_port(asked.port()));
        debug_assert!(kept.is_ok(), "both are http or https");
        return Ok(HttpRequest { url: next.into(), ..request.clone() });
    }
    let method = "GET".to_owned();
    let bare = HttpRequest { login: Login::None, ..request.bare() };
    Ok(HttpRequest { url: next.into(), method, headers: Vec::new(), connect: Arc::new(bare.connect.for_strangers()), ..bare })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;
    use crate::net::Answer;
    use crate::net::digest::DigestLogin;

    #[test]
    fn what_left_the_first_host_stays_without_login() {
        let login = DigestLogin { username: Secret::new("u"), password: Secret::new("p") };
        let first = HttpRequest {
            headers: vec![("x-key".to_owned(), Secret::new("k"))],
            login: Login::Digest(Arc::new(login)),
            ..HttpRequest::get("https://home.test/a")
        };
        let follow = |last: &HttpRequest, link: &str| {
            let answer = Answer::of("", last.url.as_str());
            let turn = Turn { first: &first, last, answer: &answer, n_pages: 1, n_rows: 1, n_items: 1 };
            follow(&first, &turn, link).unwrap()
        };
        let bare = |request: &HttpRequest| request.headers.is_empty() && matches!(request.login, Login::None);
        let second = follow(&first, "http://home.test/b");
        assert!(!bare(&second) && second.url == "https://home.test/b");
        let away = follow(&second, "https://other.test/c");
        assert!(bare(&away));
        for link in ["/d", "https://other.test/e", "https://home.test/f"] {
            assert!(bare(&follow(&away, link)), "{link}");
        }
    }
}
