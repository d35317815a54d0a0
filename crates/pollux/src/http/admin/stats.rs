//! `GET /admin/stats`: what is used, by model (`seed-facts.md` §2.8).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use pool::{BucketView, KeyState, ModelView, Snapshot};
use serde::Serialize;
use utoipa::ToSchema;

use super::config::{InjectConfig, ThinkingConfig};
use crate::http::Gateway;
use crate::http::guard::Viewer;

/// Scripts look these up without asking whether they are there.
const DOCUMENTED: [&str; 2] = ["gemini-2.5-flash", "gemini-2.5-pro"];

/// What is there, and what was used of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stats)]
pub(super) struct Overview {
    gemini_keys: usize,
    active_gemini_keys: usize,
    /// Active keys that could serve a call now.
    healthy_gemini_keys: usize,
    user_keys: usize,
    active_user_keys: usize,
    supported_models: Vec<String>,
    usage_stats: BTreeMap<String, Use>,
    thinking_config: ThinkingConfig,
    inject_config: InjectConfig,
    keep_alive_enabled: bool,
}

/// What was used of a model.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = StatsUse)]
pub(super) struct Use {
    /// In the last minute.
    minute: Count,
    /// Since midnight in Los Angeles, as Google counts days.
    day: Count,
}

/// Requests that reached Google, and their input tokens.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = StatsCount)]
struct Count {
    requests: u64,
    tokens: u64,
}

impl Use {
    /// The sum over all projects. Both counts come from the pool's windows, which the day's survive a restart of.
    fn of(buckets: &[BucketView]) -> Self {
        let sum = |gauge: fn(&BucketView) -> u64| buckets.iter().map(gauge).sum();
        Self {
            minute: Count { requests: sum(|bucket| bucket.rpm.used), tokens: sum(|bucket| bucket.tpm.used) },
            day: Count { requests: sum(|bucket| bucket.rpd.used), tokens: sum(|bucket| bucket.tpd.used) },
        }
    }
}

/// Shows what is used.
pub(super) async fn show(_: Viewer, State(gateway): State<Gateway>) -> Json<Overview> {
    let (snapshot, values) = (gateway.keyring.snapshot(), gateway.settings.now());
    let offered = gateway.catalog.list(gateway.clock.now()).into_iter();
    let offered = offered.filter(|model| gateway.is_offered(model, &values)).map(|model| model.id);
    let supported_models = with_documented(offered.collect());
    let (user_keys, active_user_keys) = gateway.access.count_users();
    let (gemini_keys, active_gemini_keys) = count_keys(&snapshot);
    Json(Overview {
        gemini_keys,
        active_gemini_keys,
        healthy_gemini_keys: snapshot.ready_keys,
        user_keys,
        active_user_keys,
        usage_stats: usage(&supported_models, &snapshot.models),
        supported_models,
        thinking_config: ThinkingConfig::of(&values),
        inject_config: InjectConfig::of(&values),
        keep_alive_enabled: values.keep_alive,
    })
}

/// All keys, and those that are neither switched off nor dead.
pub(super) fn count_keys(snapshot: &Snapshot) -> (usize, usize) {
    let keys = || snapshot.projects.iter().flat_map(|project| &project.keys);
    let active = keys().filter(|key| match key.state {
        KeyState::Ready | KeyState::Benched(_) => true,
        KeyState::Unknown | KeyState::Disabled | KeyState::Dead { .. } => false,
    });
    (keys().count(), active.count())
}

fn with_documented(mut models: Vec<String>) -> Vec<String> {
    for name in DOCUMENTED {
        if !models.iter().any(|model| model == name) {
            models.push(name.to_owned());
        }
    }
    models
}

/// The use of each of these models, and of every other that was called.
fn usage(supported: &[String], called: &[ModelView]) -> BTreeMap<String, Use> {
    let mut usage: BTreeMap<String, Use> =
        supported.iter().map(|name| (name.clone(), Use::default())).collect();
    usage.extend(called.iter().map(|model| (model.name.clone(), Use::of(&model.buckets))));
    usage
}
