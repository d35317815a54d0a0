//! What could have been, knowing everything: the most that any scheduler can deliver, and the refusals that were
//! avoidable.
//!
//! Both judge by sliding minutes: only who keeps to those is safe whatever Google's minute is.

use std::collections::VecDeque;

use whatif::engine::{Call, Trace};

use crate::score::even;
use crate::world::{MIDNIGHT, MINUTE, Model, World};

/// An upper bound of answers: all living projects as one bucket, tokens free, nobody slow, no limit to be learned.
/// Patience is the same for all, so that first come, first served loses the fewest.
pub(crate) fn possible(world: &World, calls: &[Call], model: usize) -> u64 {
    let limits = &world.models[model];
    let living = (0..world.supply.projects).filter(|project| world.supply.is_alive(*project)).count();
    let slots = living * usize::try_from(limits.rpm).unwrap_or(usize::MAX);
    let mut left: Vec<u64> = vec![0, living as u64 * limits.rpd];
    for part in world.parts().iter().filter(|part| part.first) {
        left[0] = world.day_left(limits, *part).iter().sum();
    }
    let mut served: Vec<i64> = Vec::new();
    for call in calls.iter().filter(|call| call.model == model) {
        let opens = served.len().checked_sub(slots).map_or(i64::MIN, |first| served[first] + MINUTE);
        let mut at = call.at.max(opens).max(served.last().copied().unwrap_or(i64::MIN));
        if at < MIDNIGHT && left[0] == 0 {
            at = MIDNIGHT;
        }
        let day = usize::from(at >= MIDNIGHT);
        if at < call.deadline && left[day] > 0 {
            left[day] -= 1;
            served.push(at);
        }
    }
    served.len() as u64
}

/// Refused calls that could have been served within their patience on top of all that was delivered: in some living
/// bucket there was a moment at which one more call would have kept every minute and the day within the limits.
pub(crate) fn avoidable(world: &World, calls: &[Call], trace: &Trace) -> u64 {
    let mut passed = trace.passed.clone();
    let mut avoidable = 0;
    for (index, call) in calls.iter().enumerate() {
        if trace.refused[index].is_none() {
            continue;
        }
        let living = (0..world.supply.projects).filter(|project| world.supply.is_alive(*project));
        let place = living.into_iter().find_map(|project| {
            let bucket = project * world.models.len() + call.model;
            let limits = &world.models[call.model];
            let at =
                Bucket { log: &passed[bucket], limits, used: world.supply.used_before(project, limits.rpd) }
                    .fits(call)?;
            Some((bucket, at))
        });
        if let Some((bucket, at)) = place {
            avoidable += 1;
            let log = &mut passed[bucket];
            log.insert(log.partition_point(|(other, _)| *other <= at), (at, call.tokens));
        }
    }
    avoidable
}

/// The fairness that order alone could have reached: at each moment at which a call went, the waiting call of that model goes
/// whose user has had the least of its share so far.
pub(crate) fn fairest(world: &World, calls: &[Call], trace: &Trace, due: &[f64]) -> f64 {
    let went = trace.answered.iter().flatten().map(|attempt| &trace.attempts[*attempt]);
    let mut moments: Vec<(i64, usize)> =
        went.map(|attempt| (attempt.sent, calls[attempt.call].model)).collect();
    moments.sort_unstable();
    let users = due.len();
    let mut waiting: Vec<VecDeque<i64>> = vec![VecDeque::new(); users * world.models.len()];
    let mut arrivals = calls.iter().peekable();
    let mut got = vec![0.0; users];
    for (now, model) in moments {
        while let Some(call) = arrivals.next_if(|call| call.at <= now) {
            waiting[call.model * users + call.user].push_back(call.deadline);
        }
        let lines = &mut waiting[model * users..][..users];
        for line in lines.iter_mut() {
            while line.pop_front_if(|deadline| *deadline <= now).is_some() {}
        }
        let ratio = |user: &usize| if due[*user] > 0.0 { got[*user] / due[*user] } else { f64::INFINITY };
        let present = (0..users).filter(|user| !lines[*user].is_empty());
        if let Some(user) = present.min_by(|one, other| ratio(one).total_cmp(&ratio(other))) {
            lines[user].pop_front();
            got[user] += 1.0;
        }
    }
    even(&got, due)
}

struct Bucket<'a> {
    log: &'a [(i64, u64)],
    limits: &'a Model,
    used: u64,
}

impl Bucket<'_> {
    /// The first moment within the call's patience at which it could be added.
    fn fits(&self, call: &Call) -> Option<i64> {
        let mut at = call.at;
        while at < call.deadline {
            match self.blocked(at, call.tokens) {
                None => return Some(at),
                Some(until) => at = until,
            }
        }
        None
    }

    /// If one more call at this moment would break a limit: the first moment at which that limit may allow it.
    fn blocked(&self, at: i64, tokens: u64) -> Option<i64> {
        let midnight = self.from(MIDNIGHT);
        let today =
            if at < MIDNIGHT { midnight as u64 + self.used } else { (self.log.len() - midnight) as u64 };
        if today >= self.limits.rpd {
            return Some(if at < MIDNIGHT { MIDNIGHT } else { i64::MAX });
        }
        // Every minute that holds the call ends with it or with a later one less than a minute after it.
        let (here, end) = (self.from(at + 1), self.from(at + MINUTE));
        let rpm = usize::try_from(self.limits.rpm).unwrap_or(usize::MAX);
        for last in (here..end).rev() {
            let ends = self.log[last].0;
            let first = (last + 1).checked_sub(rpm).map(|first| self.log[first].0);
            if first.is_some_and(|first| first > ends - MINUTE) {
                return Some(ends + 1);
            }
        }
        let first = here.checked_sub(rpm).map(|first| self.log[first].0);
        if let Some(first) = first.filter(|first| *first > at - MINUTE) {
            return Some(first + MINUTE);
        }
        let next = self.log.get(self.from(at - MINUTE + 1)).map_or(i64::MAX, |(first, _)| first + MINUTE);
        (!self.has_tokens(at, tokens)).then_some(next.max(at + 1))
    }

    fn has_tokens(&self, at: i64, tokens: u64) -> bool {
        let (here, end) = (self.from(at + 1), self.from(at + MINUTE));
        (here..=end).all(|next| {
            // The minute that ends with the call before `next`, or with this one.
            let ends = if next == here { at } else { self.log[next - 1].0 };
            let minute = &self.log[self.from(ends - MINUTE + 1)..next];
            minute.iter().map(|(_, tokens)| tokens).sum::<u64>() + tokens <= self.limits.tpm
        })
    }

    fn from(&self, at: i64) -> usize {
        self.log.partition_point(|(other, _)| *other < at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::MODELS;

    fn call(at: i64) -> Call {
        Call {
            at,
            deadline: at + 10_000,
            user: 0,
            model: 0,
            tokens: 1,
            guess: 1,
            there_ms: 0,
            refusal_ms: 0,
            answer_ms: 0,
        }
    }

    #[test]
    fn a_hole_is_found_only_if_nobody_is_pushed_out() {
        let limits = &MODELS[0]; // five a minute
        let log: Vec<_> = (0..5).map(|n| (MIDNIGHT + n * 10_000, 1)).collect();
        let bucket = Bucket { log: &log, limits, used: 0 };
        assert_eq!(bucket.fits(&call(MIDNIGHT + 45_000)), None);
        assert_eq!(bucket.fits(&call(MIDNIGHT + 52_000)), Some(MIDNIGHT + 60_000));
        let mut full = log.clone();
        full.push((MIDNIGHT + 60_100, 1));
        let bucket = Bucket { log: &full, limits, used: 0 };
        assert_eq!(bucket.fits(&call(MIDNIGHT + 52_000)), None);
    }

    #[test]
    fn the_bound_is_what_minutes_days_and_patience_allow() {
        let world = World::standard((1, 1));
        let living = (0..20).filter(|project| world.supply.is_alive(*project)).count();
        let crowd: Vec<_> = (0..1_000).map(|_| call(MIDNIGHT)).collect();
        assert_eq!(possible(&world, &crowd, 0), living as u64 * 5);
        let late: Vec<_> = (0..1_000).map(|n| call(MIDNIGHT + 5_000 * n)).collect();
        assert_eq!(possible(&world, &late, 0), living as u64 * 20);
    }
}
