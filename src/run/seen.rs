//! Requests and pages that were there already: an API that does not move on.

use super::page::Page;
use crate::base::error_kind::ErrorKind;
use crate::base::print::one_line;
use crate::net::ExchangeError;
use crate::net::http::HttpRequest;
use crate::source::Request;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Requests and pages that were there already: an API that does not move on.
#[derive(Default)]
pub struct Seen {
    requests: HashSet<u64>,
    pages: HashSet<u64>,
}

impl Seen {
    /// Takes the request of the next page.
    ///
    /// # Errors
    /// Where it was asked before.
    pub fn request(&mut self, request: &HttpRequest, n_pages: usize) -> Result<(), ExchangeError> {
        let mut hasher = DefaultHasher::new();
        (&request.method, &*request.url, &request.body).hash(&mut hasher);
        request.headers.iter().for_each(|(name, value)| (name, value.reveal()).hash(&mut hasher));
        if self.requests.insert(hasher.finish()) {
            return Ok(());
        }
        let what = Request::Http(Box::new(request.clone())).describe();
        let message =
            format!("page {n_pages} leads to a page that was there already ({}): the paging goes round in a circle", one_line(&what));
        Err(ExchangeError::new(ErrorKind::Limit, message))
    }

    /// Takes a page.
    ///
    /// # Errors
    /// Where an earlier one was the same.
    pub fn page(&mut self, page: &Page, n_rows: usize, n_pages: usize) -> Result<(), ExchangeError> {
        let mut hasher = DefaultHasher::new();
        page.answer.body.hash(&mut hasher);
        if n_rows == 0 || self.pages.insert(hasher.finish()) {
            return Ok(());
        }
        let message = format!("page {n_pages} is the same as an earlier one: the server does not move on");
        Err(ExchangeError { answer: Some(Box::new(page.answer.clone())), ..ExchangeError::new(ErrorKind::Limit, message) })
    }
}
