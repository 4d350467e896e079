//! Pages by an address that the page before has given.
//!
//! ```yaml
//! paginate: {next_url: {from: "$['@odata.nextLink']"}}
//! ```

use super::{Pager, Turn};
use crate::base::error_kind::ErrorKind;
use crate::base::print::{cut, one_line, text_of};
use crate::base::value::Value;
use crate::expr::code::Code;
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::http::HttpRequest;
use crate::net::login::Login;
use crate::source::bad_part;
use crate::source::of_document::OfDocument;
use crate::yaml::kind::Kind;
use crate::yaml::read::{Field, Record};
use crate::yaml::shape::KindDoc;
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
        /// The address in the document of a page, as `row`; a relative one starts at the address of that page. Missing, empty or false: this page is the last one; of a list with one item, that item counts. Another host gets neither login nor headers.
        from: OfDocument;
    }
}

impl Pager for ByUrl {
    fn first(&self, _: &mut HttpRequest, _: &mut Frame) -> Result<(), ExchangeError> {
        Ok(())
    }

    fn next(&self, turn: &Turn<'_>, frame: &mut Frame) -> Result<Option<HttpRequest>, ExchangeError> {
        let link = match self.from.0.0.eval(frame) {
            Err(Fault::Missing) | Ok(Value::Missing | Value::Bool(false)) => return Ok(None),
            // A path that may match more than once, like `$.links[?@.rel == 'next'].href`, gives a list.
            Ok(Value::List(items)) => match &items[..] {
                [] => return Ok(None),
                [one] => text_of(one).unwrap_or_default(),
                several => {
                    let message = format!("`paginate.next_url.from` gives {} addresses where one is needed", several.len());
                    return Err(ExchangeError::new(ErrorKind::Limit, message));
                }
            },
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
/// proxy often names itself with `http`: on the host of the first request, its scheme, port and
/// user info stay. Another host gets a bare GET, and what has left the first host stays without
/// login, wherever its links lead: as with redirects.
///
/// # Errors
/// A link that is no address.
pub fn follow(request: &HttpRequest, turn: &Turn<'_>, link: &str) -> Result<HttpRequest, ExchangeError> {
    let no_url = |why: &str| {
        let link = cut(&one_line(link), 120);
        ExchangeError::new(ErrorKind::Limit, format!("the address of the next page, `{link}`, is not a URL: {why}"))
    };
    let of = |request: &HttpRequest| request.url.parsed().cloned().map_err(|why| no_url(&why.to_string()));
    let (home, asked) = (of(turn.first)?, of(turn.last)?);
    // The address of the answer, which differs after a redirect, is what links are relative to; but it
    // is without what is secret.
    let answered = Url::parse(&turn.answer.url).ok().filter(|_| turn.last.secrets.is_empty());
    let base = answered.unwrap_or_else(|| asked.clone());
    let mut next = base.join(link).map_err(|why| no_url(&why.to_string()))?;
    if !matches!(next.scheme(), "http" | "https") {
        return Err(no_url(&format!("`{}` is neither http nor https", next.scheme())));
    }
    if next.host_str() != home.host_str() || asked.host_str() != home.host_str() {
        let bare = HttpRequest { login: Login::None, ..request.bare() };
        let connect = Arc::new(bare.connect.for_strangers());
        return Ok(HttpRequest { url: next.into(), method: "GET".into(), headers: Vec::new(), connect, ..bare });
    }
    let kept = next
        .set_scheme(home.scheme())
        .and_then(|()| next.set_port(home.port()))
        .and_then(|()| next.set_username(home.username()))
        .and_then(|()| next.set_password(home.password()));
    kept.map_err(|()| no_url("it does not fit the first one"))?;
    Ok(HttpRequest { url: next.into(), ..request.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;
    use crate::net::Answer;
    use crate::net::digest::DigestLogin;

    /// The request after a page at `answered`, where the first one went to `first`.
    fn after(first: &str, answered: &str, link: &str) -> Result<HttpRequest, ExchangeError> {
        let login = DigestLogin { username: Secret::new("u"), password: Secret::new("p") };
        let first = HttpRequest {
            headers: vec![("x-key".to_owned(), Secret::new("k"))],
            login: Login::Digest(Arc::new(login)),
            ..HttpRequest::get(first)
        };
        let last = HttpRequest::get(answered);
        let answer = Answer::of("", answered);
        follow(&first, &Turn { first: &first, last: &last, answer: &answer, n_pages: 1, n_rows: 1, n_items: 1 }, link)
    }

    fn is_bare(request: &HttpRequest) -> bool {
        request.headers.is_empty() && matches!(request.login, Login::None) && request.method == "GET"
    }

    #[test]
    fn a_link_is_relative_to_the_address_of_its_page_and_keeps_scheme_port_and_user_of_the_first() {
        for (first, answered, link, expected) in [
            ("http://h/v1/list?a=1", "http://h/v1/list?a=1", "?page=2", "http://h/v1/list?page=2"),
            ("http://h/v1/list", "http://h/v1/list", "next", "http://h/v1/next"),
            ("http://h/v1/list", "http://h/v2/list", "next", "http://h/v2/next"),
            ("http://h/v1/list", "http://h/v1/list", "/x#part", "http://h/x#part"),
            ("https://h:8443/a", "https://h:8443/a", "http://h/a?page=2", "https://h:8443/a?page=2"),
            ("http://h/a", "http://h/a", "https://h:444/b", "http://h/b"),
            ("http://h/a", "http://h/a", "//h/b", "http://h/b"),
            ("http://me:pw@h/a", "http://h/a", "/b", "http://me:pw@h/b"),
            ("http://h/a", "http://h/a", "http://me:pw@h/b", "http://h/b"),
        ] {
            let next = after(first, answered, link).unwrap();
            assert!(*next.url == *expected && !is_bare(&next), "{link}: {}", next.url);
        }
    }

    #[test]
    fn what_left_the_first_host_stays_without_login() {
        for (answered, link) in [
            ("http://h/a", "http://other/b"),
            ("http://h/a", "//other/b"),
            ("http://h/a", "http://h.other/b"),
            ("http://other/a", "/b"),
            ("http://other/a", "http://other/b"),
            ("http://other/a", "http://h/b"),
        ] {
            assert!(is_bare(&after("http://h/a", answered, link).unwrap()), "{answered} {link}");
        }
    }

    #[test]
    fn a_link_that_is_no_address_of_the_web_is_an_error() {
        for (link, why) in [
            ("http://[::bad/", "invalid IPv6 address"),
            ("mailto:x@h", "`mailto` is neither http nor https"),
            ("foo://h/a", "`foo` is neither"),
            ("file:///etc/passwd", "`file` is neither"),
        ] {
            let error = after("http://h/a", "http://h/a", link).unwrap_err();
            assert!(error.message.contains(why) && error.message.contains(link), "{error}");
        }
    }
}
