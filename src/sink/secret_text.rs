//! A setting that may be a secret: a text, or a handle in the one form `"{{ secret('env:NAME') }}"`.

use super::OpenCx;
use crate::base::diag::Diagnostic;
use crate::base::secret::{Secret, handle_of};
use crate::base::value::Text;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;

/// The setting.
#[derive(Clone, Debug)]
pub enum SecretText {
    /// As it stands in the file.
    Plain(Secret),
    /// Where it is found.
    Handle(Text),
}

impl SecretText {
    /// The secret.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn get(&self, cx: &OpenCx<'_>) -> Result<Secret, String> {
        match self {
            SecretText::Plain(secret) => Ok(secret.clone()),
            SecretText::Handle(handle) => {
                let text = (cx.secret)(handle).map_err(|why| format!("the secret `{handle}` cannot be read: {why}"))?;
                Ok(Secret::new(text))
            }
        }
    }
}

impl Field for SecretText {
    fn shape() -> Shape {
        Shape::Text
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = Text::read(node, reader)?;
        if let Some(handle) = handle_of(&text) {
            return Some(SecretText::Handle(handle.into()));
        }
        if text.contains("{{") {
            let problem = Diagnostic::error("no-handle", "a text that looks like a secret handle and is none", node.span);
            let help = "write the whole value as `\"{{ secret('env:NAME') }}\"`, with env:NAME, file:PATH or exec:PROGRAM";
            reader.report(problem.label("settings hold no other templates").help(help));
            return None;
        }
        Some(SecretText::Plain(Secret::new(text)))
    }
}
