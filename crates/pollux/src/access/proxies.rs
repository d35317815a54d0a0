//! Whose word about where a call comes from is taken.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::network::Network;

/// The proxies in front of the gateway: what they write into `X-Forwarded-For` is believed, and nobody else's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

/// How many hops are looked at; a longer list is somebody's game.
const MOST_HOPS: usize = 32;

impl TrustedProxies {
    /// These networks.
    pub fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// What stands in front of a service on Render: its own network, and Cloudflare before it.
    pub fn render() -> Self {
        Self(PRIVATE.iter().chain(CLOUDFLARE).copied().collect())
    }

    /// The networks that a name stands for in the settings.
    pub fn named(name: &str) -> Option<&'static [Network]> {
        match name {
            "loopback" => Some(LOOPBACK),
            "private" => Some(PRIVATE),
            "cloudflare" => Some(CLOUDFLARE),
            _ => None,
        }
    }

    /// Whether an address is one of ours.
    pub fn has(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Where a call comes from: the right-most hop that is not one of ours. `forwarded` are the values of
    /// `X-Forwarded-For` in the order they came. Beyond a hop that is no address nothing is known: then it is the proxy that
    /// wrote it.
    pub fn client<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut client = peer.to_canonical();
        let hops = forwarded.rev().flat_map(|header| header.rsplit(','));
        for hop in hops.take(MOST_HOPS) {
            if !self.has(client) {
                break;
            }
            let Some(hop) = address(hop.trim()) else { break };
            client = hop;
        }
        client
    }
}

/// The address of a hop: alone, or with its port.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim_matches('"');
    let bare = hop.parse().or_else(|_| hop.parse::<std::net::SocketAddr>().map(|with_port| with_port.ip()));
    let bracketed = || hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))?.parse().ok();
    bare.ok().or_else(bracketed).map(|address: IpAddr| address.to_canonical())
}

/// This machine.
const LOOPBACK: &[Network] =
    &[Network::v4(Ipv4Addr::new(127, 0, 0, 0), 8), Network::v6(Ipv6Addr::LOCALHOST, 128)];

/// Networks that no packet of the open internet comes from.
const PRIVATE: &[Network] = &[
    Network::v4(Ipv4Addr::new(10, 0, 0, 0), 8),
    Network::v4(Ipv4Addr::new(100, 64, 0, 0), 10),
    Network::v4(Ipv4Addr::new(127, 0, 0, 0), 8),
    Network::v4(Ipv4Addr::new(169, 254, 0, 0), 16),
    Network::v4(Ipv4Addr::new(172, 16, 0, 0), 12),
    Network::v4(Ipv4Addr::new(192, 168, 0, 0), 16),
    Network::v6(Ipv6Addr::LOCALHOST, 128),
    Network::v6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    Network::v6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
];

/// What Cloudflare publishes as its own (cloudflare.com/ips).
const CLOUDFLARE: &[Network] = &[
    Network::v4(Ipv4Addr::new(173, 245, 48, 0), 20),
    Network::v4(Ipv4Addr::new(103, 21, 244, 0), 22),
    Network::v4(Ipv4Addr::new(103, 22, 200, 0), 22),
    Network::v4(Ipv4Addr::new(103, 31, 4, 0), 22),
    Network::v4(Ipv4Addr::new(141, 101, 64, 0), 18),
    Network::v4(Ipv4Addr::new(108, 162, 192, 0), 18),
    Network::v4(Ipv4Addr::new(190, 93, 240, 0), 20),
    Network::v4(Ipv4Addr::new(188, 114, 96, 0), 20),
    Network::v4(Ipv4Addr::new(197, 234, 240, 0), 22),
    Network::v4(Ipv4Addr::new(198, 41, 128, 0), 17),
    Network::v4(Ipv4Addr::new(162, 158, 0, 0), 15),
    Network::v4(Ipv4Addr::new(104, 16, 0, 0), 13),
    Network::v4(Ipv4Addr::new(104, 24, 0, 0), 14),
    Network::v4(Ipv4Addr::new(172, 64, 0, 0), 13),
    Network::v4(Ipv4Addr::new(131, 0, 72, 0), 22),
    Network::v6(Ipv6Addr::new(0x2400, 0xcb00, 0, 0, 0, 0, 0, 0), 32),
    Network::v6(Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0, 0, 0, 0), 32),
    Network::v6(Ipv6Addr::new(0x2803, 0xf800, 0, 0, 0, 0, 0, 0), 32),
    Network::v6(Ipv6Addr::new(0x2405, 0xb500, 0, 0, 0, 0, 0, 0), 32),
    Network::v6(Ipv6Addr::new(0x2405, 0x8100, 0, 0, 0, 0, 0, 0), 32),
    Network::v6(Ipv6Addr::new(0x2a06, 0x98c0, 0, 0, 0, 0, 0, 0), 29),
    Network::v6(Ipv6Addr::new(0x2c0f, 0xf248, 0, 0, 0, 0, 0, 0), 32),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &TrustedProxies, peer: &str, forwarded: &[&str]) -> String {
        let found = trusted.client(peer.parse().unwrap(), forwarded.iter().copied());
        found.to_string()
    }

    #[test]
    fn nobody_is_believed_unless_told() {
        let nobody = TrustedProxies::default();
        assert_eq!(client(&nobody, "10.0.0.1", &["203.0.113.9"]), "10.0.0.1");
        assert_eq!(client(&nobody, "::ffff:10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_right_most_hop_that_is_not_ours_is_the_client() {
        let ours = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()]);
        for (peer, forwarded, expected) in [
            ("203.0.113.5", &["198.51.100.1"][..], "203.0.113.5"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            // What the client itself wrote stands further to the left.
            ("10.0.0.1", &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["10.0.0.3,10.0.0.2"], "10.0.0.3"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("2001:db8::1", &["[2001:db9::2]:443"], "2001:db9::2"),
            ("10.0.0.1", &["198.51.100.1:1234"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db9::2]"], "2001:db9::2"),
            ("10.0.0.1", &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1, nonsense, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["1.2.3.4, "], "10.0.0.1"),
            ("203.0.113.5", &["unknown"], "203.0.113.5"),
        ] {
            assert_eq!(client(&ours, peer, forwarded), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn on_render_the_edge_is_passed() {
        let forwarded = ["99.61.165.29, 104.22.17.40"];
        let found = client(&TrustedProxies::render(), "10.21.157.68", &forwarded);
        assert_eq!(found, "99.61.165.29");
        let forged = ["127.0.0.1, 99.61.165.29, 104.22.17.40"];
        let found = client(&TrustedProxies::render(), "10.21.157.68", &forged);
        assert_eq!(found, "99.61.165.29");
    }
}
