//! The names that exist in a spec, and where: the part of the language that no declaration holds.
//! Tests keep it complete.

use crate::base::error_kind::ErrorKind;

/// A built-in name: the name, where it exists, what it is.
pub const NAMES: &[(&str, &str, &str)] = &[
    ("row", "where there are rows; also `$`", "The current item. In `expect` it is the whole document."),
    (
        "key",
        "where there are rows",
        "The last name or index of the path that the row came from: of `rows: \"$.counters.*\"` the name of the counter.",
    ),
    ("instance", "everywhere", "The settings of the instance, typed, with defaults. A key without value and default is missing."),
    ("init_config", "everywhere", "The settings that the instances of a file share."),
    ("engine", "everywhere", "`hostname`, `version`, and `vars` of engine.yaml."),
    ("now", "everywhere", "The time at the start of the run."),
    ("run", "everywhere", "`interval` and `number`; in mappings also `failed` and `errors`."),
    ("spec", "everywhere", "`name` and `version` of the spec."),
    ("tables", "everywhere", "The constant tables of the spec."),
    ("state", "everywhere", "Reserved for what is remembered between runs; always missing so far."),
    ("previous", "everywhere", "Reserved for what the names held in the last accepted run; always missing so far."),
    ("checks", "in mappings", "The statuses of the service checks of this run: `checks[\"http.can_connect\"]`."),
    ("change", "in an event with `on_change`", "`from` and `to`, the two values that differ."),
    ("token", "in `inject` of a session", "What the login gave; a secret."),
    ("cursor", "in `into` of `paginate: cursor`", "Where the next page begins, as the page before says."),
    ("file", "in rows of a `file` source", "The path of the file that the row came from."),
    ("parent", "with `recurse`", "The row one level up."),
    ("depth", "with `recurse`", "How deep the row lies, from 0."),
];

/// What the result of a source has: the member and what it is.
pub const MEMBERS: &[(&str, &str)] = &[
    ("ok", "True if everything worked."),
    ("ran", "True if it was tried: neither skipped nor off."),
    ("error", "`kind` and `message`; missing where there is none."),
    ("status", "The HTTP status."),
    ("headers", "The headers of the answer, by names in lower case."),
    ("elapsed", "How long it took, in seconds."),
    ("url", "The address that was asked, the path of the file, or the program."),
    ("body", "The answer as text."),
    ("doc", "The decoded document. `$NAME.a` is short for `NAME.doc.a`."),
    ("pages", "The documents of all its pages; `.doc` is the first."),
    ("rows", "The list of its rows."),
    ("count", "How many rows there are."),
    ("failed", "How many items of its `each` failed."),
    ("capped", "True if `max_pages` or `max_items` left something out."),
    (
        "requests",
        "One item for each request: `url`, `ok`, `status`, `elapsed`, `error`, `from_cache`, `count`, `body`, and the items of the `each` by their names.",
    ),
    ("exit_code", "The exit code of the command."),
    ("stderr", "The end of what the command wrote to its standard error."),
    ("certificate", "The server's certificate, over HTTPS: `days_left`, `not_after`, `subject`, `issuer`."),
    ("by", "Its indexes: `hosts.by.id[\"7\"]`."),
];

/// Why a source failed.
pub const ERRORS: &[(ErrorKind, &str)] = &[
    (ErrorKind::Timeout, "A time limit was reached."),
    (ErrorKind::Connect, "No connection, or it broke."),
    (ErrorKind::Dns, "The host name has no address."),
    (ErrorKind::Tls, "The certificate is not trusted, or there is no common protocol."),
    (ErrorKind::HttpStatus, "A status outside `ok_status`; status, headers and body are there."),
    (ErrorKind::TooLarge, "More bytes than `max_bytes`."),
    (ErrorKind::Decode, "The bytes are not what the decoder reads."),
    (ErrorKind::Expect, "`expect` does not hold."),
    (ErrorKind::Exit, "An exit code outside `ok_exit_codes`, or a signal."),
    (ErrorKind::Spawn, "The command could not be started."),
    (ErrorKind::NotFound, "No such file or program."),
    (ErrorKind::Permission, "Not allowed to read or start it."),
    (
        ErrorKind::Auth,
        "A login for a token failed, or an answer was refused with a new token, too; status, headers and body of that answer are there. Other logins that are refused are of kind `http_status`.",
    ),
    (ErrorKind::Limit, "Another limit of the engine, or a part of the request that has no value."),
    (ErrorKind::Skipped, "A source that it needs did not work."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::names::BUILT_IN;

    #[test]
    fn every_built_in_name_is_told_of() {
        let names: Vec<_> = NAMES.iter().map(|(name, _, _)| *name).collect();
        assert_eq!(names, BUILT_IN);
    }

    #[test]
    fn every_member_of_a_result_is_told_of() {
        let members: Vec<_> = MEMBERS.iter().map(|(member, _)| *member).collect();
        assert_eq!(members, crate::spec::resolve::MEMBERS);
    }
}
