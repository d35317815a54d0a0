//! Who may connect: so many altogether, so many of one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::peer::neighbourhood;

/// The places that there are.
#[derive(Debug)]
pub(super) struct Places {
    all: usize,
    each: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// A place that is taken, as a guard.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    of: Option<IpAddr>,
}

/// Why there is none, as a metric's label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    All,
    Address,
}

impl Places {
    pub(super) fn new(all: usize, each: usize) -> Self {
        Self { all, each, taken: Mutex::default() }
    }

    /// A place for a connection of `address`; of none, if it is one that others stand behind.
    pub(super) fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Place, Full> {
        let of = address.and_then(neighbourhood);
        let mut taken = self.taken();
        if taken.all >= self.all {
            return Err(Full::All);
        }
        if let Some(of) = of {
            let count = taken.of.entry(of).or_default();
            if *count >= self.each {
                return Err(Full::Address);
            }
            *count += 1;
        }
        taken.all += 1;
        Ok(Place { places: Arc::clone(self), of })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(of) = self.of
            && let Some(count) = taken.of.get_mut(&of)
        {
            *count -= 1;
            if *count == 0 {
                taken.of.remove(&of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_run_out_and_come_back() {
        let places = Arc::new(Places::new(3, 2));
        let public = |last: u8| Some(IpAddr::from([203, 0, 113, last]));
        let first = places.take(public(1)).unwrap();
        let _second = places.take(public(1)).unwrap();
        assert_eq!(places.take(public(1)).unwrap_err(), Full::Address);
        let third = places.take(public(2)).unwrap();
        assert_eq!(places.take(None).unwrap_err(), Full::All);
        drop((first, third));
        assert!(places.take(public(1)).is_ok());
        assert_eq!(places.taken().of.len(), 1, "whoever left is forgotten");
    }

    #[test]
    fn neighbours_of_ours_share_no_limit() {
        let places = Arc::new(Places::new(10, 1));
        let near = Some(IpAddr::from([127, 0, 0, 1]));
        let _held = (places.take(near).unwrap(), places.take(near).unwrap());
        let six = |last: u16| Some(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]));
        let _one = places.take(six(1)).unwrap();
        assert_eq!(places.take(six(2)).unwrap_err(), Full::Address, "one network of IPv6 is one client");
    }
}
