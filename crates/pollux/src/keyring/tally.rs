//! What each bucket has taken of its Pacific day, so that a restart does not forget it.

use std::collections::HashMap;

use pool::calendar;
use pool::{DayCount, ProjectId};

use super::Keyring;
use super::ring::Ring;
use crate::store::record;
use crate::store::{Store, StoreError};

/// What of the pool's day counts the store has. The store adds up differences, so that several gateways may write.
#[derive(Debug, Default)]
pub(super) struct Tally {
    written: HashMap<(ProjectId, String), DayCount>,
}

impl Tally {
    /// Writes what has changed since the last time. What cannot be written is tried again with the next.
    pub(super) async fn write(&mut self, ring: &Ring, store: &dyn Store) -> Result<(), StoreError> {
        let current: HashMap<_, _> = ring
            .pool()
            .day_counts()
            .into_iter()
            .map(|(project, model, count)| ((project, model), count))
            .collect();
        let rows: Vec<record::DayCount> = {
            let roster = ring.roster();
            let named = self.changes(&current).into_iter();
            named
                .filter_map(|((project, model), change)| {
                    Some(row(roster.project_id(*project)?, model, change))
                })
                .collect()
        };
        store.add_to_days(&rows).await?;
        self.written = current;
        Ok(())
    }

    /// The difference for each bucket. One that has gone is taken back: Google counts it under another name.
    fn changes<'a>(
        &'a self,
        current: &'a HashMap<(ProjectId, String), DayCount>,
    ) -> Vec<(&'a (ProjectId, String), Change)> {
        let mut changes = Vec::new();
        for (bucket, now) in current {
            let before = self.written.get(bucket).filter(|before| before.day == now.day);
            changes.push((bucket, Change::between(before.copied(), *now)));
        }
        for (bucket, before) in self.written.iter().filter(|(bucket, _)| !current.contains_key(*bucket)) {
            let nothing = DayCount { day: before.day, ..DayCount::default() };
            changes.push((bucket, Change::between(Some(*before), nothing)));
        }
        changes.retain(|(_, change)| change.requests != 0 || change.tokens != 0);
        changes
    }
}

/// What to add to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    day: i32,
    requests: i64,
    tokens: i64,
}

impl Change {
    fn between(before: Option<DayCount>, now: DayCount) -> Self {
        let before = before.unwrap_or_default();
        let tokens = |count: DayCount| i64::try_from(count.tokens).unwrap_or(i64::MAX);
        Self {
            day: now.day,
            requests: i64::from(now.requests) - i64::from(before.requests),
            tokens: tokens(now) - tokens(before),
        }
    }
}

fn row(project: &record::ProjectId, model: &str, change: Change) -> record::DayCount {
    let Change { day, requests, tokens } = change;
    let day = calendar::date_of(day).to_string();
    record::DayCount { project: project.clone(), model: model.to_owned(), day, requests, tokens }
}

impl Keyring {
    /// Brings back what was taken of today before the start.
    pub(super) async fn load_today(&self) -> Result<Tally, StoreError> {
        let now = self.now();
        let day = calendar::PacificDay::of(now).number;
        let mut tally = Tally::default();
        for row in self.store.load_day(&calendar::date_of(day).to_string()).await? {
            let Some(project) = self.ring.roster().project_by_id(&row.project) else { continue };
            let requests = u32::try_from(row.requests.max(0)).unwrap_or(u32::MAX);
            let count = DayCount { day, requests, tokens: u64::try_from(row.tokens).unwrap_or(0) };
            self.ring.pool().restore_day(project, &row.model, count, now);
            tally.written.insert((project, row.model), count);
        }
        Ok(tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(day: i32, requests: u32, tokens: u64) -> DayCount {
        DayCount { day, requests, tokens }
    }

    fn counts(list: &[(&str, DayCount)]) -> HashMap<(ProjectId, String), DayCount> {
        list.iter().map(|(model, count)| ((ProjectId(0), (*model).to_owned()), *count)).collect()
    }

    #[test]
    fn only_what_changed_is_written() {
        let written = counts(&[
            ("same", count(5, 3, 30)),
            ("more", count(5, 3, 30)),
            ("settled", count(5, 3, 30)),
            ("new day", count(4, 90, 900)),
            ("united", count(5, 2, 20)),
        ]);
        let current = counts(&[
            ("same", count(5, 3, 30)),
            ("more", count(5, 5, 40)),
            ("settled", count(5, 3, 10)),
            ("new day", count(5, 1, 7)),
            ("new", count(5, 1, 1)),
        ]);
        let tally = Tally { written };
        let mut changes: Vec<_> = tally
            .changes(&current)
            .into_iter()
            .map(|((_, model), Change { day, requests, tokens })| (model.as_str(), day, requests, tokens))
            .collect();
        changes.sort_unstable();
        assert_eq!(
            changes,
            [
                ("more", 5, 2, 10),
                ("new", 5, 1, 1),
                ("new day", 5, 1, 7),
                ("settled", 5, 0, -20),
                ("united", 5, -2, -20)
            ]
        );
    }
}
