//! Daily pacing: how much of a model's day one user may take now, so that one user cannot eat the day.
//!
//! Everybody who may call has a share of the day by weight. What others have not taken of theirs is kept for them,
//! but less and less of it as the day goes by: what an idle user leaves is lent to the busy ones, and at the end of the
//! day nothing is kept back. A plain function of numbers; off unless asked for.

use serde::{Deserialize, Serialize};

use crate::Moment;
use crate::choose::Cost;
use crate::gate::Why;
use crate::limits::Gauge;
use crate::state::Pool;

/// Whether the day is paced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pacing {
    /// First come, first served.
    #[default]
    Off,
    /// By weight, as described above.
    ByWeight,
}

/// A user's part in a model's day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The user's share; 0 has none of its own and lives on what is lent.
    pub weight: u32,
    /// Requests made today.
    pub taken: u64,
}

/// A model's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayQuota {
    /// Requests left in all its buckets.
    pub left: u64,
    /// How much of the day is over, in ms.
    pub elapsed_ms: u64,
    /// How long the day is, in ms.
    pub length_ms: u64,
}

impl Pacing {
    /// How many requests the user at `index` may make now. Reads every part once: at admission, keep the answer for
    /// some seconds.
    pub fn allowance(self, day: DayQuota, parts: &[Part], index: usize) -> u64 {
        let Some(mine) = parts.get(index) else { return 0 };
        if self == Self::Off {
            return day.left;
        }
        let taken: u128 = parts.iter().map(|part| u128::from(part.taken)).sum();
        let weights: u128 = parts.iter().map(|part| u128::from(part.weight)).sum();
        let whole = taken + u128::from(day.left);
        let own_share = |part: &Part| whole * u128::from(part.weight) / weights.max(1);
        let rest = u128::from(day.length_ms.saturating_sub(day.elapsed_ms));
        let length = u128::from(day.length_ms.max(1));
        // Who keeps the pace of the day finds all of the rest; who is idle lends what the pace has passed by. Rounded up:
        // a unit lost for each user at each step would add up.
        let kept = |part: &Part| {
            let share = own_share(part);
            share.saturating_sub(u128::from(part.taken)).min((share * rest).div_ceil(length))
        };
        let others =
            parts.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, part)| kept(part));
        let lent = u128::from(day.left).saturating_sub(others.sum());
        let own = own_share(mine).saturating_sub(u128::from(mine.taken));
        u64::try_from(lent.max(own)).unwrap_or(u64::MAX).min(day.left)
    }
}

impl Pool {
    /// What is left of a model's Pacific day, over all projects that may serve it. A bucket whose limit is not known
    /// is taken for an average one; `None` if no limit is known at all. Reads every bucket: keep the answer for some
    /// seconds.
    pub fn day_quota(&self, model: &str, now: Moment) -> Option<DayQuota> {
        let model = self.known(model)?;
        let ctx = self.ctx(self.day_at(now), now);
        let (mut known, mut capacity, mut left) = (0_u64, 0_u64, 0_u64);
        let mut unknown = Vec::new();
        for project in ctx.roster.projects() {
            let Some(bucket) = model.bucket(project.spec.id) else { continue };
            let gate = model.gate(project, Cost { requests: 1, tokens: 0 }, &ctx);
            if matches!(gate.why, Why::NoKey | Why::Disabled | Why::NotOffered) && !gate.is_open(now) {
                continue;
            }
            let used = bucket.used(Gauge::Rpd, &ctx);
            let over = gate.why == Why::Day && !gate.is_open(now);
            match bucket.cap(&model.defaults, Gauge::Rpd, now).map(|cap| cap.value) {
                Some(limit) => {
                    known += 1;
                    capacity = capacity.saturating_add(limit);
                    left = left.saturating_add(if over { 0 } else { limit.saturating_sub(used) });
                }
                None if over => {}
                None => unknown.push(used),
            }
        }
        let average = capacity.checked_div(known)?;
        let presumed = unknown.iter().map(|used| average.saturating_sub(*used));
        let left = presumed.fold(left, u64::saturating_add);
        let millis = |ms: i64| u64::try_from(ms).unwrap_or(0);
        let (elapsed_ms, length_ms) =
            (millis(now.since(ctx.day.start)), millis(ctx.day.end.since(ctx.day.start)));
        Some(DayQuota { left, elapsed_ms, length_ms })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: u64 = 3_600_000;

    fn day(left: u64, hours: u64) -> DayQuota {
        DayQuota { left, elapsed_ms: hours * HOUR, length_ms: 24 * HOUR }
    }

    fn parts(parts: &[(u32, u64)]) -> Vec<Part> {
        parts.iter().map(|(weight, taken)| Part { weight: *weight, taken: *taken }).collect()
    }

    #[test]
    fn shares_by_weight_and_lends_what_idle_users_leave() {
        for (left, hours, users, expected) in [
            (400, 0, vec![(1, 0), (1, 0), (1, 0), (1, 0)], 100),
            (400, 0, vec![(3, 0), (1, 0)], 300),
            (300, 0, vec![(1, 100), (1, 0), (1, 0), (1, 0)], 0), // had its share, the day is young
            (300, 12, vec![(1, 100), (1, 0), (1, 0), (1, 0)], 150), // half of what the others left
            (300, 24, vec![(1, 100), (1, 0), (1, 0), (1, 0)], 300),
            (300, 12, vec![(1, 0), (1, 100), (1, 0), (1, 0)], 200), // others' rest: 0 + 50 + 50
            (10, 12, vec![(1, 0), (1, 390)], 10),
            (50, 0, vec![(0, 0), (1, 0)], 0),
            (50, 24, vec![(0, 0), (1, 0)], 50),
        ] {
            let users = parts(&users);
            assert_eq!(
                Pacing::ByWeight.allowance(day(left, hours), &users, 0),
                expected,
                "{left} {hours} {users:?}"
            );
        }
    }

    #[test]
    fn the_day_is_what_the_buckets_have_left() {
        use crate::{Ask, KeyId, KeySpec, Limits, ProjectId, ProjectSpec, Provenance, Settings, Tier};
        let noon = Moment(1_795_377_600_000);
        let mut pool = Pool::new(Settings::default());
        for id in 0..4 {
            let (project, enabled) = (ProjectId(id), id != 3);
            pool.put_project(ProjectSpec { id: project, tier: Tier::Free, weight: 1, priority: 0, enabled });
            pool.put_key(KeySpec { id: KeyId(id), project, enabled: true });
        }
        assert_eq!(pool.day_quota("flash", noon), None, "never asked for");
        pool.open_model("flash", noon);
        assert_eq!(pool.day_quota("flash", noon), None, "nothing is known");
        let mut declare = |project, rpd| {
            let limits = Limits { rpd: Some(rpd), ..Limits::default() };
            pool.set_limits(Some(ProjectId(project)), "flash", limits, Provenance::Declared);
        };
        declare(0, 20);
        declare(1, 40);
        declare(3, 1_000); // disabled
        let day = |left| Some(DayQuota { left, elapsed_ms: 12 * HOUR, length_ms: 24 * HOUR });
        assert_eq!(pool.day_quota("flash", noon), day(20 + 40 + 30));
        let ask = Ask { model: "flash", require: Some(ProjectId(2)), ..Ask::default() };
        let reservation = pool.take(&ask, noon, 0).1.unwrap();
        pool.abandon(reservation, noon);
        assert_eq!(pool.day_quota("flash", noon), day(20 + 40 + 29));
    }

    #[test]
    fn off_gives_all_there_is_and_a_stranger_gets_nothing() {
        assert_eq!(Pacing::Off.allowance(day(77, 0), &parts(&[(1, 500)]), 0), 77);
        assert_eq!(Pacing::ByWeight.allowance(day(77, 0), &[], 0), 0);
        assert_eq!(Pacing::default(), Pacing::Off);
    }

    proptest! {
        /// Whatever a greedy user takes whenever it may, each other user still gets its share if it takes it at
        /// the pace of the day.
        #[test]
        fn a_greedy_user_cannot_eat_the_day(
            quota in 100..5_000_u64, weights in prop::collection::vec(1..5_u32, 2..8), steps in 4..48_u64
        ) {
            let mut users: Vec<Part> = weights.iter().map(|weight| Part { weight: *weight, taken: 0 }).collect();
            let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
            let mut left = quota;
            for step in 0..steps {
                let now = DayQuota { left, elapsed_ms: step, length_ms: steps };
                let greedy = Pacing::ByWeight.allowance(now, &users, 0);
                prop_assert!(greedy <= left);
                users[0].taken += greedy;
                left -= greedy;
                for index in 1..users.len() {
                    let share = quota * u64::from(users[index].weight) / total;
                    let wanted = (share * (step + 1) / steps).saturating_sub(users[index].taken);
                    let now = DayQuota { left, ..now };
                    let got = wanted.min(Pacing::ByWeight.allowance(now, &users, index));
                    users[index].taken += got;
                    left -= got;
                }
            }
            for user in &users[1..] {
                let share = quota * u64::from(user.weight) / total;
                prop_assert!(user.taken >= share, "{user:?} of {share} in {users:?}");
            }
        }

        /// Never more than there is, never less than what is left of the own share while there is that much.
        #[test]
        fn the_own_share_is_always_there(
            left in 0..1_000_u64, hours in 0..=24_u64,
            users in prop::collection::vec((0..5_u32, 0..500_u64), 1..8)
        ) {
            let users = parts(&users);
            let whole = left + users.iter().map(|user| user.taken).sum::<u64>();
            let weights: u64 = users.iter().map(|user| u64::from(user.weight)).sum();
            let allowed = Pacing::ByWeight.allowance(day(left, hours), &users, 0);
            let share = whole * u64::from(users[0].weight) / weights.max(1);
            prop_assert!(allowed <= left);
            prop_assert!(allowed >= share.saturating_sub(users[0].taken).min(left));
        }
    }
}
