//! A day under a clock that tests turn.

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::store::record::UserRow;

/// 2026-11-22 00:00 in Los Angeles.
const MIDNIGHT: Moment = Moment(1_795_334_400_000);
const HOUR: Duration = Duration::from_hours(1);

struct House {
    clock: ManualClock,
    pacer: Pacer,
    left: u64,
    weights: HashMap<String, u32>,
}

fn row(name: &str, weight: u32, seen: Moment) -> UserRow {
    UserRow {
        id: name.into(),
        name: name.to_owned(),
        lookup: [0; 32],
        hint: String::new(),
        enabled: true,
        expires_at: None,
        private: false,
        weight,
        rules: crate::store::record::Rules::default(),
        created_at: Moment(0),
        last_used_at: Some(seen),
        updated_at: seen,
    }
}

impl House {
    fn new(left: u64, users: &[(&str, u32)]) -> Self {
        let (clock, mut pacer) = (ManualClock::new(MIDNIGHT), Pacer::default());
        let rows = users.iter().map(|(name, weight)| row(name, *weight, MIDNIGHT)).collect();
        pacer.set_users(rows, MIDNIGHT);
        let weights = users.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect();
        Self { clock, pacer, left, weights }
    }

    /// One call; the pool's own count goes with it.
    fn call(&mut self, user: &str) -> Result<(), Moment> {
        let now = self.clock.now();
        if self.left == 0 {
            return Err(next_midnight(now)); // the pool says so itself
        }
        let elapsed_ms = u64::try_from(now.since(MIDNIGHT)).unwrap() % 86_400_000;
        let quota = DayQuota { left: self.left, elapsed_ms, length_ms: 86_400_000 };
        let weight = self.weights.get(user).copied().unwrap_or(1);
        self.pacer.take((user, weight), "flash", now, || Some(quota))?;
        self.left -= 1;
        Ok(())
    }

    /// Calls until the first refusal.
    fn calls(&mut self, user: &str) -> usize {
        std::iter::repeat_with(|| self.call(user)).take(10_000).take_while(Result::is_ok).count()
    }
}

#[test]
fn a_user_has_its_share_and_what_others_pass_by() {
    let mut house = House::new(100, &[("anna", 1), ("ben", 1)]);
    assert_eq!(house.calls("anna"), 50);
    house.clock.advance(12 * HOUR);
    assert_eq!(house.calls("anna"), 25, "half of what Ben has not taken");
    assert_eq!(house.calls("ben"), 25, "all that is left");
}

#[test]
fn weights_are_shares() {
    let mut house = House::new(100, &[("anna", 4), ("ben", 1)]);
    assert_eq!((house.calls("anna"), house.calls("ben")), (80, 20));
}

#[test]
fn the_refusal_says_when_the_allowance_grows() {
    let mut house = House::new(100, &[("anna", 1), ("ben", 1)]);
    assert_eq!(house.calls("anna"), 50);
    let opens = house.call("anna").unwrap_err();
    // After a fiftieth of the day the first of Ben's fifty is lent.
    let wait = opens.since(MIDNIGHT) / 1_000;
    assert!((1_728..=1_730).contains(&wait), "{wait}");
    house.clock.set(Moment(opens.0 - 10_000));
    assert_eq!(house.call("anna"), Err(opens), "not before");
    house.clock.set(opens);
    assert_eq!(house.call("anna"), Ok(()));
    assert!(house.call("anna").is_err());
}

#[test]
fn the_next_day_begins_anew() {
    let mut house = House::new(100, &[("anna", 1), ("ben", 1)]);
    assert_eq!(house.calls("anna"), 50);
    house.clock.advance(24 * HOUR);
    house.left = 100;
    assert_eq!(house.calls("anna"), 50);
}

#[test]
fn a_call_that_came_to_nothing_is_given_back() {
    let mut house = House::new(100, &[("anna", 1), ("ben", 1)]);
    assert_eq!(house.calls("anna"), 50);
    house.pacer.give_back("anna", "flash");
    house.left += 1;
    assert_eq!(house.calls("anna"), 1);
    house.pacer.give_back("nobody", "flash");
    house.pacer.give_back("anna", "another");
}

#[test]
fn an_unknown_or_used_up_quota_is_not_paced() {
    let mut pacer = Pacer::default();
    pacer.set_users(vec![row("anna", 1, MIDNIGHT), row("ben", 1, MIDNIGHT)], MIDNIGHT);
    let spent = DayQuota { left: 0, elapsed_ms: 0, length_ms: 86_400_000 };
    for _ in 0..100 {
        assert_eq!(pacer.take(("anna", 1), "unknown", MIDNIGHT, || None), Ok(()));
        assert_eq!(pacer.take(("anna", 1), "spent", MIDNIGHT, || Some(spent)), Ok(()));
    }
}

#[test]
fn only_those_who_may_call_and_do_have_a_share() {
    let now = MIDNIGHT;
    let long_ago = Moment(now.0 - IDLE_MS);
    let mut rows =
        vec![row("anna", 1, now), row("idle", 1, long_ago), row("off", 1, now), row("over", 1, now)];
    rows[2].enabled = false;
    rows[3].expires_at = Some(now);
    let mut house = House::new(100, &[]);
    house.pacer.set_users(rows.clone(), now);
    assert_eq!(house.calls("anna"), 100);
    rows[2].enabled = true;
    let mut house = House::new(100, &[]);
    house.pacer.set_users(rows, now);
    assert_eq!(house.calls("anna"), 50);
}

#[test]
fn memory_is_bounded() {
    let mut pacer = Pacer::default();
    for model in 0..2 * MOST_MODELS {
        pacer.take(("anna", 1), &model.to_string(), MIDNIGHT, || None).unwrap();
    }
    assert_eq!(pacer.days.len(), MOST_MODELS);
    for user in 0..3 * MOST_USERS {
        pacer.take((&user.to_string(), 1), "0", MIDNIGHT, || None).unwrap();
    }
    assert_eq!(pacer.days["0"].parts.len(), 2 * MOST_USERS);
    let users = (0..2 * MOST_USERS).map(|user| row(&user.to_string(), 1, MIDNIGHT)).collect();
    pacer.set_users(users, MIDNIGHT);
    assert_eq!(pacer.users.len(), MOST_USERS);
    // A new day makes room for other models.
    let tomorrow = MIDNIGHT.plus_ms(86_400_000);
    pacer.take(("anna", 1), "another", tomorrow, || None).unwrap();
    assert_eq!(pacer.days.len(), 1);
}
