//! The host that a check asks, as far as its settings say: for the bound of runs against one host.

use crate::base::value::Value;
use crate::plan::Check;
use std::hash::{DefaultHasher, Hash, Hasher};
use url::Url;

/// Settings that name a host where no setting is an address.
const HOST_KEYS: &[&str] = &["host", "server", "address"];

/// A hash of host and port; 0 for a check that names none.
pub fn host_of(check: &Check) -> u32 {
    let settings = [&check.instance.config, &check.instance.init_config];
    let texts = || settings.into_iter().filter_map(|value| value.as_map()).flat_map(|map| map.iter());
    let text = |value: &Value| value.as_text().map(str::to_owned);
    let address = texts().filter_map(|(_, value)| text(value)).filter(|text| text.contains("://")).find_map(|text| authority(&text));
    let named = || texts().filter(|(key, _)| HOST_KEYS.contains(&&***key)).find_map(|(_, value)| text(value));
    let Some(host) = address.or_else(named) else { return 0 };
    let mut hasher = DefaultHasher::new();
    host.hash(&mut hasher);
    (hasher.finish() as u32).max(1)
}

fn authority(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default().unwrap_or(0)))
}
