//! How a user stands with each limit.

use super::{Account, Caps, Limit, MINUTE_MS, When};
use crate::Moment;
use crate::window::Axis;

/// How a user stands with one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub limit: Limit,
    /// How far it goes.
    pub cap: u64,
    /// What is used of it, reservations included.
    pub used: u64,
    /// When all of it is there again if nothing more is taken; none if that does not happen by itself.
    pub resets: Option<Moment>,
}

impl Standing {
    /// What is left.
    pub const fn remaining(&self) -> u64 {
        self.cap.saturating_sub(self.used)
    }
}

impl Account {
    /// How the user stands with each limit that there is.
    pub fn standing(&self, caps: &Caps, when: &When) -> Vec<Standing> {
        let stand = |(limit, cap)| {
            let used = self.used(limit, when);
            Standing { limit, cap, used, resets: self.resets(limit, when) }
        };
        caps.iter().map(stand).collect()
    }

    fn resets(&self, limit: Limit, when: &When) -> Option<Moment> {
        // All of the minute is there again when nothing at all is left in it.
        let minute = |axis| {
            let used = self.minute.used(axis, when.now, MINUTE_MS);
            self.minute.opens(axis, used.max(1), used.max(1), (when.now, MINUTE_MS)).max(when.now)
        };
        match limit {
            Limit::Rpm => Some(minute(Axis::Requests)),
            Limit::Tpm => Some(minute(Axis::Tokens)),
            Limit::Rpd | Limit::TokensDay | Limit::CostDay => Some(when.spans.day.end),
            Limit::TokensMonth | Limit::CostMonth => Some(when.spans.month.end),
            Limit::Concurrency | Limit::TokensTotal | Limit::CostTotal => None,
        }
    }
}
