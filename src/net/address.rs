//! Addresses that are never asked, and the name look-up that drops them.
//!
//! A URL made of data, a redirect or a name under a stranger's control may point at the cloud's
//! metadata service, whose answers are credentials. The check runs on the addresses that are
//! really connected to, literal or looked up, so no second look-up can slip another one in.
//! Loopback and private addresses are what monitoring is about; they are not refused here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// Why an address is refused; `None` for one that may be asked.
pub fn refusal(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => refusal_v4(v4),
        IpAddr::V6(v6) => embedded_v4(v6).and_then(refusal_v4).or_else(|| refusal_v6(v6)),
    }
}

fn refusal_v4(address: Ipv4Addr) -> Option<&'static str> {
    let first = address.octets().first().copied();
    if address.is_link_local() {
        Some("a link-local address")
    } else if address == Ipv4Addr::new(100, 100, 100, 200) {
        Some("a metadata address")
    } else if address.is_multicast() || address.is_broadcast() {
        Some("a multicast address")
    } else if first == Some(0) {
        Some("an address of no host")
    } else {
        None
    }
}

fn refusal_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_unicast_link_local() {
        Some("a link-local address")
    } else if address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254) {
        Some("a metadata address")
    } else if address.is_multicast() {
        Some("a multicast address")
    } else if address.is_unspecified() {
        Some("an address of no host")
    } else {
        None
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64 or 6to4.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let low = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, a, b] | [0x64, 0xff9b, 0, 0, 0, 0, a, b] => Some(low(a, b)),
        [0, 0, 0, 0, 0, 0, a, b] if a != 0 => Some(low(a, b)),
        [0x2002, a, b, ..] => Some(low(a, b)),
        _ => None,
    }
}

/// Why the literal address in a URL is refused, with the address; names are checked at look-up.
pub fn refusal_of_url(url: &Url) -> Option<RefusedAddress> {
    let address = match url.host()? {
        Host::Ipv4(v4) => IpAddr::V4(v4),
        Host::Ipv6(v6) => IpAddr::V6(v6),
        Host::Domain(_) => return None,
    };
    refusal(address).map(|why| RefusedAddress { address, why })
}

/// An address that is never asked.
#[derive(Clone, Copy, Debug)]
pub struct RefusedAddress {
    address: IpAddr,
    why: &'static str,
}

impl fmt::Display for RefusedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, which is never asked", self.address, self.why)
    }
}

impl std::error::Error for RefusedAddress {}

/// A name without addresses.
#[derive(Debug)]
pub struct NoAddress {
    /// The name.
    pub host: String,
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no address found for `{}`", self.host)
    }
}

impl std::error::Error for NoAddress {}

/// The system's name look-up without the addresses that are refused.
pub struct GuardedLookup;

impl reqwest::dns::Resolve for GuardedLookup {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let host = name.as_str().to_owned();
        Box::pin(async move {
            // Port 0 is replaced by the one of the URL.
            let found = tokio::net::lookup_host((host.as_str(), 0)).await;
            let found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
            let allowed = allowed(found, host)?;
            Ok(Box::new(allowed.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

fn allowed(found: Vec<SocketAddr>, host: String) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
    let refused = found.iter().find_map(|a| refusal(a.ip()).map(|why| RefusedAddress { address: a.ip(), why }));
    let kept: Vec<SocketAddr> = found.into_iter().filter(|a| refusal(a.ip()).is_none()).collect();
    match (kept.is_empty(), refused) {
        (false, _) => Ok(kept),
        (true, Some(refused)) => Err(Box::new(refused)),
        (true, None) => Err(Box::new(NoAddress { host })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_refused_in_every_spelling() {
        let urls = [
            "http://169.254.169.254/",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://[::ffff:169.254.169.254]/",
            "http://[::169.254.169.254]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[2002:a9fe:a9fe::1]/",
            "http://[fd00:ec2::254]/",
            "http://[fe80::1]/",
            "http://[ff02::1]/",
            "http://[::]/",
            "http://100.100.100.200/",
            "http://0.0.0.0/",
            "http://0.1.2.3/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
        ];
        for url in urls {
            assert!(refusal_of_url(&Url::parse(url).unwrap()).is_some(), "{url}");
        }
        for url in ["http://127.0.0.1/", "http://[::1]/", "http://10.0.0.1/", "http://[fd00::1]/", "http://[::ffff:10.0.0.1]/"] {
            assert!(refusal_of_url(&Url::parse(url).unwrap()).is_none(), "{url}");
        }
    }

    #[test]
    fn names_keep_their_allowed_addresses_only() {
        let bad: SocketAddr = "169.254.1.1:0".parse().unwrap();
        let good: SocketAddr = "10.0.0.1:0".parse().unwrap();
        assert_eq!(allowed(vec![bad, good], "x".into()).unwrap(), [good]);
        assert_eq!(allowed(vec![bad], "x".into()).unwrap_err().to_string(), "169.254.1.1 is a link-local address, which is never asked");
        assert_eq!(allowed(vec![], "x".into()).unwrap_err().to_string(), "no address found for `x`");
    }
}
