//! Names that secrets go by: of settings, headers, parameters, fields and variables.
//!
//! Three degrees, each wider than the one before it, since a false alarm costs more than a mask that
//! was not needed. Capitals in the middle of a name begin a word, so `accessToken` is `access_token`.

/// What can be nothing else, as the end of a name.
const SECRETS: &[&str] = &["password", "passwd", "passphrase", "secret", "token", "apikey", "api_key", "access_key", "private_key"];
/// What else logs in, as the last words of a name.
const LOGINS: &[&str] =
    &["authorization", "cookie", "sid", "session_id", "sessionid", "jsessionid", "phpsessid", "auth_key", "subscription_key"];
/// What a text is suspected of, as a word of a name.
const HINTS: &[&str] =
    &["pass", "pwd", "pw", "otp", "jwt", "sig", "signature", "bearer", "credential", "credentials", "session", "cookies"];

/// True for the name of something that must not be written down: lint demands a handle for it.
pub fn is_secret(name: &str) -> bool {
    let words = words(name);
    SECRETS.iter().any(|secret| words.ends_with(secret))
}

/// True for the name of what logs in: a secret, or a header or cookie that takes its place.
pub fn logs_in(name: &str) -> bool {
    let words = words(name);
    is_secret(name) || LOGINS.iter().any(|login| ends_in_words(&words, login)) || (name.contains('-') && words.ends_with("_key"))
}

/// True for the name of what may be a secret, and is not shown to strangers.
pub fn may_be_secret(name: &str) -> bool {
    let words = words(name);
    let holds = |secret: &&str| words.contains(*secret);
    logs_in(name) || SECRETS.iter().any(holds) || words.split('_').any(|word| HINTS.contains(&word)) || words.ends_with("_key")
}

/// The words of a name in small letters, with `_` between them.
fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for c in name.chars() {
        if c.is_uppercase() && was_small {
            out.push('_');
        }
        was_small = c.is_lowercase() || c.is_ascii_digit();
        out.extend(if matches!(c, '-' | '.' | ' ' | ':') { '_' } else { c }.to_lowercase());
    }
    out
}

fn ends_in_words(words: &str, last: &str) -> bool {
    words.strip_suffix(last).is_some_and(|before| before.is_empty() || before.ends_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_degree_is_wider_than_the_one_before() {
        let degree = |name: &str| match (is_secret(name), logs_in(name), may_be_secret(name)) {
            (true, true, true) => 3,
            (false, true, true) => 2,
            (false, false, true) => 1,
            (false, false, false) => 0,
            other => panic!("{name}: {other:?}"),
        };
        let names = [
            (3, "password db_password accessToken accesstoken X-Auth-Token client_secret apiKey aws_access_key"),
            (2, "Authorization proxy-authorization Set-Cookie JSESSIONID sid X-Auth-Key x-api2-key session_id"),
            (1, "db_pass pwd tokens token_hash X-Amz-Signature secret_name credentials sort_key session"),
            (0, "key keys user compass sidecar author passed design monkey code tags"),
        ];
        for (expected, list) in names {
            for name in list.split(' ') {
                assert_eq!(degree(name), expected, "{name}");
            }
        }
    }
}
