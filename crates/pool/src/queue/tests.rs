//! The queue against plain models.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const MODEL: &str = "gemini-3.8-flash";
const LATE: Moment = Moment(1_000_000_000);

fn wait(user: u64, deadline: Moment) -> Wait<'static> {
    let cost = Cost { requests: 1, tokens: 100 };
    Wait { user: UserIx(user), model: MODEL, cost, deadline, outlook: Outlook::UNKNOWN }
}

fn queue() -> Queue {
    Queue::new(QueueSettings::default())
}

fn join(queue: &mut Queue, user: u64) -> Ticket {
    queue.join(&wait(user, LATE), Moment(0)).expect("there is a place")
}

fn serve(queue: &mut Queue) -> Option<Ticket> {
    let ticket = queue.next(MODEL, Moment(0))?;
    assert!(queue.serve(ticket, Moment(0)));
    Some(ticket)
}

#[test]
fn users_take_turns_and_inside_a_user_the_first_goes_first() {
    let mut queue = queue();
    let tickets: Vec<_> = [7, 7, 7, 8, 9, 8].into_iter().map(|user| join(&mut queue, user)).collect();
    let order: Vec<_> = std::iter::from_fn(|| serve(&mut queue)).collect();
    assert_eq!(order, [0, 3, 4, 1, 5, 2].map(|index| tickets[index]));
    assert_eq!(queue.waiting_in_all(), Waiting::default());
}

#[test]
fn who_was_away_comes_back_with_what_it_saved_up_and_no_more() {
    for (savings, first) in [(0, 3), (2, 4), (64, 5)] {
        let mut queue = Queue::new(QueueSettings { savings, ..QueueSettings::default() });
        for _ in 0..50 {
            join(&mut queue, 1);
        }
        for _ in 0..30 {
            serve(&mut queue);
        }
        let late: Vec<_> = (0..5).map(|_| join(&mut queue, 2)).collect();
        let next: Vec<_> = (0..6).filter_map(|_| serve(&mut queue)).collect();
        let of_late = next.iter().filter(|ticket| late.contains(ticket)).count();
        assert_eq!(of_late, first, "{savings}");
    }
}

#[test]
fn whose_patience_is_nearly_over_goes_first_unless_room_is_scarce() {
    for scarce in [false, true] {
        let mut queue = queue();
        let by = |queue: &mut Queue, user, seconds: i64| {
            queue.join(&wait(user, Moment(seconds * 1_000)), Moment(0)).unwrap()
        };
        let heavy: Vec<_> = (0..3).map(|_| by(&mut queue, 1, 5)).collect();
        let light = by(&mut queue, 2, 60);
        let went = if scarce { 7 } else { 9 };
        (0..went).for_each(|_| queue.went(UserIx(1), MODEL, Cost { requests: 1, tokens: 0 }, Moment(0)));
        (0..2).for_each(|_| queue.refused(MODEL, Moment(0)));
        let order: Vec<_> = std::iter::from_fn(|| serve(&mut queue)).collect();
        let expected = if scarce {
            [light, heavy[0], heavy[1], heavy[2]]
        } else {
            [heavy[0], heavy[1], heavy[2], light]
        };
        assert_eq!(order, expected);
    }
}

#[test]
fn who_was_served_is_remembered_when_nobody_waits_but_not_for_ever() {
    let cost = Cost { requests: 1, tokens: 0 };
    for (pause, first) in [(0, 2), (60_000, 2), (24 * 3_600_000, 1)] {
        let mut queue = queue();
        join(&mut queue, 3);
        serve(&mut queue);
        (0..20).for_each(|_| queue.went(UserIx(1), MODEL, cost, Moment(0)));
        let now = Moment(pause);
        for user in [1, 2] {
            queue.join(&wait(user, LATE), now).unwrap();
        }
        let ticket = queue.next(MODEL, now).unwrap();
        assert_eq!(queue.entries[&ticket].user, UserIx(first), "after {pause} ms");
    }
}

#[test]
fn memory_of_those_who_left_is_bounded() {
    let mut queue = Queue::new(QueueSettings { total: 10, ..QueueSettings::default() });
    let cost = Cost { requests: 1, tokens: 0 };
    queue.went(UserIx(0), MODEL, cost, Moment(0));
    assert_eq!(queue.lanes.len(), 0, "as long as nobody waits for a model nobody need be remembered");
    join(&mut queue, 1);
    (0..1_000).for_each(|user| queue.went(UserIx(user), MODEL, cost, Moment(0)));
    assert!(queue.lanes[0].remembered() <= 11, "{}", queue.lanes[0].remembered());
}

#[test]
fn lanes_do_not_hold_each_other_up() {
    let mut queue = queue();
    join(&mut queue, 1);
    assert!(queue.is_waiting(MODEL) && !queue.is_waiting("gemma-4"));
    assert_eq!(queue.next("gemma-4", Moment(0)), None);
    let other = queue.join(&Wait { model: "gemma-4", ..wait(1, LATE) }, Moment(0)).unwrap();
    assert_eq!(queue.next("gemma-4", Moment(0)), Some(other));
    assert_eq!(queue.waiting(MODEL), Waiting { calls: 1, users: 1 });
    assert_eq!(queue.waiting_in_all(), Waiting { calls: 2, users: 1 });
}

#[test]
fn a_full_queue_refuses_and_says_when_to_come_again() {
    let mut queue = Queue::new(QueueSettings { total: 3, per_user: 2, ..QueueSettings::default() });
    let outlook = Outlook { opens: Moment(1_000), slots: Some(10), by: Moment(10_000) };
    let wait = |user| Wait { outlook, ..wait(user, Moment(10_000)) };
    queue.join(&wait(1), Moment(0)).unwrap();
    queue.join(&wait(1), Moment(0)).unwrap();
    let full = queue.join(&wait(1), Moment(0)).unwrap_err();
    assert_eq!(full, Full { why: Overflow::User, retry_at: Moment(3_000) });
    queue.join(&wait(2), Moment(0)).unwrap();
    let full = queue.join(&wait(3), Moment(0)).unwrap_err();
    assert_eq!(full, Full { why: Overflow::Total, retry_at: Moment(4_000) });
    assert_eq!(queue.waiting_in_all().calls, 3);
}

#[test]
fn who_would_wait_in_vain_is_refused_at_once() {
    let outlook = |opens, slots| Outlook { opens: Moment(opens), slots: Some(slots), by: Moment(10_000) };
    let mut queue = queue();
    let too_late = Wait { outlook: outlook(30_000, 0), ..wait(1, Moment(10_000)) };
    let full = queue.join(&too_late, Moment(0)).unwrap_err();
    assert_eq!(full, Full { why: Overflow::Patience, retry_at: Moment(30_000) });
    let some = |user| Wait { outlook: outlook(1_000, 4), ..wait(user, Moment(10_000)) };
    let joined = (0..20).filter(|_| queue.join(&some(1), Moment(0)).is_ok()).count();
    assert_eq!(joined, 9); // twice four openings, and it is not behind itself
    // Another user's first call comes before the second of the one who fills the queue.
    assert!(queue.join(&some(2), Moment(0)).is_ok());
    assert!(queue.join(&some(3), Moment(10_000)).is_err());
}

#[test]
fn patience_ends_once() {
    let mut queue = queue();
    let first = queue.join(&wait(1, Moment(500)), Moment(0)).unwrap();
    let second = queue.join(&wait(1, Moment(900)), Moment(0)).unwrap();
    assert_eq!(queue.next_expiry(), Some(Moment(500)));
    assert!(!queue.serve(first, Moment(500)));
    assert_eq!(queue.expire(Moment(500)), [first]);
    assert_eq!(queue.expire(Moment(500)), []);
    assert_eq!(queue.next(MODEL, Moment(500)), Some(second));
    assert!(queue.leave(second) && !queue.leave(second));
    assert_eq!(queue.next_expiry(), None);
}

#[test]
fn a_turn_that_came_to_nothing_is_given_back() {
    let mut queue = queue();
    let first = join(&mut queue, 1);
    join(&mut queue, 1);
    let other = join(&mut queue, 2);
    assert_eq!(serve(&mut queue), Some(first));
    queue.rejoin(first, &wait(1, LATE), Moment(0)).unwrap();
    queue.rejoin(first, &wait(1, LATE), Moment(0)).unwrap(); // twice is once
    assert_eq!((queue.waiting(MODEL).calls, serve(&mut queue)), (3, Some(first)));
    assert_eq!(serve(&mut queue), Some(other));
}

#[test]
fn a_large_call_is_passed_but_not_for_ever() {
    let mut queue = Queue::new(QueueSettings { overtakes: 3, ..QueueSettings::default() });
    let large = join(&mut queue, 1);
    for _ in 0..10 {
        join(&mut queue, 2);
    }
    let mut passed = 0;
    let small = |queue: &Queue| queue.turns(MODEL, Moment(0)).find(|ticket| *ticket != large);
    while let Some(small) = small(&queue) {
        assert!(queue.serve(small, Moment(0)));
        passed += 1;
    }
    assert_eq!(passed, 3);
    assert!(queue.serve(large, Moment(0)));
    assert!(queue.next(MODEL, Moment(0)).is_some());
}

/// Calls that wait for something others do not need hold nobody up, however many they are and however long.
#[test]
fn who_yields_holds_nobody_up() {
    let mut queue = Queue::new(QueueSettings { overtakes: 3, ..QueueSettings::default() });
    let narrow: Vec<_> = (100..140).map(|user| join(&mut queue, user)).collect();
    for ticket in &narrow {
        queue.let_pass(*ticket);
    }
    for _ in 0..20 {
        join(&mut queue, 1);
    }
    for _ in 0..20 {
        let other = queue.turns(MODEL, Moment(0)).find(|ticket| !narrow.contains(ticket)).unwrap();
        assert!(queue.serve(other, Moment(0)));
    }
    assert_eq!(serve(&mut queue), Some(narrow[0]), "and keep their turn");
}

#[test]
fn tokens_may_be_charged_too() {
    let settings = QueueSettings { tokens_per_request: Some(1_000), ..QueueSettings::default() };
    let mut queue = Queue::new(settings);
    let cost = |tokens| Cost { requests: 1, tokens };
    for _ in 0..40 {
        queue.join(&Wait { cost: cost(3_000), ..wait(1, LATE) }, Moment(0)).unwrap();
        queue.join(&Wait { cost: cost(1_000), ..wait(2, LATE) }, Moment(0)).unwrap();
    }
    let served: Vec<_> = (0..30).filter_map(|_| serve(&mut queue)).collect();
    assert_eq!(served.iter().filter(|ticket| ticket.0 % 2 == 0).count(), 10);
}

/// Whoever is served in rounds of plenty and want: the one who asks five times as much.
fn rounds(demand: &[u32], rounds: u32, slots: u32) -> Vec<u32> {
    let mut queue = Queue::new(QueueSettings::default());
    let mut got = vec![0; demand.len()];
    for round in 0..rounds {
        let now = Moment(i64::from(round) * 60_000);
        // Everybody gives up before the next round begins: between rounds the queue is empty.
        queue.expire(now);
        for (user, calls) in demand.iter().enumerate() {
            for _ in 0..*calls {
                let _ = queue.join(&wait(user as u64, now.plus_ms(10_000)), now);
            }
        }
        for _ in 0..slots {
            let Some(ticket) = queue.next(MODEL, now) else { break };
            got[usize::try_from(queue.entries[&ticket].user.0).unwrap()] += 1;
            assert!(queue.serve(ticket, now));
        }
    }
    got
}

proptest! {
    /// Always hungry users get turns by weight, to within one round, over any window.
    #[test]
    fn turns_are_proportional_to_weights(weights in prop::collection::vec(1..6_u32, 2..8), turns in 10..300_usize, from in 0..100_usize) {
        let mut queue = Queue::new(QueueSettings { total: 100_000, per_user: 100_000, ..QueueSettings::default() });
        let mut owner = HashMap::new();
        let mut log = Vec::new();
        for (user, weight) in weights.iter().enumerate() {
            queue.set_weight(UserIx(user as u64), *weight);
            for _ in 0..3 {
                owner.insert(join(&mut queue, user as u64), user);
            }
        }
        for _ in 0..from + turns {
            let user = owner[&serve(&mut queue).expect("somebody waits")];
            log.push(user);
            owner.insert(join(&mut queue, user as u64), user);
        }
        let window = &log[from..];
        let got = |user: usize| window.iter().filter(|other| **other == user).map(|_| 1_i64).sum::<i64>();
        for one in 0..weights.len() {
            for other in 0..weights.len() {
                let (w1, w2) = (i64::from(weights[one]), i64::from(weights[other]));
                let apart = (got(one) * w2 - got(other) * w1).abs();
                prop_assert!(apart <= w1 + w2, "{window:?} {weights:?}");
            }
        }
    }

    /// Over rounds between which nobody waits, shares are max-min fair: who asks for no more than an equal share gets all of
    /// it, and the others share what is left, to within what one round can shift.
    #[test]
    fn shares_are_max_min_fair_across_empty_moments(demand in prop::collection::vec(1..30_u32, 2..8), scarcity in 2..5_u32) {
        let slots = (demand.iter().sum::<u32>() / scarcity).max(1);
        let got = rounds(&demand, 40, slots);
        let mut order: Vec<usize> = (0..demand.len()).collect();
        order.sort_by_key(|user| demand[*user]);
        let mut left = f64::from(slots);
        for (place, user) in order.into_iter().enumerate() {
            let due = f64::from(demand[user]).min(left / f64::from(u32::try_from(demand.len() - place).unwrap()));
            left -= due;
            let got = f64::from(got[user]) / 40.0;
            prop_assert!((got - due).abs() <= 1.0, "{user}: {got} of {due}, {demand:?}");
        }
    }

    /// Nobody banks credit without bound: however long somebody was away, those who wait are passed by no more turns
    /// than may be saved up, and one.
    #[test]
    fn who_comes_back_passes_others_a_bounded_number_of_times(served in 1..400_u32, savings in 0..40_u32) {
        let settings = QueueSettings { savings, per_user: 500, ..QueueSettings::default() };
        let mut queue = Queue::new(settings);
        for _ in 0..served {
            join(&mut queue, 1);
            serve(&mut queue);
        }
        let waiting = join(&mut queue, 1);
        (0..100).for_each(|_| { join(&mut queue, 2); });
        let passed = (0..=100).take_while(|_| serve(&mut queue) != Some(waiting)).count();
        prop_assert!(passed <= usize::try_from(savings.min(served)).unwrap() + 1, "{passed}");
    }

    /// Nobody starves: with `n` users waiting, a call that is first of its user goes within a round of turns.
    #[test]
    fn nobody_starves(greedy in 1..10_u64, backlog in 1..20_usize) {
        let mut queue = queue();
        for user in 0..greedy {
            for _ in 0..backlog.min(12) {
                join(&mut queue, user);
            }
        }
        for _ in 0..backlog {
            serve(&mut queue);
        }
        let mine = join(&mut queue, 99);
        let turn = (0..1_000).find(|_| serve(&mut queue) == Some(mine)).expect("it has a turn");
        prop_assert!(turn <= 2 * greedy);
    }

    /// Against a plain list: nothing lost, granted twice, granted late or above the bounds; first in, first out per user.
    #[test]
    fn agrees_with_a_plain_list(steps in prop::collection::vec((0..6_u8, 0..5_u64, 1..60_i64), 1..250)) {
        let settings = QueueSettings { total: 20, per_user: 6, ..QueueSettings::default() };
        let mut queue = Queue::new(settings);
        let mut plain: Vec<(Ticket, u64, Moment)> = Vec::new();
        let mut served: Vec<(Ticket, u64)> = Vec::new();
        let mut now = Moment(0);
        for (action, user, number) in steps {
            match action {
                0..=2 => {
                    let deadline = now.plus_ms(number);
                    let of_user = plain.iter().filter(|(_, other, _)| *other == user).count();
                    match queue.join(&wait(user, deadline), now) {
                        Ok(ticket) => plain.push((ticket, user, deadline)),
                        Err(full) => {
                            let expected = if plain.len() >= 20 { Overflow::Total } else { Overflow::User };
                            prop_assert_eq!(full.why, expected);
                            prop_assert!(plain.len() >= 20 || of_user >= 6);
                        }
                    }
                }
                3 => {
                    now = now.plus_ms(number / 4);
                    let mut expired = queue.expire(now);
                    expired.sort_unstable();
                    let expected: Vec<_> = plain.iter().filter(|entry| entry.2 <= now).map(|entry| entry.0).collect();
                    prop_assert_eq!(expired, expected);
                    plain.retain(|entry| entry.2 > now);
                }
                4 => {
                    let patient = |entry: &&(Ticket, u64, Moment)| entry.2 > now;
                    match queue.next(MODEL, now) {
                        Some(ticket) => {
                            let place = plain.iter().position(|entry| entry.0 == ticket).expect("it waits");
                            let (_, user, deadline) = plain[place];
                            prop_assert!(deadline > now);
                            prop_assert!(plain[..place].iter().filter(patient).all(|entry| entry.1 != user));
                            prop_assert!(queue.serve(ticket, now) && !queue.serve(ticket, now));
                            served.push((ticket, user));
                            plain.remove(place);
                        }
                        None => prop_assert!(plain.iter().filter(patient).count() == 0),
                    }
                }
                _ => {
                    if let Some(index) = usize::try_from(number).unwrap().checked_rem(plain.len()) {
                        let (ticket, ..) = plain.remove(index);
                        prop_assert!(queue.leave(ticket) && !queue.leave(ticket));
                    }
                }
            }
            prop_assert_eq!(queue.waiting_in_all().calls, plain.len());
            prop_assert_eq!(queue.waiting(MODEL).calls, plain.len());
            prop_assert!(queue.turns(MODEL, now).count() <= 5);
            now = now.plus_ms(i64::from(action == 3));
            for ticket in queue.expire(now) {
                plain.retain(|entry| entry.0 != ticket);
            }
        }
        let mut once = served.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), served.len());
    }
}
