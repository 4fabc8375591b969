//! From which address a request comes.
//!
//! Anybody can write anything into a header, so what proxies tell (`X-Forwarded-For`, `Forwarded`) is believed only of the proxies that
//! an operator names, and only of the one header that they are known to write. Each of them adds whom it was asked by at the right: the
//! first from the right who is not such a proxy is the client, and what stands left of it is the client's own word.

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue, X_FORWARDED_FOR};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// The header in which proxies tell for whom they ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forwarding {
    /// `X-Forwarded-For: 192.0.2.1, 198.51.100.7`.
    #[default]
    XForwardedFor,
    /// `Forwarded: for=192.0.2.1;proto=https, for="[2001:db8::1]:4711"` ([RFC 7239](https://www.rfc-editor.org/rfc/rfc7239)).
    Forwarded,
}

/// The proxies that are believed when they tell for whom they ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Their networks; nobody is believed where there are none.
    pub trusted: Vec<IpNet>,
    /// The header that they write. A client's own is theirs to remove or to add to; the other one is not looked at.
    pub forwarding: Forwarding,
}

impl Proxies {
    /// The address of whoever made this request.
    pub(crate) fn client_of(&self, request: &HttpRequest) -> IpAddr {
        let peer = request.peer_addr().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.ip());
        self.client(peer, request.headers())
    }

    /// Whether this is one of them.
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|network| network.contains(&address))
    }

    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.to_canonical();
        if !self.trust(nearest) {
            return nearest;
        }
        for hop in self.hops(headers).rev() {
            // What cannot be read is somebody's own word; who handed it on is the last that is known.
            let Some(hop) = hop else { return nearest };
            nearest = hop.to_canonical();
            if !self.trust(nearest) {
                break;
            }
        }
        nearest
    }

    /// From the farthest to the nearest.
    fn hops(&self, headers: &HeaderMap) -> std::vec::IntoIter<Option<IpAddr>> {
        let (name, read): (HeaderName, fn(&str) -> Option<IpAddr>) = match self.forwarding {
            Forwarding::XForwardedFor => (X_FORWARDED_FOR, address),
            Forwarding::Forwarded => (FORWARDED, forwarded_for),
        };
        let lines = headers.get_all(name).map(HeaderValue::to_str);
        let hops: Vec<_> = lines
            .flat_map(|line| line.map_or_else(|_| vec![None], |line| line.split(',').map(read).collect()))
            .collect();
        hops.into_iter()
    }
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    IpAddr::from_str(bare).ok().or_else(|| SocketAddr::from_str(text).ok().map(|socket| socket.ip()))
}

/// The address of one element of `Forwarded`. A comma or semicolon inside quotation marks is in no address, so what is torn apart by
/// one is not read.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    let value = value.trim();
    address(value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: &Proxies, peer: &str, headers: &[(&str, &str)]) -> String {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_str(name).unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect();
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    fn proxies(forwarding: Forwarding) -> Proxies {
        Proxies { trusted: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8:ffff::/48".parse().unwrap()], forwarding }
    }

    #[test]
    fn the_first_from_the_right_who_is_no_proxy_is_the_client() {
        let proxies = proxies(Forwarding::XForwardedFor);
        for (peer, told, expected) in [
            ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
            ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.2.0.1", "198.51.100.7"),
            ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("10.0.0.1", "[2001:db8::1]:4711, 2001:db8:ffff::2", "2001:db8::1"),
            ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
            ("10.0.0.1", "203.0.113.9, nonsense", "10.0.0.1"),
            ("10.0.0.1", "203.0.113.9, nonsense, 10.2.0.1", "10.2.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "10.3.0.1, 10.2.0.1", "10.3.0.1"),
        ] {
            assert_eq!(client(&proxies, peer, &[("x-forwarded-for", told)]), expected, "{peer} {told}");
        }
        let two_lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(client(&proxies, "10.0.0.1", &two_lines), "198.51.100.7");
    }

    #[test]
    fn only_the_header_that_the_proxies_write_is_believed() {
        let told = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=198.51.100.7")];
        assert_eq!(client(&proxies(Forwarding::XForwardedFor), "10.0.0.1", &told), "203.0.113.9");
        assert_eq!(client(&proxies(Forwarding::Forwarded), "10.0.0.1", &told), "198.51.100.7");
        assert_eq!(client(&Proxies::default(), "10.0.0.1", &told), "10.0.0.1");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        let proxies = proxies(Forwarding::Forwarded);
        for (told, expected) in [
            ("for=198.51.100.7;proto=https;by=10.0.0.1", "198.51.100.7"),
            ("proto=https; For=\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("for=198.51.100.7, for=10.2.0.1", "198.51.100.7"),
            ("for=203.0.113.9, for=unknown", "10.0.0.1"),
            ("for=203.0.113.9, for=_hidden", "10.0.0.1"),
            ("for=203.0.113.9, proto=https", "10.0.0.1"),
            ("for=\"203.0.113.9, for=198.51.100.7\"", "10.0.0.1"),
        ] {
            assert_eq!(client(&proxies, "10.0.0.1", &[("forwarded", told)]), expected, "{told}");
        }
    }
}
