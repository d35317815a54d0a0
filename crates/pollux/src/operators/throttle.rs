//! How often a login may be tried: by name and by address, in bounded memory.
//!
//! Some failures are free; after them each makes the next attempt wait twice as long. An attempt counts as failed from
//! its beginning, so that many at once gain nothing; success takes it back.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Refused;
use crate::clock::Moment;

/// Names and addresses that are remembered at once.
const MOST: usize = 8_192;
/// After this much quiet, all is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);

/// How patient the door is with one kind of thing.
#[derive(Clone, Copy, Debug)]
struct Rule {
    free: u32,
    longest: Duration,
}

/// A name is known to others: whoever fails in its name must not lock its owner out for long.
const NAME: Rule = Rule { free: 10, longest: Duration::from_mins(1) };
const ADDRESS: Rule = Rule { free: 10, longest: Duration::from_mins(15) };
/// A wrong token may be a forgotten scraper behind the address that operators share, so it slows them down by a second
/// at most; a token of eight characters is still out of reach at one guess a second.
const BEARER: Rule = Rule { free: 100, longest: Duration::from_secs(1) };

/// What failures are counted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Name(String),
    Address(IpAddr),
    Bearer(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    failures: u32,
    last: Moment,
}

/// Counts failed logins.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<Key, Entry>>);

/// An attempt that was let through; it counts as failed unless it is said to have succeeded.
#[derive(Debug)]
#[must_use]
pub(super) struct Attempt(Vec<Key>);

impl Throttle {
    /// Lets an attempt through, or says how long to wait.
    pub(super) fn begin(&self, name: &str, address: Option<IpAddr>, now: Moment) -> Result<Attempt, Refused> {
        let address = address.map(|address| Key::Address(network(address)));
        // A name longer than any operator's is nobody's; its beginning tells it apart well enough.
        let name = Key::Name(name.trim().to_lowercase().chars().take(100).collect());
        let keys: Vec<Key> = address.into_iter().chain([name]).collect();
        let mut entries = self.entries();
        let wait = keys.iter().filter_map(|key| entries.get(key)?.wait(key.rule(), now)).max();
        if let Some(wait) = wait {
            return Err(Refused::Throttled { wait });
        }
        for key in &keys {
            count(&mut entries, key, now);
        }
        Ok(Attempt(keys))
    }

    /// Whether a token from this address may be looked at.
    pub(super) fn may_present(&self, address: Option<IpAddr>, now: Moment) -> Result<(), Refused> {
        let Some(key) = address.map(|address| Key::Bearer(network(address))) else { return Ok(()) };
        let wait = self.entries().get(&key).and_then(|entry| entry.wait(BEARER, now));
        wait.map_or(Ok(()), |wait| Err(Refused::Throttled { wait }))
    }

    /// A token from this address was wrong.
    pub(super) fn presented_wrong(&self, address: Option<IpAddr>, now: Moment) {
        if let Some(address) = address {
            count(&mut self.entries(), &Key::Bearer(network(address)), now);
        }
    }

    /// The attempt succeeded: what was held against its name and address is forgotten.
    pub(super) fn succeed(&self, Attempt(keys): Attempt) {
        let mut entries = self.entries();
        for key in keys {
            entries.remove(&key);
        }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    fn rule(&self) -> Rule {
        match self {
            Self::Name(_) => NAME,
            Self::Address(_) => ADDRESS,
            Self::Bearer(_) => BEARER,
        }
    }
}

impl Entry {
    /// How long the next attempt has to wait yet.
    fn wait(self, rule: Rule, now: Moment) -> Option<Duration> {
        let beyond = self.failures.checked_sub(rule.free).filter(|_| !self.is_stale(now))?;
        let pause = Duration::from_secs(1_u64.checked_shl(beyond).unwrap_or(u64::MAX)).min(rule.longest);
        let passed = Duration::from_millis(u64::try_from(now.0 - self.last.0).unwrap_or(0));
        pause.checked_sub(passed).filter(|wait| !wait.is_zero())
    }

    fn is_stale(self, now: Moment) -> bool {
        u128::try_from(now.0 - self.last.0).is_ok_and(|passed| passed >= FORGOTTEN_AFTER.as_millis())
    }
}

/// One more failure.
fn count(entries: &mut HashMap<Key, Entry>, key: &Key, now: Moment) {
    make_room(entries, key, now);
    let entry = entries.entry(key.clone()).or_insert(Entry { failures: 0, last: now });
    if entry.is_stale(now) {
        entry.failures = 0;
    }
    entry.failures = entry.failures.saturating_add(1);
    entry.last = now;
}

/// Forgets what is stale, or else the oldest, if one more would be too many.
fn make_room(entries: &mut HashMap<Key, Entry>, key: &Key, now: Moment) {
    if entries.len() < MOST || entries.contains_key(key) {
        return;
    }
    entries.retain(|_, entry| !entry.is_stale(now));
    while entries.len() >= MOST {
        let Some(oldest) = entries.iter().min_by_key(|(_, entry)| entry.last.0).map(|(key, _)| key.clone())
        else {
            return;
        };
        entries.remove(&oldest);
    }
}

/// Whoever has one IPv6 address has the 2^64 beside it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_800_000_000_000);

    fn at(seconds: i64) -> Moment {
        Moment(NOW.0 + seconds * 1_000)
    }

    #[expect(clippy::unnecessary_wraps, reason = "as it is asked for")]
    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([203, 0, 113, last]))
    }

    fn wait(throttle: &Throttle, name: &str, address: Option<IpAddr>, now: Moment) -> u64 {
        match throttle.begin(name, address, now) {
            Err(Refused::Throttled { wait }) => wait.as_secs(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn failures_of_an_address_cost_more_and_more_time() {
        let throttle = Throttle::default();
        for n in 0..10 {
            drop(throttle.begin(&format!("name {n}"), address(1), NOW).unwrap());
        }
        assert_eq!(wait(&throttle, "ann", address(1), NOW), 1);
        drop(throttle.begin("ann", address(1), at(1)).unwrap());
        assert_eq!(wait(&throttle, "ann", address(1), at(1)), 2);
        drop(throttle.begin("ann", address(2), at(1)).unwrap());
        let mut now = at(3);
        for expected in [4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            drop(throttle.begin(&format!("{expected}"), address(1), now).unwrap());
            assert_eq!(wait(&throttle, "x", address(1), now), expected);
            now = Moment(now.0 + i64::try_from(expected).unwrap() * 1_000);
        }
        let later = Moment(now.0 + 3_600_000);
        for n in 0..10 {
            drop(throttle.begin(&format!("again {n}"), address(1), later).unwrap());
        }
    }

    #[test]
    fn a_name_is_never_shut_for_more_than_a_minute() {
        let throttle = Throttle::default();
        let mut now = NOW;
        for n in 0..60_u8 {
            if let Err(Refused::Throttled { wait }) = throttle.begin("Ann ", address(n), now) {
                assert!(wait <= Duration::from_mins(1));
                now = Moment(now.0 + i64::try_from(wait.as_millis()).unwrap());
                drop(throttle.begin("ann", address(n), now).unwrap());
            }
        }
        assert_eq!(wait(&throttle, "ANN", address(200), now), 60);
        assert!(throttle.begin("bob", address(200), now).is_ok());
    }

    #[test]
    fn success_wipes_the_slate() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            let attempt = throttle.begin("ann", address(1), NOW).unwrap();
            throttle.succeed(attempt);
        }
    }

    #[test]
    fn wrong_tokens_are_slowed_down_to_one_a_second() {
        let throttle = Throttle::default();
        for n in 0..100 {
            assert_eq!(throttle.may_present(address(1), NOW), Ok(()), "{n}");
            throttle.presented_wrong(address(1), NOW);
        }
        let wait = Duration::from_secs(1);
        assert_eq!(throttle.may_present(address(1), NOW), Err(Refused::Throttled { wait }));
        assert_eq!(throttle.may_present(address(2), NOW), Ok(()));
        throttle.presented_wrong(address(1), at(1));
        assert_eq!(throttle.may_present(address(1), at(1)), Err(Refused::Throttled { wait }));
        assert_eq!(throttle.may_present(address(1), at(2)), Ok(()));
        assert!(throttle.begin("ann", address(1), NOW).is_ok(), "logins have their own count");
    }

    #[test]
    fn addresses_of_one_network_are_one() {
        let throttle = Throttle::default();
        for n in 0..10_u16 {
            let address = IpAddr::from([0x2001, 0xdb8, 0, 1, n, n, n, n]);
            drop(throttle.begin(&n.to_string(), Some(address), NOW).unwrap());
        }
        assert_eq!(wait(&throttle, "x", Some("2001:db8:0:1::9".parse().unwrap()), NOW), 1);
        assert!(throttle.begin("x", Some("2001:db8:0:2::9".parse().unwrap()), NOW).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..MOST + 500 {
            drop(throttle.begin(&n.to_string(), None, Moment(NOW.0 + i64::try_from(n).unwrap())).unwrap());
        }
        assert_eq!(throttle.entries().len(), MOST);
    }
}
