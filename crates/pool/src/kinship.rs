//! Which keys may belong to one Google project although the operator said otherwise, or nothing.
//!
//! Two kinds of sign. Some errors name the project's number: keys with the same number are of one project. And keys of
//! one project run into the same limit together: each is refused within seconds of the other although it sent only a
//! part of the limit itself, and the parts add up to it. Chance does that too, so that one coincidence means little.
//!
//! Nothing here changes the pool. A person reads the suggestions and moves keys.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use crate::Moment;
use crate::limits::Gauge;
use crate::roster::{KeyId, ProjectId};

/// Refusals so far apart in time have nothing to do with each other.
const WITHIN_MS: i64 = 10_000;
/// So many refusals are remembered, over all models.
const RECENT: usize = 64;
/// Of those, so many are compared at once: each subset is tried.
const COMPARED: usize = 8;
/// So many keys' numbers are remembered.
const NUMBERS: usize = 16_384;
/// So many pairs are remembered; the one seen last longest ago makes room.
const PAIRS: usize = 1_024;
/// A coincidence is forgotten if it did not come again for so long.
const FORGOTTEN_MS: i64 = 14 * 86_400_000;
/// So many coincidences make a suggestion likely.
const LIKELY: u32 = 3;

/// A refusal that named a quota of requests.
#[derive(Clone, Copy, Debug)]
pub struct Refused<'a> {
    /// The key that was refused.
    pub key: KeyId,
    /// The project it is counted to now.
    pub project: ProjectId,
    /// The model.
    pub model: &'a str,
    /// Which limit.
    pub gauge: Gauge,
    /// Its value.
    pub limit: u64,
    /// What the project has sent in the limit's window by our count, without the refused call.
    pub used: u64,
}

/// Keys of several projects that may be of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The keys.
    pub keys: Vec<KeyId>,
    /// Why.
    pub why: Sign,
    /// How sure that is.
    pub confidence: Confidence,
    /// When the sign was first seen.
    pub since: Moment,
}

/// What suggests that keys are of one project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "sign", rename_all = "snake_case")]
pub enum Sign {
    /// Errors named the same project number.
    SameNumber {
        /// The number.
        number: String,
    },
    /// They met a limit together, and what each had sent adds up to it.
    MetTogether {
        /// How often.
        times: u32,
    },
}

/// How sure a suggestion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// It may be chance.
    Possible,
    /// It happened again and again.
    Likely,
    /// Google said so.
    Certain,
}

/// What was seen of keys that may be of one project. Bounded, whatever happens.
#[derive(Clone, Debug, Default)]
pub struct Kinship {
    recent: VecDeque<Seen>,
    pairs: BTreeMap<(KeyId, KeyId), Met>,
    numbers: BTreeMap<KeyId, Named>,
}

/// A refusal that is remembered.
#[derive(Clone, Debug)]
struct Seen {
    key: KeyId,
    project: ProjectId,
    model: String,
    gauge: Gauge,
    limit: u64,
    used: u64,
    at: Moment,
}

/// How often two keys met a limit together.
#[derive(Clone, Copy, Debug)]
struct Met {
    times: u32,
    since: Moment,
    last: Moment,
}

/// The project number that an error named for a key.
#[derive(Clone, Debug)]
struct Named {
    number: String,
    since: Moment,
}

impl Kinship {
    /// An error for this key named its project's number.
    pub fn named(&mut self, key: KeyId, number: &str, now: Moment) {
        let known = self.numbers.get(&key).is_some_and(|named| named.number == number);
        if !known && !number.is_empty() && (self.numbers.len() < NUMBERS || self.numbers.contains_key(&key)) {
            self.numbers.insert(key, Named { number: number.to_owned(), since: now });
        }
    }

    /// A key was refused over a quota of requests.
    pub fn refused(&mut self, refused: &Refused<'_>, now: Moment) {
        let Refused { key, project, model, gauge, limit, used } = *refused;
        // Who has sent nothing has no part in the sum.
        if limit == 0 || used == 0 {
            return;
        }
        self.close(now);
        self.recent.retain(|seen| seen.project != project || seen.model != model || seen.gauge != gauge);
        // Its own limit is full by our own count: nobody else is needed to explain that.
        if used >= limit || fits(used, 1, limit) {
            return;
        }
        if self.recent.len() >= RECENT {
            self.close_first();
        }
        self.recent.push_back(Seen { key, project, model: model.to_owned(), gauge, limit, used, at: now });
    }

    /// Forgets a key.
    pub fn forget(&mut self, key: KeyId) {
        self.recent.retain(|seen| seen.key != key);
        self.pairs.retain(|(one, other), _| *one != key && *other != key);
        self.numbers.remove(&key);
    }

    /// What may be worth a look, the surest first. `project_of` says where a key is now; groups that are of one project
    /// already are left out.
    pub fn suggestions(
        &mut self,
        project_of: impl Fn(KeyId) -> Option<ProjectId>,
        now: Moment,
    ) -> Vec<Suggestion> {
        self.close(now);
        let mut found = self.by_number();
        found.extend(self.by_coincidence(now));
        for suggestion in &mut found {
            suggestion.keys.retain(|key| project_of(*key).is_some());
        }
        found.retain(|suggestion| {
            let projects: BTreeSet<_> = suggestion.keys.iter().filter_map(|key| project_of(*key)).collect();
            projects.len() > 1
        });
        found.sort_by_key(|suggestion| (std::cmp::Reverse(suggestion.confidence), suggestion.since));
        found
    }

    /// Judges refusals to which no other can belong any more. Sooner, half of the picture would mislead.
    fn close(&mut self, now: Moment) {
        while self.recent.front().is_some_and(|first| !(0..=WITHIN_MS).contains(&now.since(first.at))) {
            self.close_first();
        }
    }

    fn close_first(&mut self) {
        let Some(first) = self.recent.pop_front() else { return };
        let mut group = vec![first.clone()];
        self.recent.retain(|seen| {
            let like = (seen.gauge, seen.limit) == (first.gauge, first.limit) && seen.model == first.model;
            let belongs = like && seen.at.since(first.at) <= WITHIN_MS && group.len() < COMPARED;
            if belongs {
                group.push(seen.clone());
            }
            !belongs
        });
        for part in parts(&group) {
            for (index, one) in part.iter().enumerate() {
                for other in part.iter().skip(index + 1) {
                    self.note(*one, *other, first.at);
                }
            }
        }
    }

    fn note(&mut self, one: KeyId, other: KeyId, now: Moment) {
        let pair = (one.min(other), one.max(other));
        if self.pairs.len() >= PAIRS && !self.pairs.contains_key(&pair) {
            let oldest = self.pairs.iter().min_by_key(|(_, met)| met.last).map(|(pair, _)| *pair);
            oldest.and_then(|oldest| self.pairs.remove(&oldest));
        }
        let met = self.pairs.entry(pair).or_insert(Met { times: 0, since: now, last: now });
        met.times = met.times.saturating_add(1);
        met.last = now;
    }

    fn by_number(&self) -> Vec<Suggestion> {
        let mut groups: BTreeMap<&str, (Vec<KeyId>, Moment)> = BTreeMap::new();
        for (key, Named { number, since }) in &self.numbers {
            let (keys, first) = groups.entry(number).or_insert((Vec::new(), *since));
            keys.push(*key);
            *first = (*first).min(*since);
        }
        let suggestion = |(number, (keys, since)): (&str, (Vec<KeyId>, Moment))| Suggestion {
            keys,
            why: Sign::SameNumber { number: number.to_owned() },
            confidence: Confidence::Certain,
            since,
        };
        groups.into_iter().map(suggestion).filter(|suggestion| suggestion.keys.len() > 1).collect()
    }

    fn by_coincidence(&self, now: Moment) -> Vec<Suggestion> {
        let mut groups: Vec<(BTreeSet<KeyId>, Met)> = Vec::new();
        for ((one, other), met) in &self.pairs {
            if now.since(met.last) >= FORGOTTEN_MS || self.named_apart(*one, *other) {
                continue;
            }
            let (mut keys, mut all) = (BTreeSet::from([*one, *other]), *met);
            groups.retain(|(group, of_group)| {
                let apart = group.is_disjoint(&keys);
                if !apart {
                    keys.extend(group);
                    all.times = all.times.min(of_group.times);
                    all.since = all.since.min(of_group.since);
                }
                apart
            });
            groups.push((keys, all));
        }
        let suggestion = |(keys, Met { times, since, .. }): (BTreeSet<KeyId>, Met)| Suggestion {
            keys: keys.into_iter().collect(),
            why: Sign::MetTogether { times },
            confidence: if times >= LIKELY { Confidence::Likely } else { Confidence::Possible },
            since,
        };
        groups.into_iter().map(suggestion).collect()
    }

    /// Google named different projects, or the same, for two keys: coincidence has nothing to add.
    fn named_apart(&self, one: KeyId, other: KeyId) -> bool {
        self.numbers.contains_key(&one) && self.numbers.contains_key(&other)
    }
}

/// Whether the parts of so many projects make up a limit: to one call each, or a twentieth.
fn fits(sum: u64, parts: u32, limit: u64) -> bool {
    sum.abs_diff(limit) <= (limit / 20).max(u64::from(parts.saturating_sub(1)))
}

/// The parts of a group that make up its limit, where there is only one way to see it: who fits as well with others is
/// left out.
fn parts(group: &[Seen]) -> Vec<Vec<KeyId>> {
    let Some(limit) = group.first().map(|seen| seen.limit) else { return Vec::new() };
    let members = |mask: u32| group.iter().enumerate().filter(move |(bit, _)| mask >> bit & 1 == 1);
    let ways = (1..1_u32 << group.len()).filter(|mask| mask.count_ones() > 1);
    let ways = ways.filter_map(|mask| {
        let sum = members(mask).fold(0_u64, |sum, (_, seen)| sum.saturating_add(seen.used));
        fits(sum, mask.count_ones(), limit).then_some((mask, sum.abs_diff(limit)))
    });
    let ways: Vec<(u32, u64)> = ways.collect();
    let clear = ways.iter().filter(|(mask, off)| {
        !ways.iter().any(|(other, other_off)| other != mask && other & mask != 0 && other_off <= off)
    });
    clear.map(|(mask, _)| members(*mask).map(|(_, seen)| seen.key).collect()).collect()
}

#[cfg(test)]
mod tests;
