//! This replica among others: what it shares with them.

use std::sync::Arc;

use anyhow::Context;

use crate::clock::Clock;
use crate::config::Config;
use crate::id::Dice;
use crate::shared::{Memory, Redis, RedisSettings, Replica, Settings, Shared};

/// What replicas share: through Redis if the configuration names one.
pub(super) async fn shared(
    config: &Config,
    (clock, dice): (&Arc<dyn Clock>, &Dice),
) -> anyhow::Result<Arc<dyn Shared>> {
    let memory = Settings::default();
    let Some(address) = config.redis_url.clone() else { return Ok(Arc::new(Memory::new(memory))) };
    let settings = RedisSettings {
        address,
        prefix: config.redis_prefix.clone(),
        patience: config.redis_timeout,
        own_clock: true,
        memory,
    };
    let now = clock.now();
    let myself = Replica {
        id: dice.id("rep", now),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        address: config.listen.to_string(),
        started: now,
        seen: now,
    };
    let redis = Redis::open(settings, myself).await.context("REDIS_URL cannot be used")?;
    Ok(redis)
}
