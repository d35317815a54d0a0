//! The contract on a Redis server, and what only a server can show.

use super::*;
use crate::shared::Settings;

#[path = "../../../tests/it/redis_server.rs"]
mod redis_server;

const NOW: Moment = Moment(1_795_377_600_000);

fn replica(id: &str) -> Replica {
    Replica {
        id: id.to_owned(),
        version: "0".to_owned(),
        address: "127.0.0.1:8000".to_owned(),
        started: NOW,
        seen: NOW,
    }
}

async fn address() -> Option<RedisUrl> {
    redis_server::database().await.map(|url| url.parse().unwrap())
}

async fn open(address: &RedisUrl, id: &str, own_clock: bool) -> Arc<Redis> {
    let settings = RedisSettings {
        address: address.clone(),
        prefix: "t".to_owned(),
        patience: Duration::from_secs(10),
        own_clock,
        memory: Settings::default(),
    };
    Redis::open(settings, replica(id)).await.unwrap()
}

macro_rules! on_redis {
    ($($check:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $check() {
            let Some(address) = address().await else { return };
            crate::shared::contract::$check(open(&address, "a", false).await).await;
        }
    )*};
}
crate::shared::contract::for_each_check!(on_redis);
