//! This replica among others: who it is, and what it shares with them.

use std::sync::Arc;

use anyhow::Context;

use crate::clock::Clock;
use crate::config::Config;
use crate::id;
use crate::shared::{Memory, Redis, RedisSettings, Replica, Settings, Shared};

/// What replicas share, through Redis if the configuration names one, and who this one is.
pub(super) async fn shared(config: &Config, clock: &dyn Clock) -> anyhow::Result<(Arc<dyn Shared>, Replica)> {
    let memory = Settings::default();
    let now = clock.now();
    let myself = Replica {
        id: id::new("rep", now),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        address: config.listen.to_string(),
        started: now,
        seen: now,
    };
    let Some(address) = config.redis_url.clone() else { return Ok((Arc::new(Memory::new(memory)), myself)) };
    let settings = RedisSettings {
        address,
        prefix: config.redis_prefix.clone(),
        patience: config.redis_timeout,
        own_clock: true,
        memory,
    };
    let redis = Redis::open(settings, myself.clone()).await.context("REDIS_URL cannot be used")?;
    Ok((redis, myself))
}
