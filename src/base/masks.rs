//! The second wall before secrets: texts that come from outside may repeat one.
//!
//! A [`Secret`](super::secret::Secret) never prints by itself. But a server that repeats a request in
//! its answer, or a receiver in its refusal, brings one back as an ordinary text. [`Masks`] knows the
//! secrets of one place and finds them as they are, in base64 at any offset, percent-encoded, in
//! hexadecimal, and escaped as in JSON. Of a long one the beginning is enough, since texts get cut.
//!
//! Short secrets are not looked for: `on` or `8080` stand everywhere, and masking them would tell
//! which words they are.

use super::secret::MASK;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use regex::Regex;
use std::sync::Arc;

/// Secrets with fewer bytes are not looked for.
const LEAST_BYTES: usize = 8;
/// Less of base64 stands in other texts by chance.
const LEAST_BASE64: usize = 6;
/// Of longer ones so many bytes are enough: no text holds them by chance.
const ENOUGH_BYTES: usize = 24;
/// Secrets in one expression: more of them would make it larger than an expression may be.
const AT_ONCE: usize = 100;

/// What must not show in the texts of one place.
#[derive(Clone, Debug, Default)]
pub struct Masks(Vec<Known>);

/// Some of the secrets, in all their forms.
#[derive(Clone)]
struct Known {
    /// Literals alone, which take little memory and no automaton of their own: there may be one of these for
    /// each of a hundred thousand instances.
    beginnings: Regex,
    /// The forms that are longer than their beginnings.
    longer: Arc<[String]>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MASK)
    }
}

impl Masks {
    /// Knows these secrets, as far as they are long enough for texts from outside.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Masks {
        Masks::from(LEAST_BYTES, secrets)
    }

    /// The same for texts in which even a short one must not show: those with fewer bytes are left out.
    pub fn from<'s>(least_bytes: usize, secrets: impl IntoIterator<Item = &'s str>) -> Masks {
        let mut secrets: Vec<&str> = secrets.into_iter().filter(|secret| secret.len() >= least_bytes.max(1)).collect();
        secrets.sort_unstable();
        secrets.dedup();
        Masks(secrets.chunks(AT_ONCE).filter_map(Known::of).collect())
    }

    /// What these look for, and those.
    pub fn and(mut self, others: Masks) -> Masks {
        self.0.extend(others.0);
        self
    }

    /// True if nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if the text holds one of the secrets.
    pub fn finds(&self, text: &str) -> bool {
        self.0.iter().any(|known| known.beginnings.is_match(text))
    }

    /// The text without the secrets; none if it holds none.
    pub fn masked(&self, text: &str) -> Option<String> {
        let mut found: Option<String> = None;
        for known in &self.0 {
            let now = found.as_deref().unwrap_or(text);
            found = known.masked(now).or(found);
        }
        found
    }

    /// The text without the secrets.
    pub fn mask(&self, text: String) -> String {
        self.masked(&text).unwrap_or(text)
    }
}

impl Known {
    fn of(secrets: &[&str]) -> Option<Known> {
        let mut all: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
        // The longest that fits is masked.
        all.sort_unstable_by_key(|form| std::cmp::Reverse(form.len()));
        all.dedup();
        let mut beginnings: Vec<String> = all.iter().map(|form| regex::escape(beginning(form))).collect();
        beginnings.dedup();
        let longer = all.into_iter().filter(|form| form.len() > beginning(form).len()).collect();
        Some(Known { beginnings: Regex::new(&beginnings.join("|")).ok()?, longer })
    }

    fn masked(&self, text: &str) -> Option<String> {
        let mut out = None;
        let mut done = 0;
        while let Some(found) = self.beginnings.find_at(text, done) {
            let shown = out.get_or_insert_with(String::new);
            shown.push_str(text.get(done..found.start()).unwrap_or_default());
            shown.push_str(MASK);
            done = found.start() + self.length(text.get(found.start()..).unwrap_or_default(), found.len());
        }
        let mut out = out?;
        out.push_str(text.get(done..).unwrap_or_default());
        Some(out)
    }

    /// How much of the text belongs to the secret that it begins with: the whole of a long one, or, where
    /// it was cut off, all that hangs together with its beginning.
    fn length(&self, text: &str, beginning: usize) -> usize {
        let of_this = || self.longer.iter().filter(|form| text.get(..beginning).is_some_and(|found| form.starts_with(found)));
        if let Some(whole) = of_this().find(|form| text.starts_with(form.as_str())) {
            return whole.len();
        }
        match of_this().next() {
            None => beginning,
            Some(_) => {
                let rest = text.get(beginning..).unwrap_or_default();
                beginning + rest.find(|c: char| c.is_whitespace() || "\"'<>".contains(c)).unwrap_or(rest.len())
            }
        }
    }
}

/// All forms in which one secret may stand in a text.
pub fn forms(secret: &str) -> Vec<String> {
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let json = serde_json::Value::from(secret).to_string();
    let mut forms = vec![secret.to_owned(), percent.to_lowercase(), json.trim_matches('"').to_owned(), percent];
    forms.extend([hex::encode(secret), hex::encode_upper(secret)]);
    let in_base64 = (0..3).flat_map(|offset| [in_base64(&STANDARD_NO_PAD, secret, offset), in_base64(&URL_SAFE_NO_PAD, secret, offset)]);
    forms.extend(in_base64.filter(|form| form.len() >= secret.len().max(LEAST_BASE64)));
    forms
}

/// As much of a form as is enough to know it by.
fn beginning(form: &str) -> &str {
    let at = (ENOUGH_BYTES..form.len()).find(|at| form.is_char_boundary(*at)).unwrap_or(form.len());
    form.get(..at).unwrap_or(form)
}

/// The characters that depend on the secret alone where so many bytes stand before it.
fn in_base64(form: &impl base64::Engine, secret: &str, offset: usize) -> String {
    let encoded = form.encode([&vec![0; offset], secret.as_bytes()].concat());
    let (from, bits) = ((offset * 8).div_ceil(6), (offset + secret.len()) * 8);
    encoded.get(from..bits / 6).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;

    const SECRET: &str = "c4n4ry/\"7f3a é";

    #[test]
    fn every_form_of_a_secret_is_found() {
        let masks = Masks::new([SECRET, "short"]);
        let basic = |user: &str| STANDARD_NO_PAD.encode(format!("{user}:{SECRET}"));
        let texts = [
            SECRET.to_owned(),
            hex::encode(SECRET),
            hex::encode_upper(SECRET),
            serde_json::Value::from(SECRET).to_string(),
            utf8_percent_encode(SECRET, NON_ALPHANUMERIC).to_string(),
            basic(""),
            basic("a"),
            basic("ab"),
            URL_SAFE_NO_PAD.encode(SECRET),
        ];
        for text in texts {
            let shown = masks.masked(&format!("x {text} y")).unwrap_or_else(|| panic!("{text} is not found"));
            assert!(shown.starts_with("x ") && shown.contains(MASK) && shown.ends_with(" y"), "{shown}");
        }
        assert_eq!(masks.masked("c4n4ry and short are words"), None);
        assert!(Masks::new(["short"]).is_empty());
    }

    #[test]
    fn the_beginning_of_a_long_secret_is_enough() {
        let masks = Masks::new(["abcdefghijklmnopqrstuvwxyz0123456789"]);
        assert_eq!(masks.masked("token=abcdefghijklmnopqrstuvwxyz0123…").as_deref(), Some("token=****"));
        assert_eq!(masks.masked("abcdefghijklmnopqrstuvw"), None);
        let words = Masks::new(["correct horse battery staple for ever"]);
        assert_eq!(words.masked("it is correct horse battery staple for ever, and more").as_deref(), Some("it is ****, and more"));
        assert_eq!(words.masked("it is correct horse battery sta").as_deref(), Some("it is ****"));
    }

    #[test]
    fn any_number_of_secrets_is_known() {
        let secrets: Vec<String> = (0..1000).map(|n| format!("secret-number-{n:04}-of-many-others")).collect();
        let masks = Masks::new(secrets.iter().map(String::as_str));
        assert!(secrets.iter().all(|secret| masks.finds(secret)));
    }
}
