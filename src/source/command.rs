//! Bytes from the standard output of a command.
//!
//! ```yaml
//! sources:
//!   df:
//!     command: {argv: [df, -P, -k], timeout: 5s}
//! ```
//!
//! One item of `argv` is exactly one argument. It is never split and there is never a shell.

use super::wire::wire_text;
use super::{Place, Request, Source, bad_part, with_usual};
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::print::text_of;
use crate::base::value::Value;
use crate::expr::code::{Code, Setting, Template, has_holes};
use crate::expr::data::DataMap;
use crate::expr::frame::Frame;
use crate::expr::texts::Texts;
use crate::net::ExchangeError;
use crate::net::command::CommandRequest;
use crate::yaml::basic::{OneOrMany, Seconds, Size};
use crate::yaml::kind::Kind;
use crate::yaml::read::{Fields, Record};
use crate::yaml::shape::KindDoc;
use std::sync::Arc;

/// The entry of this kind.
pub const KIND: Kind<Arc<dyn Source>> = Kind {
    name: "command",
    docs: || KindDoc { name: "command", doc: "Runs a program and reads its standard output.", fields: Command::docs(), short: None },
    read: |node, reader| {
        let mut fields = Fields::open_record(node, "`command`", Command::docs, reader)?;
        if let Some(node) =
            fields.node("argv").filter(|node| node.as_list().is_none() && node.as_scalar().is_some_and(|s| s.text.contains(' ')))
        {
            let text = node.as_scalar().map(|s| s.text.clone()).unwrap_or_default();
            // A list that the instance gives is an item that adds its items.
            let words = if has_holes(&text) { vec![format!("\"{text}\"")] } else { text.split_whitespace().map(str::to_owned).collect() };
            let problem = crate::base::diag::Diagnostic::error("wrong-type", "expected a list of arguments", node.span);
            let list = format!("[{}]", words.join(", "));
            reader.report(problem.label("one text is never split into words").help(format!("write `{list}`")).edit(node.span, list));
            return None;
        }
        let read = Command::read_from(&mut fields, reader);
        fields.finish(reader);
        Some(Arc::new(read?))
    },
};

crate::fields! {
    /// One command.
    pub struct Command, "command" {
        /// The program and its arguments, one item each. An item that is exactly one `"{{ … }}"` and gives a list adds its items; a missing one vanishes.
        argv: Texts;
        /// Environment variables; besides these the program sees PATH, LANG and TZ only.
        env: Option<DataMap>;
        /// The folder it runs in; `/` where it is not given.
        cwd: Option<Template>;
        /// What it reads from its standard input; nothing where it is not given.
        stdin: Option<Template>;
        /// Time limit; then the whole process group is ended.
        timeout: Setting<Seconds> = Setting::Fixed(Seconds(limits::COMMAND_TIME.as_secs_f64())), "10s";
        /// The exit codes that are fine.
        ok_exit_codes: OneOrMany<i64> = OneOrMany(vec![0]), "[0]";
        /// The most bytes of its standard output.
        max_bytes: Setting<Size> = Setting::Fixed(Size(limits::COMMAND_BYTES)), "10MiB";
    }
}

impl Source for Command {
    fn kind(&self) -> &'static str {
        "command"
    }

    fn requests(&self, place: &Place<'_>, frame: &mut Frame) -> Result<Vec<Request>, ExchangeError> {
        let mut argv: Vec<Value> = Vec::new();
        self.argv.sound(frame, &mut argv).map_err(|fault| bad_part("argv", fault))?;
        let shown = argv.iter().filter_map(text_of).collect::<Vec<_>>().join(" ");
        let argv: Vec<String> = argv.iter().filter_map(wire_text).collect();
        if argv.is_empty() {
            return Err(ExchangeError::new(ErrorKind::Spawn, "`argv` is empty: there is no program to run"));
        }
        let env = match &self.env {
            Some(env) => env.entries(frame).map_err(|f| bad_part("env", f))?,
            None => Vec::new(),
        };
        let stdin = match &self.stdin {
            Some(stdin) => Some(stdin.eval(frame).map_err(|f| bad_part("stdin", f))?),
            None => None,
        };
        Ok(vec![Request::Command(CommandRequest {
            argv,
            shown,
            env: env.iter().filter_map(|(key, value)| Some((key.to_string(), wire_text(value)?))).collect(),
            cwd: self.cwd.as_ref().and_then(|cwd| Some(place.folder(cwd.0.span).join(&*cwd.text(frame)?))),
            stdin: stdin.as_ref().and_then(wire_text).map(Into::into),
            timeout: with_usual("timeout", &self.timeout, Seconds(limits::COMMAND_TIME.as_secs_f64()), frame)?.duration(),
            ok_exit_codes: self.ok_exit_codes.0.iter().filter_map(|code| i32::try_from(*code).ok()).collect(),
            max_bytes: with_usual("max_bytes", &self.max_bytes, Size(limits::COMMAND_BYTES), frame)?.0,
        })])
    }

    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        self.argv.codes(take);
        self.env.iter().for_each(|env| env.0.codes(take));
        [&self.cwd, &self.stdin].into_iter().flatten().for_each(|template| take(&template.0));
        self.timeout.code().into_iter().chain(self.max_bytes.code()).for_each(take);
    }
}
