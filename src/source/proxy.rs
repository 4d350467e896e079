//! Which proxy stands before an address: one for all, or one for each scheme, and who needs none.
//!
//! ```yaml
//! http:
//!   url: "{{ instance.url }}"
//!   proxy: {http: "http://proxy.example:3128", https: "http://proxy.example:3129", no_proxy: [10.0.0.0/8, .example.org]}
//! ```
//!
//! Nothing of the environment is used.

use super::bad_part;
use crate::base::print::text_of;
use crate::base::secret::Secret;
use crate::base::value::{Text, Value};
use crate::expr::data::DataTemplate;
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::net::client::ConnectSettings;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader, Record, unknown_key};
use crate::yaml::shape::Shape;
use std::net::IpAddr;
use std::sync::Arc;

crate::fields! {
    /// A proxy for each scheme.
    pub struct Proxies, "proxies" {
        /// The address of the proxy for `http` addresses.
        pub http: Option<DataTemplate>;
        /// The address of the proxy for `https` addresses.
        pub https: Option<DataTemplate>;
        /// Hosts that are reached without it: names with all below them, IP addresses, networks like `10.0.0.0/8`, `*`; a list, or a text with commas.
        pub no_proxy: Option<DataTemplate>;
    }
}

/// The setting as written: an address, or a map of them.
#[derive(Clone, Debug)]
pub struct Proxy(pub DataTemplate);

impl Field for Proxy {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Template, <Proxies as Field>::shape()])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let keys = Proxies::docs();
        for entry in node.as_map().unwrap_or(&[]) {
            if !keys.iter().any(|field| field.key == &*entry.key) {
                reader.report(unknown_key(entry, "`proxy`", keys.iter().map(|field| field.key)));
            }
        }
        DataTemplate::read_words(node, reader).map(Proxy)
    }
}

/// The setting with its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    http: Option<Secret>,
    https: Option<Secret>,
    no_proxy: Vec<String>,
}

impl Proxy {
    /// The proxies of this run; nothing where the setting has no value.
    ///
    /// # Errors
    /// A value that is neither an address nor a map of them.
    pub fn choice(&self, frame: &mut Frame) -> Result<Choice, ExchangeError> {
        match self.0.try_eval(frame) {
            Ok(value) => Choice::of(&value).map_err(|expected| bad_part("proxy", Fault::failed(expected))),
            Err(Fault::Missing) => Ok(Choice::default()),
            Err(fault) => Err(bad_part("proxy", fault)),
        }
    }
}

impl Choice {
    /// The choice that a value says: an address, a map of them, or nothing.
    ///
    /// # Errors
    /// A value that is neither.
    pub fn of(value: &Value) -> Result<Choice, String> {
        let address = |value: &Value| match value {
            Value::Secret(secret) => Some(secret.clone()),
            other => text_of(other).filter(|text| !text.is_empty()).map(Secret::new),
        };
        match value {
            Value::Missing => Ok(Choice::default()),
            Value::Map(map) => Ok(Choice {
                http: map.get("http").and_then(address),
                https: map.get("https").and_then(address),
                no_proxy: map.get("no_proxy").map(hosts).unwrap_or_default(),
            }),
            Value::List(_) => Err("a list is neither an address nor a map of `http`, `https` and `no_proxy`".to_owned()),
            other => Ok(Choice { http: address(other), https: address(other), no_proxy: Vec::new() }),
        }
    }

    /// The way to an address: `connect` with its proxy, or without one.
    pub fn before(&self, url: &str, connect: &Arc<ConnectSettings>) -> Arc<ConnectSettings> {
        let proxy = self.for_url(url);
        if proxy == connect.proxy { Arc::clone(connect) } else { Arc::new(ConnectSettings { proxy, ..ConnectSettings::clone(connect) }) }
    }

    /// The proxy for an address.
    pub fn for_url(&self, url: &str) -> Option<Secret> {
        let url = url::Url::parse(url).ok()?;
        let proxy = if url.scheme() == "https" { &self.https } else { &self.http };
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        proxy.clone().filter(|_| !self.no_proxy.iter().any(|rule| is_of(rule, host, url.port_or_known_default())))
    }
}

fn hosts(value: &Value) -> Vec<String> {
    let texts: Vec<Text> = match value {
        Value::List(items) => items.iter().filter_map(text_of).collect(),
        other => text_of(other).into_iter().collect(),
    };
    let rules = texts.iter().flat_map(|text| text.split([',', ';'])).map(|rule| rule.trim().to_ascii_lowercase());
    rules.filter(|rule| !rule.is_empty()).collect()
}

fn is_of(rule: &str, host: &str, port: Option<u16>) -> bool {
    if rule == "*" {
        return true;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return in_network(rule, address);
    }
    let (name, of_port) = match rule.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse::<u16>().ok()?))) {
        Some((name, port)) => (name, Some(port)),
        None => (rule, None),
    };
    let name = name.trim_start_matches('*').trim_start_matches('.');
    let below = host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    below && of_port.is_none_or(|wanted| Some(wanted) == port)
}

/// True if the address is the rule's, or in its network (RFC 4632 for the notation).
fn in_network(rule: &str, address: IpAddr) -> bool {
    let (network, length) = match rule.split_once('/') {
        Some((network, length)) => (network, length.parse::<u32>().ok()),
        None => (rule, Some(128)),
    };
    let (Ok(network), Some(length)) = (network.parse::<IpAddr>(), length) else { return false };
    match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(u128::from(a.to_bits()) << 96, u128::from(b.to_bits()) << 96, length.min(32)),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), length.min(128)),
        _ => false,
    }
}

fn same(a: u128, b: u128, length: u32) -> bool {
    length == 0 || (a ^ b).leading_zeros() >= length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(setting: &str, url: &str) -> Option<String> {
        let value: serde_json::Value = serde_yaml::from_str(setting).unwrap();
        Choice::of(&Value::from(value)).unwrap().for_url(url).map(|proxy| proxy.reveal().to_owned())
    }

    #[test]
    fn an_address_is_for_all_and_a_map_by_scheme() {
        assert_eq!(proxy("http://p:1", "https://h/").as_deref(), Some("http://p:1"));
        let each = "{http: 'http://p:1', https: 'http://p:2'}";
        assert_eq!(proxy(each, "http://h/").as_deref(), Some("http://p:1"));
        assert_eq!(proxy(each, "https://h/").as_deref(), Some("http://p:2"));
        assert_eq!(proxy("{https: 'http://p:2'}", "http://h/"), None);
        assert_eq!(proxy("null", "http://h/"), None);
        assert!(Choice::of(&Value::list(Vec::new())).is_err());
    }

    #[test]
    fn hosts_of_no_proxy_are_reached_directly() {
        let rules = "{http: 'http://p:1', no_proxy: ['10.0.0.0/8, 192.0.2.7', .example.org, 'host.test:81', 'fd00::/8']}";
        for url in [
            "http://10.255.0.1/",
            "http://192.0.2.7/",
            "http://a.example.org/",
            "http://EXAMPLE.org:8080/",
            "http://host.test:81/",
            "http://[fd12::1]/",
        ] {
            assert_eq!(proxy(rules, url), None, "{url}");
        }
        for url in ["http://11.0.0.1/", "http://192.0.2.8/", "http://notexample.org/", "http://host.test/", "http://[fe80::1]/"] {
            assert!(proxy(rules, url).is_some(), "{url}");
        }
        assert_eq!(proxy("{http: 'http://p:1', no_proxy: '*'}", "http://h/"), None);
    }
}
