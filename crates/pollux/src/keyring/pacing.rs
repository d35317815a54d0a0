//! Pacing the day: who calls often takes no more of a model's day than its share, and what others have passed by.
//!
//! The arithmetic is `pool::pacing`; here are the counts it needs, in memory and bounded, and for some seconds its
//! answers. A user who has not called for a week keeps no share from the others.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pool::calendar::next_midnight;
use pool::pacing::{DayQuota, Pacing, Part};
use pool::{Moment, Opening, Why};
use tokio::time::sleep;

use super::Keyring;
use super::ring::Wish;
use crate::store::StoreError;
use crate::store::record::UserRow;

#[cfg(test)]
mod tests;

/// How long an answer holds.
const KEEP_MS: i64 = 5_000;
/// How long the list of users holds.
const USERS_KEEP_MS: i64 = 60_000;
/// Who has not called for so long keeps nothing from the others.
const IDLE_MS: i64 = 7 * 86_400_000;
/// Users that are paced at most, those who called last.
const MOST_USERS: usize = 4_096;
/// Models that are paced at most.
const MOST_MODELS: usize = 512;

/// The days of all models.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    days: HashMap<String, Day>,
    /// Who may call, with weights.
    users: Vec<(String, u32)>,
    /// When that was read.
    users_at: Option<Moment>,
    /// Counts the readings.
    reading: u64,
}

/// One model's Pacific day.
#[derive(Debug, Default)]
struct Day {
    ends: Moment,
    quota: Option<DayQuota>,
    quota_at: Option<Moment>,
    parts: Vec<Part>,
    places: HashMap<String, usize>,
    answers: HashMap<usize, Answer>,
    reading: u64,
}

/// What a user was allowed last.
#[derive(Clone, Copy, Debug)]
struct Answer {
    until: Moment,
    left: u64,
    /// Nothing was left from the start: there will be something then.
    opens: Option<Moment>,
}

/// A call that was counted into its user's day. Dropped before [`Share::used`] it is given back.
#[derive(Debug)]
pub(super) struct Share<'a> {
    pacer: &'a Mutex<Pacer>,
    user: &'a str,
    model: &'a str,
    used: bool,
}

impl Pacer {
    /// Whether the list of users is old.
    fn wants_users(&self, now: Moment) -> bool {
        self.users_at.is_none_or(|at| now.since(at) >= USERS_KEEP_MS)
    }

    /// Takes in who may call and has done so lately.
    fn set_users(&mut self, mut rows: Vec<UserRow>, now: Moment) {
        let seen = |row: &UserRow| row.last_used_at.unwrap_or(row.created_at).max(row.created_at);
        rows.retain(|row| {
            row.enabled && row.expires_at.is_none_or(|at| at > now) && now.since(seen(row)) < IDLE_MS
        });
        rows.sort_by_key(|row| std::cmp::Reverse(seen(row)));
        rows.truncate(MOST_USERS);
        self.users = rows.into_iter().map(|row| (row.id.as_str().to_owned(), row.weight)).collect();
        self.users_at = Some(now);
        self.reading += 1;
    }

    /// Counts one call, or says when the user's allowance grows. `quota` is asked for now and then.
    fn take(
        &mut self,
        (user, weight): (&str, u32),
        model: &str,
        now: Moment,
        quota: impl FnOnce() -> Option<DayQuota>,
    ) -> Result<(), Moment> {
        let Some(day) = self.day(model, now) else { return Ok(()) };
        let Some(place) = day.place(user, weight) else { return Ok(()) };
        if day.quota_at.is_none_or(|at| now.since(at) >= KEEP_MS) {
            day.quota = quota();
            day.quota_at = Some(now);
        }
        day.take(place, now)
    }

    /// The call came to nothing.
    fn give_back(&mut self, user: &str, model: &str) {
        let Some(day) = self.days.get_mut(model) else { return };
        let Some(place) = day.places.get(user).copied() else { return };
        day.count(place, |taken| taken.saturating_sub(1), |left| left.saturating_add(1));
    }

    /// The model's day as it stands now; none if there are too many models.
    fn day(&mut self, model: &str, now: Moment) -> Option<&mut Day> {
        if !self.days.contains_key(model) {
            if self.days.len() >= MOST_MODELS {
                self.days.retain(|_, day| day.ends > now);
            }
            if self.days.len() >= MOST_MODELS {
                return None;
            }
        }
        let Self { days, users, reading, .. } = self;
        let day = days.entry(model.to_owned()).or_default();
        if day.ends <= now {
            *day = Day { ends: next_midnight(now), ..Day::default() };
        }
        if day.reading != *reading {
            // Who is gone has no share any more, but what it took is taken.
            day.parts.iter_mut().for_each(|part| part.weight = 0);
            for (user, weight) in users.iter() {
                day.place(user, *weight);
            }
            day.reading = *reading;
        }
        Some(day)
    }
}

impl Day {
    /// Where a user's part is; none if there are too many users.
    fn place(&mut self, user: &str, weight: u32) -> Option<usize> {
        if let Some(place) = self.places.get(user).copied() {
            self.parts.get_mut(place)?.weight = weight;
            return Some(place);
        }
        if self.parts.len() >= 2 * MOST_USERS {
            return None;
        }
        self.parts.push(Part { weight, taken: 0 });
        self.places.insert(user.to_owned(), self.parts.len() - 1);
        Some(self.parts.len() - 1)
    }

    fn take(&mut self, place: usize, now: Moment) -> Result<(), Moment> {
        // Of a day whose quota is unknown nothing is kept back, and that a day is used up the pool says better.
        if let Some(quota) = self.quota.filter(|quota| quota.left > 0) {
            let answer = self.answers.get(&place).copied().filter(|answer| {
                answer.until > now && (answer.left > 0 || answer.opens.is_some_and(|opens| opens > now))
            });
            let answer = answer.unwrap_or_else(|| self.answer(place, quota, now));
            self.answers.insert(place, answer);
            if answer.left == 0 {
                return Err(answer.opens.unwrap_or(self.ends));
            }
        }
        self.count(place, |taken| taken.saturating_add(1), |left| left.saturating_sub(1));
        Ok(())
    }

    fn answer(&self, place: usize, quota: DayQuota, now: Moment) -> Answer {
        let left = self.allowance(place, quota, now);
        let opens = (left == 0).then(|| self.grows(place, quota, now));
        Answer { until: now.plus_ms(KEEP_MS), left, opens }
    }

    fn allowance(&self, place: usize, quota: DayQuota, at: Moment) -> u64 {
        let rest = u64::try_from(self.ends.since(at)).unwrap_or(0);
        let day = DayQuota { elapsed_ms: quota.length_ms.saturating_sub(rest), ..quota };
        Pacing::ByWeight.allowance(day, &self.parts, place)
    }

    /// The first second with something left, if nobody takes anything until then: allowances only grow.
    fn grows(&self, place: usize, quota: DayQuota, now: Moment) -> Moment {
        let (mut closed, mut open) = (0, self.ends.since(now) / 1_000 + 1);
        while open - closed > 1 {
            let middle = closed + (open - closed) / 2;
            if self.allowance(place, quota, now.plus_ms(middle * 1_000)) > 0 {
                open = middle;
            } else {
                closed = middle;
            }
        }
        now.plus_ms(open * 1_000).min(self.ends)
    }

    fn count(&mut self, place: usize, taken: impl Fn(u64) -> u64, left: impl Fn(u64) -> u64) {
        if let Some(part) = self.parts.get_mut(place) {
            part.taken = taken(part.taken);
        }
        if let Some(quota) = &mut self.quota {
            quota.left = left(quota.left);
        }
        if let Some(answer) = self.answers.get_mut(&place) {
            answer.left = left(answer.left);
        }
    }
}

impl Share<'_> {
    /// A project took the call.
    pub(super) fn used(mut self) {
        self.used = true;
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        if !self.used {
            lock(self.pacer).give_back(self.user, self.model);
        }
    }
}

impl Keyring {
    /// The call's part of its user's day, after waiting for it if that is not beyond `deadline`. None without pacing,
    /// and for a call that was counted before.
    pub(super) async fn share<'a>(
        &'a self,
        wish: &Wish<'a>,
        deadline: Moment,
    ) -> Result<Option<Share<'a>>, Opening> {
        if wish.again || !self.ring.settings().now().daily_pacing {
            return Ok(None);
        }
        let pacer = &self.pacer;
        self.read_users(pacer).await;
        loop {
            let now = self.now();
            let quota = || self.ring.pool().day_quota(wish.model, now);
            let taken = lock(pacer).take((wish.user, wish.weight), wish.model, now, quota);
            match taken {
                Ok(()) => {
                    return Ok(Some(Share { pacer, user: wish.user, model: wish.model, used: false }));
                }
                Err(opens) if opens >= deadline => return Err(Opening::At(opens, Why::Share)),
                Err(opens) => {
                    let pause = u64::try_from(opens.since(now)).unwrap_or(0).max(1);
                    sleep(Duration::from_millis(pause)).await;
                }
            }
        }
    }

    /// Reads who may call, if that was long ago. If the store is away, those of before go on.
    async fn read_users(&self, pacer: &Mutex<Pacer>) {
        let now = self.now();
        if !lock(pacer).wants_users(now) {
            return;
        }
        let rows: Result<Vec<UserRow>, StoreError> = self.store.load_users().await;
        match rows {
            Ok(rows) => lock(pacer).set_users(rows, now),
            Err(error) => {
                tracing::warn!(%error, "the users could not be read for daily pacing");
                lock(pacer).users_at = Some(now);
            }
        }
    }
}

fn lock(pacer: &Mutex<Pacer>) -> MutexGuard<'_, Pacer> {
    pacer.lock().unwrap_or_else(PoisonError::into_inner)
}
