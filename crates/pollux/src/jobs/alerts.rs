//! Tells the operator what wants attention: once when it begins, once when it is over.
//!
//! What is looked at are plain facts, what is said of them are plain functions of these (`rules`), and how each channel wants
//! to hear it is plain too (`channel`). Only `outlet` talks to anybody.

mod channel;
mod mail;
mod outlet;
mod rules;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use pool::calendar::PacificDay;
use pool::forecast::Forecast;
use serde::Serialize;

use super::{Failed, Work};
use crate::clock::{self, Moment};
use crate::keyring::Keyring;
use crate::settings::Live;
use crate::store::Store;
use crate::store::usage::{By, Group, UsageFilter};

use channel::Message;
use outlet::Outlet;
use rules::{Facts, Finding, Thresholds};

pub use channel::Channel;
pub use mail::Post;

/// Alerts that are remembered after they are over.
const REMEMBERED: usize = 100;
/// Ways a call ends that are nobody's trouble but the client's, or none.
const CALM: [&str; 5] = ["answered", "client_gone", "limited", "request", "too_large"];

/// What is alerted about, and who is told.
pub struct Alerts {
    rooms: Rooms,
    outlet: Outlet,
    state: Mutex<State>,
}

/// Where facts come from.
#[derive(Clone, Debug)]
pub struct Rooms {
    /// The pool.
    pub keyring: Arc<Keyring>,
    /// What calls used.
    pub store: Arc<dyn Store>,
    /// From when on something is worth an alert.
    pub settings: Live,
}

#[derive(Debug, Default)]
struct State {
    open: BTreeMap<(&'static str, String), Alert>,
    over: VecDeque<Alert>,
}

/// Something that wants, or wanted, attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Alert {
    /// Which rule: `pool_share`, `dead_keys`, `error_share`, `runs_dry`, `spend`.
    pub rule: &'static str,
    /// What it is about, a model for example; empty if there is but one.
    pub subject: String,
    /// The same in words.
    pub message: String,
    /// When it began.
    pub raised_at: String,
    /// When it was over; none if it is not.
    pub resolved_at: Option<String>,
}

/// How telling went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Told {
    /// Which channel.
    pub channel: &'static str,
    /// Why it did not work, if it did not.
    pub error: Option<String>,
}

impl Alerts {
    /// Alerts over these channels.
    pub fn new(rooms: Rooms, channels: Vec<Channel>) -> Self {
        Self { rooms, outlet: Outlet::new(channels), state: Mutex::default() }
    }

    /// The names of the channels.
    pub fn channels(&self) -> Vec<&'static str> {
        self.outlet.names()
    }

    /// What wants attention now, and what did lately, the latest first.
    pub fn list(&self) -> (Vec<Alert>, Vec<Alert>) {
        let state = self.state();
        (state.open.values().cloned().collect(), state.over.iter().cloned().collect())
    }

    /// Says over every channel that this is a test.
    pub async fn test(&self, now: Moment) -> Vec<Told> {
        let text = "This is a test: alerts of this gateway arrive here.".to_owned();
        self.outlet
            .tell(&Message { event: "test", rule: "test", subject: String::new(), text, at: now })
            .await
    }

    async fn facts(&self, now: Moment, thresholds: &Thresholds) -> Result<Facts, Failed> {
        let keys = self.rooms.keyring.census().await.keys;
        let (calls, failed) = self.calls_of_the_hour(now).await?;
        let today = UsageFilter { from: Some(start_of_day(now)), ..UsageFilter::default() };
        let spent = self.rooms.store.usage_sum(&today).await?.cost_microdollars;
        let dry = if thresholds.dry_within.is_some() { self.running_dry() } else { Vec::new() };
        Ok(Facts { keys, calls, failed, spent_microdollars: u64::try_from(spent).unwrap_or_default(), dry })
    }

    /// Calls that ended in this hour and the one before, and how many of them failed.
    async fn calls_of_the_hour(&self, now: Moment) -> Result<(u64, u64), Failed> {
        let filter = UsageFilter { from: Some(now.plus_ms(-3_600_000)), ..UsageFilter::default() };
        let sums = self.rooms.store.usage_sums(&filter, By::Outcome, None, crate::store::PAGE).await?;
        let (mut calls, mut failed) = (0, 0);
        for (group, sums) in sums {
            let count = u64::try_from(sums.calls).unwrap_or_default();
            calls += count;
            if !matches!(&group, Group::Name(name) if CALM.contains(&name.as_str())) {
                failed += count;
            }
        }
        Ok((calls, failed))
    }

    /// Models whose day runs dry before it ends, and when.
    fn running_dry(&self) -> Vec<(String, Moment)> {
        let snapshot = self.rooms.keyring.snapshot();
        let day = PacificDay::of(snapshot.at);
        let models = snapshot.models.iter().filter(|model| model.burn.used > 0 && model.burn.left > 0);
        let dry = models.filter_map(|model| {
            let rate = model.burn.rate(snapshot.at, day.start);
            match model.burn.forecast(rate, snapshot.at, day.end) {
                Forecast::Dry { at, .. } => Some((model.name.clone(), at)),
                Forecast::Lasts { .. } | Forecast::Open => None,
            }
        });
        dry.collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What there is to say since the last look.
fn news(state: &Mutex<State>, findings: Vec<Finding>, now: Moment) -> Vec<Message> {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let mut before = std::mem::take(&mut state.open);
    let mut news = Vec::new();
    for Finding { rule, subject, message } in findings {
        let alert = before.remove(&(rule, subject.clone())).unwrap_or_else(|| {
            let (text, subject) = (message.clone(), subject.clone());
            news.push(Message { event: "raised", rule, subject: subject.clone(), text, at: now });
            let raised_at = clock::iso(now);
            Alert { rule, subject, message: String::new(), raised_at, resolved_at: None }
        });
        state.open.insert((rule, subject), Alert { message, ..alert });
    }
    for ((rule, subject), alert) in before {
        let text = format!("Over: {}", alert.message);
        news.push(Message { event: "resolved", rule, subject, text, at: now });
        state.over.push_front(Alert { resolved_at: Some(clock::iso(now)), ..alert });
    }
    state.over.truncate(REMEMBERED);
    news
}

/// Midnight UTC before this moment.
fn start_of_day(now: Moment) -> Moment {
    Moment(now.0.div_euclid(86_400_000) * 86_400_000)
}

/// The job that looks.
#[derive(Debug)]
pub(crate) struct Watch(pub(crate) Arc<Alerts>);

#[async_trait]
impl Work for Watch {
    async fn run(&self, now: Moment) -> Result<String, Failed> {
        let Self(alerts) = self;
        let thresholds = Thresholds::of(&alerts.rooms.settings.now());
        let facts = alerts.facts(now, &thresholds).await?;
        let news = news(&alerts.state, rules::findings(&facts, &thresholds, now), now);
        let mut failed = Vec::new();
        for message in &news {
            tracing::warn!(
                event = message.event,
                rule = message.rule,
                subject = message.subject,
                "{}",
                message.text
            );
            let told = alerts.outlet.tell(message).await.into_iter();
            failed.extend(told.filter_map(|told| Some(format!("{}: {}", told.channel, told.error?))));
        }
        if let Some(first) = failed.first() {
            return Err(Failed(format!("{} messages were not delivered ({first})", failed.len())));
        }
        Ok(format!("{} alerts open, {} messages sent", alerts.state().open.len(), news.len()))
    }
}

impl fmt::Debug for Alerts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Alerts").field("channels", &self.channels()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
