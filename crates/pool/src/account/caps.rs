//! What may be limited, and how far.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Sum;

/// Something that may be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// Requests in any minute.
    Rpm,
    /// Tokens in any minute.
    Tpm,
    /// Requests of a day.
    Rpd,
    /// Calls under way.
    Concurrency,
    /// Tokens of a day.
    TokensDay,
    /// Tokens of a month.
    TokensMonth,
    /// Tokens for good.
    TokensTotal,
    /// Micro-dollars of a day.
    CostDay,
    /// Micro-dollars of a month.
    CostMonth,
    /// Micro-dollars for good.
    CostTotal,
}

/// A name that no limit has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no limit called `{0}`")]
pub struct UnknownLimit(String);

impl Limit {
    /// Every one, in the order in which people think of them.
    pub const ALL: [Self; 10] = [
        Self::Rpm,
        Self::Tpm,
        Self::Rpd,
        Self::Concurrency,
        Self::TokensDay,
        Self::TokensMonth,
        Self::TokensTotal,
        Self::CostDay,
        Self::CostMonth,
        Self::CostTotal,
    ];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rpm => "rpm",
            Self::Tpm => "tpm",
            Self::Rpd => "rpd",
            Self::Concurrency => "concurrency",
            Self::TokensDay => "tokens_day",
            Self::TokensMonth => "tokens_month",
            Self::TokensTotal => "tokens_total",
            Self::CostDay => "usd_day",
            Self::CostMonth => "usd_month",
            Self::CostTotal => "usd_total",
        }
    }

    /// Whether it is money, counted in micro-dollars.
    pub const fn is_money(self) -> bool {
        matches!(self, Self::CostDay | Self::CostMonth | Self::CostTotal)
    }

    /// Whether it is a budget: used up, it takes more than a little patience.
    pub const fn is_budget(self) -> bool {
        !matches!(self, Self::Rpm | Self::Tpm | Self::Rpd | Self::Concurrency)
    }

    /// What it counts of a sum.
    pub const fn of(self, sum: Sum) -> u64 {
        match self {
            Self::Rpm | Self::Rpd => sum.requests,
            Self::Tpm | Self::TokensDay | Self::TokensMonth | Self::TokensTotal => sum.tokens,
            Self::Concurrency => 1,
            Self::CostDay | Self::CostMonth | Self::CostTotal => sum.cost,
        }
    }

    const fn place(self) -> usize {
        self as usize
    }
}

/// How far a user's limits go; what has no cap is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "BTreeMap<&'static str, u64>", try_from = "BTreeMap<String, u64>")]
pub struct Caps([Option<u64>; Limit::ALL.len()]);

impl Caps {
    /// Nothing is limited.
    pub const NONE: Self = Self([None; Limit::ALL.len()]);

    /// The cap of a limit.
    pub fn get(&self, limit: Limit) -> Option<u64> {
        self.0.get(limit.place()).copied().flatten()
    }

    /// The same with another cap of one limit.
    #[must_use]
    pub fn with(mut self, limit: Limit, cap: Option<u64>) -> Self {
        if let Some(place) = self.0.get_mut(limit.place()) {
            *place = cap;
        }
        self
    }

    /// Those that there are.
    pub fn iter(&self) -> impl Iterator<Item = (Limit, u64)> {
        Limit::ALL.into_iter().filter_map(|limit| Some((limit, self.get(limit)?)))
    }

    /// Whether nothing is limited.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

impl From<Caps> for BTreeMap<&'static str, u64> {
    fn from(caps: Caps) -> Self {
        caps.iter().map(|(limit, cap)| (limit.name(), cap)).collect()
    }
}

impl TryFrom<BTreeMap<String, u64>> for Caps {
    type Error = UnknownLimit;

    fn try_from(named: BTreeMap<String, u64>) -> Result<Self, UnknownLimit> {
        named.into_iter().try_fold(Self::NONE, |caps, (name, cap)| {
            let limit = Limit::ALL.into_iter().find(|limit| limit.name() == name);
            Ok(caps.with(limit.ok_or(UnknownLimit(name))?, Some(cap)))
        })
    }
}
