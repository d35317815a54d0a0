//! What each user may still spend: a call is admitted with a reservation for the most it may take, and settled to what it
//! took.
//!
//! The account itself is pure (`pool::account`) and lives behind the `Shared` port, so that replicas can share it: one
//! decision is one call there. This room knows when days and months begin, what was spent before the start, and that
//! whoever is admitted ends.
//!
//! Invariant: an admission is settled once; dropped, all that was reserved stays spent.

mod admission;
mod load;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use dialect::gemini::usage::Tokens;
use dialect::model::{Metered, Price};
use pool::account::{Caps, Limit, Refused, Standing, Sum, Zone};

use crate::clock::{Clock, Moment};
use crate::shared::{Shared, Take, Verdict};
use crate::store::record::UserId;

pub use admission::Admission;

/// What users may still spend.
#[derive(Debug)]
pub struct Limits {
    shared: Arc<dyn Shared>,
    clock: Arc<dyn Clock>,
    zone: Zone,
}

/// A call was not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Which limit keeps it, and until when.
    pub refused: Refused,
    /// How the user stands with each of its limits.
    pub standing: Vec<Standing>,
}

/// How much of something a user has used, whether it is limited or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// What.
    pub limit: Limit,
    /// How much.
    pub used: u64,
    /// How much it may be; none for as much as one likes.
    pub cap: Option<u64>,
    /// When it begins anew; none if it does not by itself.
    pub resets: Option<Moment>,
}

/// What the tokens of a model cost.
#[derive(Clone, Debug, Default)]
pub struct Tariff(Option<Price>);

impl Tariff {
    /// This price list. Without one, tokens cost nothing.
    pub fn new(price: Option<Price>) -> Self {
        Self(price)
    }

    /// What a call takes that uses so many tokens.
    pub fn sum(&self, tokens: &Tokens) -> Sum {
        let cost = self.0.as_ref().map_or(0, |price| price.cost_microdollars(tokens, &Metered::default()));
        Sum { requests: 1, tokens: tokens.input.saturating_add(tokens.output), cost }
    }
}

impl Limits {
    /// Limits whose days and months begin in this zone.
    pub fn new(shared: Arc<dyn Shared>, clock: Arc<dyn Clock>, zone: Zone) -> Self {
        Self { shared, clock, zone }
    }

    /// Admits a call that may take these tokens at most, at this tariff.
    ///
    /// # Errors
    /// When one of the user's limits has no room.
    pub async fn admit(
        &self,
        user: &UserId,
        caps: &Caps,
        most: &Tokens,
        tariff: Tariff,
    ) -> Result<Admission, Denial> {
        let when = self.zone.when(self.clock.now());
        let take = Take { user: user.as_str(), caps, need: tariff.sum(most), when };
        let Verdict { outcome, standing } = self.shared.take(&take).await;
        match outcome {
            Ok(held) => Ok(Admission::new(Arc::clone(&self.shared), user.clone(), (held, standing), tariff)),
            Err(refused) => Err(Denial { refused, standing }),
        }
    }

    /// How a user stands with each of its limits.
    pub async fn standing(&self, user: &UserId, caps: &Caps) -> Vec<Standing> {
        self.shared.standing(user.as_str(), caps, &self.zone.when(self.clock.now())).await
    }

    /// What a user has used of everything that can be limited.
    pub async fn used(&self, user: &UserId, caps: &Caps) -> Vec<Used> {
        let all = Limit::ALL.into_iter().fold(Caps::NONE, |all, limit| all.with(limit, Some(u64::MAX)));
        let standing = self.standing(user, &all).await;
        let shown = |standing: Standing| {
            let Standing { limit, cap: _, used, resets } = standing;
            Used { limit, used, cap: caps.get(limit), resets }
        };
        standing.into_iter().map(shown).collect()
    }
}
