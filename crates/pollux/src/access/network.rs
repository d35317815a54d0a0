//! Addresses and networks, as people write them: `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A network, or a single address. An IPv4 address that came in IPv6 clothes (`::ffff:10.0.0.1`) is the IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

/// A text that is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an address or a network; write for example 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32")]
pub struct NotANetwork;

impl Network {
    /// A network of IPv4.
    pub const fn v4(base: Ipv4Addr, prefix: u8) -> Self {
        Self { base: IpAddr::V4(base), prefix }
    }

    /// A network of IPv6.
    pub const fn v6(base: Ipv6Addr, prefix: u8) -> Self {
        Self { base: IpAddr::V6(base), prefix }
    }

    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                (base.to_bits() ^ address.to_bits()) & mask_v4(self.prefix) == 0
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                (base.to_bits() ^ address.to_bits()) & mask_v6(self.prefix) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let plain = |prefix: &str| prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = match prefix {
            None => longest,
            Some(prefix) if plain(prefix) => prefix.parse().map_err(|_| NotANetwork)?,
            Some(_) => return Err(NotANetwork),
        };
        if prefix > longest {
            return Err(NotANetwork);
        }
        match (address, address.to_canonical()) {
            // `::ffff:10.0.0.0/104` is `10.0.0.0/8`; anything shorter holds more than IPv4.
            (IpAddr::V6(_), IpAddr::V4(base)) if prefix >= 96 => {
                Ok(Self::v4(masked_v4(base, prefix - 96), prefix - 96))
            }
            (IpAddr::V4(base), _) => Ok(Self::v4(masked_v4(base, prefix), prefix)),
            (IpAddr::V6(base), _) => {
                Ok(Self::v6(Ipv6Addr::from_bits(base.to_bits() & mask_v6(prefix)), prefix))
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = if self.base.is_ipv4() { 32 } else { 128 };
        if self.prefix == longest {
            write!(f, "{}", self.base)
        } else {
            write!(f, "{}/{}", self.base, self.prefix)
        }
    }
}

fn masked_v4(base: Ipv4Addr, prefix: u8) -> Ipv4Addr {
    Ipv4Addr::from_bits(base.to_bits() & mask_v4(prefix))
}

fn mask_v4(prefix: u8) -> u32 {
    u32::MAX.checked_shl(u32::from(32_u8.saturating_sub(prefix))).unwrap_or(0)
}

fn mask_v6(prefix: u8) -> u128 {
    u128::MAX.checked_shl(u32::from(128_u8.saturating_sub(prefix))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_are_in_their_networks() {
        for (net, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("10.1.2.3/8", "10.0.0.0", "9.255.255.255"),
            ("203.0.113.7", "203.0.113.7", "203.0.113.6"),
            ("203.0.113.7", "::ffff:203.0.113.7", "::203.0.113.7"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "2001:db8::1", "127.0.0.1"),
            ("::/0", "::1", "::ffff:127.0.0.1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::ffff:192.168.0.0/112", "192.168.7.7", "192.169.0.0"),
            ("fe80::/10", "febf::1", "fec0::1"),
            ("::1", "::1", "::2"),
        ] {
            assert!(network(net).contains(inside.parse().unwrap()), "{inside} in {net}");
            assert!(!network(net).contains(outside.parse().unwrap()), "{outside} in {net}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "/",
            "10",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "::/129",
            "::1%eth0",
            "example.com",
            "10.0.0.256",
            " 10.0.0.1",
            "10.0.0.0/255.0.0.0",
            "10.0.0.0-10.0.0.9",
            "010.0.0.1",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn it_is_shown_in_its_plainest_form() {
        for (text, shown) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("203.0.113.7/32", "203.0.113.7"),
            ("2001:0db8::0001/128", "2001:db8::1"),
            ("2001:db8:1::/32", "2001:db8::/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(network(text).to_string(), shown);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_counting_bits(base: u32, address: u32, prefix in 0..=32_u8) {
            let net: Network = format!("{}/{prefix}", Ipv4Addr::from_bits(base)).parse().unwrap();
            let same = (base ^ address).leading_zeros() >= u32::from(prefix);
            prop_assert_eq!(net.contains(Ipv4Addr::from_bits(address).into()), same);
            prop_assert_eq!(net.contains(Ipv4Addr::from_bits(address).to_ipv6_mapped().into()), same);
            prop_assert_eq!(net.to_string().parse::<Network>(), Ok(net));
        }

        #[test]
        fn agrees_with_counting_bits_of_ipv6(base: u128, address: u128, prefix in 0..=128_u8) {
            let (base, address) = (base | 1 << 127, address | 1 << 127);
            let net: Network = format!("{}/{prefix}", Ipv6Addr::from_bits(base)).parse().unwrap();
            let same = (base ^ address).leading_zeros() >= u32::from(prefix);
            prop_assert_eq!(net.contains(Ipv6Addr::from_bits(address).into()), same);
            prop_assert_eq!(net.to_string().parse::<Network>(), Ok(net));
        }
    }
}
