//! URLs: their parts, and values made safe for them.
//!
//! Users and passwords of a URL are in none of the parts, so that none ends up in a tag.

use super::arg::{self, Output};
use super::{Cx, Function, function, needs};
use crate::base::map::Map;
use crate::base::print::{shown, text_of};
use crate::base::value::Value;
use crate::expr::fault::Fault;
use ::url::Url;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::net::IpAddr;

pub const TABLE: &[Function] = &[
    function(
        "url_parts",
        &[needs("url")],
        url_parts,
        "The map `{scheme, host, port, netloc, path, query, fragment, origin}` of an absolute URL; `port`, `query` and `fragment` are missing where the URL does not say them.",
        (
            "url_parts('http://a.example:8080/x?q=1')",
            "{\"scheme\":\"http\",\"host\":\"a.example\",\"port\":8080,\"netloc\":\"a.example:8080\",\"path\":\"/x\",\"query\":\"q=1\",\"fragment\":null,\"origin\":\"http://a.example:8080\"}",
        ),
    ),
    function(
        "url_encode",
        &[needs("text")],
        url_encode,
        "The text as one part of a URL: everything but letters, digits and `-._~` as `%` codes, slashes too.",
        ("'a/b c' | url_encode", "\"a%2Fb%20c\""),
    ),
    function(
        "urlencode",
        &[needs("value")],
        urlencode,
        "A text for a path of a URL, which keeps its slashes; of a map or a list of pairs the query, without missing values.",
        ("{'q': 'a b', 'n': 1} | urlencode", "\"q=a%20b&n=1\""),
    ),
    function(
        "ip_in",
        &[needs("address"), needs("network")],
        ip_in,
        "True if the address, of IPv4 or IPv6, lies in the network `10.0.0.0/8`, or in one of a list of networks.",
        ("'10.1.2.3' | ip_in(['192.168.0.0/16', '10.0.0.0/8'])", "true"),
    ),
];

const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &PART.remove(b'/');

fn ip_in(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let address = ip(&arg::text(args, 0, cx)?).ok_or_else(|| Fault::failed(format!("{} is no IP address", shown(arg::at(args, 0)))))?;
    for network in arg::texts(args, 1, cx)? {
        let (net, bits) = parse_network(&network).ok_or_else(|| {
            Fault::failed(format!("{} is no network: networks look like `10.0.0.0/8` or `fd00::/8`", shown(&Value::Text(network))))
        })?;
        if address.is_ipv4() == net.is_ipv4()
            && bits_of(address).checked_shr(128 - bits).unwrap_or(0) == bits_of(net).checked_shr(128 - bits).unwrap_or(0)
        {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

/// An address; one of IPv4 that is written as IPv6 counts as IPv4.
fn ip(text: &str) -> Option<IpAddr> {
    text.trim().parse().ok().map(|address: IpAddr| address.to_canonical())
}

/// The address of a network and its length among the 128 bits of [`bits_of`]; a lone address is a network of itself.
fn parse_network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address = ip(address)?;
    let (most, before) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
    let length = length.map_or(Some(most), |length| length.trim().parse::<u32>().ok().filter(|length| *length <= most))?;
    Some((address, length + before))
}

/// The bits of an address, those of IPv4 at the end of 128.
fn bits_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn url_encode(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    arg::answer(utf8_percent_encode(&arg::text(args, 0, cx)?, PART).to_string())
}

fn urlencode(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    match arg::at(args, 0) {
        Value::Map(_) => query(arg::map(args, 0, cx)?.iter().map(|(k, v)| (Value::Text(k.clone()), v.clone()))),
        Value::List(_) => query(arg::list(args, 0, cx)?.iter().map(|pair| (pair.item(0), pair.item(1)))),
        _ => arg::answer(utf8_percent_encode(&arg::text(args, 0, cx)?, PATH).to_string()),
    }
}

fn query(pairs: impl Iterator<Item = (Value, Value)>) -> Result<Value, Fault> {
    let mut out = Output::default();
    for (key, value) in pairs {
        let (Some(key), Some(value)) = (text_of(&key), text_of(&value)) else { continue };
        if !out.is_empty() {
            out.push("&")?;
        }
        for part in [utf8_percent_encode(&key, PART).to_string().as_str(), "=", utf8_percent_encode(&value, PART).to_string().as_str()] {
            out.push(part)?;
        }
    }
    Ok(out.finish())
}

fn url_parts(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    let url = Url::parse(&text).map_err(|why| Fault::failed(format!("{} is no absolute URL: {why}", shown(arg::at(args, 0)))))?;
    let port = url.port().or_else(|| said_port(&text));
    let host = url.host_str().filter(|host| !host.is_empty());
    let netloc = host.map(|host| port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")));
    let origin = host.map(|host| match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    });
    let word = |text: Option<&str>| Value::from(text.map(Value::from));
    let mut map = Map::with_capacity(8);
    map.insert("scheme", url.scheme().into());
    map.insert("host", word(host.map(|host| host.trim_matches(['[', ']']))));
    map.insert("port", port.map(|port| Value::Int(port.into())).into());
    map.insert("netloc", word(netloc.as_deref()));
    map.insert("path", url.path().into());
    map.insert("query", word(url.query()));
    map.insert("fragment", word(url.fragment()));
    map.insert("origin", word(origin.as_deref()));
    Ok(Value::map(map))
}

/// The port that the text says, also where it is the usual one of its scheme.
fn said_port(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("//")?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    let (_, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (_, port) = address.rsplit_once(':')?;
    port.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn addresses_lie_in_networks() {
        super::super::testing::check(&[
            ("ip_in", r#"["10.1.2.3", "10.0.0.0/8"]"#, "true"),
            ("ip_in", r#"["11.1.2.3", "10.0.0.0/8"]"#, "false"),
            ("ip_in", r#"["11.1.2.3", "0.0.0.0/0"]"#, "true"),
            ("ip_in", r#"["11.1.2.3", "11.1.2.3"]"#, "true"),
            ("ip_in", r#"["::ffff:10.1.2.3", "10.0.0.0/8"]"#, "true"),
            ("ip_in", r#"["fd00::1", ["10.0.0.0/8", "fd00::/8"]]"#, "true"),
            ("ip_in", r#"["10.0.0.1", "::/0"]"#, "false"),
            ("ip_in", r#"["web01", "10.0.0.0/8"]"#, "\"web01\" is no IP address"),
            ("ip_in", r#"["10.0.0.1", "10.0.0.0/33"]"#, "\"10.0.0.0/33\" is no network: networks look like `10.0.0.0/8` or `fd00::/8`"),
        ]);
    }

    use super::super::testing::{call, check};
    use super::*;

    #[test]
    fn urls_fall_into_parts_without_their_passwords() {
        let cases = [
            ("https://u:p@A.example:443/x", "a.example", Value::Int(443), "a.example:443", "https://a.example"),
            ("http://[::1]:80", "::1", Value::Int(80), "[::1]:80", "http://[::1]"),
            ("http://[::1]/", "::1", Value::Missing, "[::1]", "http://[::1]"),
            ("redis://cache:6379/0", "cache", Value::Int(6379), "cache:6379", "redis://cache:6379"),
        ];
        for (url, host, port, netloc, origin) in cases {
            let parts = call("url_parts", &[url.into()]).unwrap();
            assert_eq!(parts.member("host"), host.into(), "{url}");
            assert_eq!(parts.member("port"), port, "{url}");
            assert_eq!(parts.member("netloc"), netloc.into(), "{url}");
            assert_eq!(parts.member("origin"), origin.into(), "{url}");
        }
        let parts = call("url_parts", &["unix:/run/x".into()]).unwrap();
        assert_eq!(parts.member("host"), Value::Missing);
        check(&[("url_parts", r#"["a/b"]"#, "\"a/b\" is no absolute URL: relative URL without a base")]);
    }

    #[test]
    fn texts_are_encoded_for_urls() {
        check(&[
            ("url_encode", r#"["a&b=ü"]"#, r#""a%26b%3D%C3%BC""#),
            ("urlencode", r#"["a/b c"]"#, r#""a/b%20c""#),
            ("urlencode", r#"[[["a", 1], ["b", null], ["c/", true]]]"#, r#""a=1&c%2F=true""#),
        ]);
    }
}
