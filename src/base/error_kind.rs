//! The closed set of ways in which a source can fail, as specs see it in `.error.kind`.

/// Why a source failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A time limit was reached.
    Timeout,
    /// No connection, or it broke.
    Connect,
    /// The host name has no address.
    Dns,
    /// No trust, or no common protocol.
    Tls,
    /// A status outside `ok_status`.
    HttpStatus,
    /// More bytes than `max_bytes`.
    TooLarge,
    /// The bytes are not what the decoder reads.
    Decode,
    /// `expect` does not hold.
    Expect,
    /// The command ended with an exit code outside `ok_exit_codes`, or by a signal.
    Exit,
    /// The command could not be started.
    Spawn,
    /// No such file or program.
    NotFound,
    /// Not allowed to read or start it.
    Permission,
    /// A login for a token failed, or its token was refused even after a renewal. A refusal of
    /// credentials that stand in the request itself is a status like any other.
    Auth,
    /// Another limit of the engine was reached.
    Limit,
    /// Something that this source needs did not work.
    Skipped,
}

/// All of them.
const ALL: [ErrorKind; 15] = [
    ErrorKind::Timeout,
    ErrorKind::Connect,
    ErrorKind::Dns,
    ErrorKind::Tls,
    ErrorKind::HttpStatus,
    ErrorKind::TooLarge,
    ErrorKind::Decode,
    ErrorKind::Expect,
    ErrorKind::Exit,
    ErrorKind::Spawn,
    ErrorKind::NotFound,
    ErrorKind::Permission,
    ErrorKind::Auth,
    ErrorKind::Limit,
    ErrorKind::Skipped,
];

impl ErrorKind {
    /// All words, in order.
    pub const WORDS: &'static [&'static str] = &[
        "timeout",
        "connect",
        "dns",
        "tls",
        "http_status",
        "too_large",
        "decode",
        "expect",
        "exit",
        "spawn",
        "not_found",
        "permission",
        "auth",
        "limit",
        "skipped",
    ];

    /// The kind of a word.
    pub fn from_word(word: &str) -> Option<ErrorKind> {
        ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word in specs and outputs.
    pub fn word(self) -> &'static str {
        match self {
            ErrorKind::Timeout => "timeout",
            ErrorKind::Connect => "connect",
            ErrorKind::Dns => "dns",
            ErrorKind::Tls => "tls",
            ErrorKind::HttpStatus => "http_status",
            ErrorKind::TooLarge => "too_large",
            ErrorKind::Decode => "decode",
            ErrorKind::Expect => "expect",
            ErrorKind::Exit => "exit",
            ErrorKind::Spawn => "spawn",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Permission => "permission",
            ErrorKind::Auth => "auth",
            ErrorKind::Limit => "limit",
            ErrorKind::Skipped => "skipped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_kinds() {
        assert_eq!(ErrorKind::WORDS, ALL.map(ErrorKind::word));
    }
}
