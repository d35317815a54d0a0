//! What users spent before the start, from what is written down.

use std::collections::HashMap;

use pool::account::{Base, Sum};

use super::Limits;
use crate::clock::Moment;
use crate::store::record::UserId;
use crate::store::usage::{By, Group, Sums, UsageFilter};
use crate::store::{PAGE, Result, Usage};

/// How calls end that count as requests of their user: those that got an answer, be it a part of one.
const ANSWERED: [&str; 3] = ["answered", "cut", "client_gone"];

type Bases = HashMap<UserId, Base>;

impl Limits {
    /// Takes over what every user has spent so far. To be called before the first call, and after all that an earlier run
    /// left behind is in the store.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn load(&self, usage: &dyn Usage) -> Result<()> {
        let when = self.zone.when(self.clock.now());
        let mut bases = Bases::new();
        spent(usage, Some(when.spans.day.start), |user, sum| of(&mut bases, user).day = sum).await?;
        spent(usage, Some(when.spans.month.start), |user, sum| of(&mut bases, user).month = sum).await?;
        spent(usage, None, |user, sum| of(&mut bases, user).total = sum).await?;
        for outcome in ANSWERED {
            requests(usage, when.spans.day.start, outcome, &mut bases).await?;
        }
        for (user, base) in &bases {
            self.shared.open_account(user.as_str(), base, &when).await;
        }
        Ok(())
    }
}

fn of(bases: &mut Bases, user: UserId) -> &mut Base {
    bases.entry(user).or_default()
}

/// Tokens and money of every user since a moment.
async fn spent(
    usage: &dyn Usage,
    since: Option<Moment>,
    mut note: impl FnMut(UserId, Sum) + Send,
) -> Result<()> {
    let mut after = None;
    loop {
        let page = usage.usage_by_user(since, after.as_ref(), PAGE).await?;
        let last = page.len() < PAGE;
        after = page.last().map(|(user, _)| user.clone());
        for (user, Sums { input_tokens, output_tokens, cost_microdollars, .. }) in page {
            let tokens = count(input_tokens).saturating_add(count(output_tokens));
            note(user, Sum { requests: 0, tokens, cost: count(cost_microdollars) });
        }
        if last {
            return Ok(());
        }
    }
}

/// Requests of the day. What is refused counts for nothing, so calls are asked for by how they ended; where a day begins
/// within an hour, that hour counts as a whole.
async fn requests(usage: &dyn Usage, day: Moment, outcome: &str, bases: &mut Bases) -> Result<()> {
    let filter = UsageFilter { from: Some(day), outcome: Some(outcome.to_owned()), ..UsageFilter::default() };
    let mut after: Option<Group> = None;
    loop {
        let page = usage.usage_sums(&filter, By::User, after.as_ref(), PAGE).await?;
        let last = page.len() < PAGE;
        after = page.last().map(|(group, _)| group.clone());
        for (group, sums) in page {
            if let Group::Name(user) = group {
                of(bases, user.into()).day.requests += count(sums.calls);
            }
        }
        if last {
            return Ok(());
        }
    }
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
