//! A map whose entries age and whose size in bytes is bounded.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::clock::Moment;

/// What an entry costs besides its name and value: two map slots and a queue slot, roughly.
const OVERHEAD: usize = 160;

/// A map whose entries age and whose size in bytes is bounded; the oldest go first.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    ttl_ms: i64,
    room: usize,
    used: usize,
    entries: HashMap<String, Entry<T>>,
    /// Names in the order they were put; a name put again appears again, and its older turn is skipped.
    order: VecDeque<(String, u64)>,
    turn: u64,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    weight: usize,
    until: Moment,
    turn: u64,
}

impl<T> Shelf<T> {
    pub(super) fn new(ttl: Duration, room: usize) -> Self {
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        Self { ttl_ms, room, used: 0, entries: HashMap::new(), order: VecDeque::new(), turn: 0 }
    }

    pub(super) fn get(&self, name: &str, now: Moment) -> Option<&T> {
        self.entries.get(name).filter(|entry| now < entry.until).map(|entry| &entry.value)
    }

    pub(super) fn put(&mut self, name: String, value: T, weight: usize, now: Moment) {
        self.turn += 1;
        let weight = weight + 2 * name.len() + OVERHEAD;
        let until = Moment(now.0.saturating_add(self.ttl_ms));
        let entry = Entry { value, weight, until, turn: self.turn };
        self.order.push_back((name.clone(), self.turn));
        self.used += weight;
        if let Some(old) = self.entries.insert(name, entry) {
            self.used -= old.weight;
        }
        self.make_room(now);
        self.forget_stale_turns();
    }

    /// A name that is put often would otherwise fill the queue with turns that no longer count.
    fn forget_stale_turns(&mut self) {
        if self.order.len() > 2 * self.entries.len() + 64 {
            let entries = &self.entries;
            self.order.retain(|(name, turn)| entries.get(name).is_some_and(|entry| entry.turn == *turn));
        }
    }

    /// Drops what is over the room, then what is over its time.
    fn make_room(&mut self, now: Moment) {
        while let Some((name, turn)) = self.order.front() {
            let current = self.entries.get(name).filter(|entry| entry.turn == *turn);
            let stays = current.is_some_and(|entry| self.used <= self.room && now < entry.until);
            if stays {
                return;
            }
            if current.is_some()
                && let Some(old) = self.entries.remove(name)
            {
                self.used -= old.weight;
            }
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_put_often_does_not_grow_the_queue() {
        let mut shelf = Shelf::new(Duration::from_mins(1), 10_000);
        shelf.put("first".to_owned(), (), 0, Moment(0));
        for turn in 0..10_000 {
            shelf.put("hot".to_owned(), (), 0, Moment(turn));
        }
        assert!(shelf.order.len() <= 2 * 2 + 64, "{} turns are kept", shelf.order.len());
        assert!(shelf.get("first", Moment(1)).is_some());
    }
}
