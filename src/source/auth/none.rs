//! No login, where a default says otherwise.
//!
//! ```yaml
//! auth: none
//! ```

use super::{Around, Login};
use crate::expr::code::Code;
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::http::HttpRequest;
use crate::yaml::kind::Kind;
use crate::yaml::shape::KindDoc;
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Login>> = Kind {
    name: "none",
    docs: || KindDoc { name: "none", doc: "No login, where a default says otherwise.", fields: Vec::new(), short: None },
    read: |node, reader| {
        if !node.is_null() {
            reader.mismatch(node, "nothing after `none`");
            return None;
        }
        Some(Arc::new(NoLogin))
    },
};

#[derive(Debug)]
struct NoLogin;

impl Login for NoLogin {
    fn apply(&self, _: &Around<'_>, _: &mut HttpRequest, _: &mut Frame) -> Result<(), ExchangeError> {
        Ok(())
    }

    fn codes<'s>(&'s self, _: &mut dyn FnMut(&'s Code)) {}
}
