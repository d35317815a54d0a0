//! The contract on a Redis server, and what only a server can show.

use dialect::openai::chat::Remembered;
use pool::Cost;
use pool::account::{Limit, Zone};
use pool::fleet::Taken;

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

const ONE: Sum = Sum { requests: 1, tokens: 100, cost: 50 };

async fn asked<T: redis::FromRedisValue>(address: &RedisUrl, words: &[&str]) -> T {
    let mut connection = address.client().unwrap().get_multiplexed_async_connection().await.unwrap();
    let (name, args) = words.split_first().unwrap();
    redis::cmd(name).arg(args).query_async(&mut connection).await.unwrap()
}

fn caps(rpm: u64) -> Caps {
    Caps::NONE.with(Limit::Rpm, Some(rpm)).with(Limit::TokensTotal, Some(1_000_000))
}

async fn take(redis: &Redis, rpm: u64) -> Verdict {
    redis.take(&Take { user: "ann", caps: &caps(rpm), need: ONE, when: Zone::UTC.when(NOW) }).await
}

fn claim(own: u64) -> Claim {
    Claim {
        model: "gemini".to_owned(),
        cost: Cost { requests: 1, tokens: 100 },
        caps: [Some(10), None, None, None],
        own: Taken { requests: own, tokens: 100 * own },
        day: 20_000,
        seen: Taken::default(),
        day_left_ms: 3_600_000,
        span_ms: 60_200,
    }
}

/// Claims until the answer is no; how many were granted to a replica that has so many already.
async fn granted(redis: &Redis, had: u64) -> u64 {
    let mut own = had;
    while redis.reserve("prj_a", &claim(own), NOW).await.unwrap().mark.is_some() {
        own += 1;
    }
    own - had
}

#[tokio::test]
async fn scripts_that_the_server_lost_are_sent_again() {
    let Some(address) = address().await else { return };
    let redis = open(&address, "a", false).await;
    assert!(take(&redis, 9).await.outcome.is_ok());
    asked::<()>(&address, &["SCRIPT", "FLUSH"]).await;
    assert_eq!(take(&redis, 9).await.standing[0].used, 2);
    assert!(redis.link.is_up());
}

/// The room of a minute is not given twice because the server was emptied: each replica has its share until the minute that
/// nobody remembers is over.
#[tokio::test]
async fn a_server_that_forgot_everything_gives_no_room_twice() {
    let Some(address) = address().await else { return };
    let (one, other) = (open(&address, "a", true).await, open(&address, "b", true).await);
    one.connect().await.unwrap();
    assert_eq!((one.fleet(), other.fleet()), (Fleet::Together(2), Fleet::Together(2)));
    assert_eq!((granted(&one, 0).await, granted(&other, 0).await), (5, 5));
    asked::<()>(&address, &["FLUSHDB"]).await;
    one.connect().await.unwrap();
    assert_eq!(one.fleet(), Fleet::Together(2), "a server that forgot the others does not make them go away");
    assert_eq!((granted(&one, 5).await, granted(&other, 5).await), (0, 0));
}

/// What was spent of a budget comes back with the next call of whoever knows it.
#[tokio::test]
async fn an_account_that_the_server_forgot_comes_back() {
    let Some(address) = address().await else { return };
    let redis = open(&address, "a", false).await;
    for _ in 0..3 {
        take(&redis, 100).await.outcome.unwrap();
    }
    asked::<()>(&address, &["FLUSHDB"]).await;
    let total =
        |verdict: Verdict| verdict.standing.iter().find(|one| one.limit == Limit::TokensTotal).unwrap().used;
    assert_eq!(total(take(&redis, 100).await), 400);
}

#[tokio::test]
async fn whatever_is_kept_ends_by_itself() {
    let Some(address) = address().await else { return };
    let redis = open(&address, "a", false).await;
    let held = take(&redis, 9).await.outcome.unwrap();
    redis.settle("ann", &held, Some(ONE));
    let reserved = redis.reserve("prj_a", &claim(0), NOW).await.unwrap();
    let was = Cost { requests: 1, tokens: 100 };
    let mark = reserved.mark.unwrap();
    let correction =
        Correction { project: "prj_a", model: "gemini", mark, day: 20_000, was, is: Cost::default() };
    redis.correct(&correction);
    redis.stick("x", "prj_a", NOW).await;
    redis.keep_calls("ann", vec![kept()], NOW).await;
    assert!(redis.lead("alerts", Duration::from_mins(1)).await);
    redis.standing("ann", &caps(9), &Zone::UTC.when(NOW)).await;
    let keys: Vec<String> = asked(&address, &["KEYS", "*"]).await;
    assert_eq!(keys.len(), 7, "{keys:?}");
    for key in keys {
        let left: i64 = asked(&address, &["PTTL", &key]).await;
        assert!(left > 0, "{key} stays for ever");
    }
}

fn kept() -> Kept {
    let call =
        Remembered { public_id: "call_1".to_owned(), name: "weather".to_owned(), ..Remembered::default() };
    Kept { call, project: "prj_a".to_owned() }
}

#[tokio::test]
async fn one_leads_and_its_lead_ends() {
    let Some(address) = address().await else { return };
    let (one, other) = (open(&address, "a", true).await, open(&address, "b", true).await);
    let long = Duration::from_mins(1);
    assert!(one.lead("alerts", long).await);
    assert!(!other.lead("alerts", long).await);
    assert!(one.lead("alerts", long).await && other.lead("backup", long).await);
    asked::<()>(&address, &["DEL", "t:lead:alerts"]).await;
    assert!(other.lead("alerts", long).await);
}

/// Nothing listens there: calls go on at once, with what this replica knows.
#[tokio::test]
async fn without_a_server_a_replica_goes_on_by_itself() {
    let redis = open(&"redis://127.0.0.1:1".parse().unwrap(), "a", true).await;
    assert_eq!(redis.fleet(), Fleet::Away(1));
    assert!(take(&redis, 1).await.outcome.is_ok());
    assert!(take(&redis, 1).await.outcome.is_err());
    assert_eq!(redis.reserve("prj_a", &claim(0), NOW).await, Err(Away));
    redis.keep_calls("ann", vec![kept()], NOW).await;
    assert_eq!(redis.calls("ann", &["call_1"], NOW).await.len(), 1);
    redis.stick("x", "prj_a", NOW).await;
    assert_eq!(redis.stuck_to("x", NOW).await.as_deref(), Some("prj_a"));
    assert!(redis.lead("alerts", Duration::from_mins(1)).await);
}

/// A replica that was by itself tells afterwards what it took.
#[tokio::test]
async fn what_was_taken_alone_is_told_afterwards() {
    let Some(address) = address().await else { return };
    let (one, other) = (open(&address, "a", true).await, open(&address, "b", true).await);
    one.connect().await.unwrap();
    one.link.cut();
    assert_eq!(one.fleet(), Fleet::Away(2));
    let alone = take(&one, 9).await.outcome.unwrap();
    one.settle("ann", &alone, Some(Sum { tokens: 70, ..ONE }));
    one.count("prj_a", &claim(0));
    one.connect().await.unwrap();
    let standing = other.standing("ann", &caps(9), &Zone::UTC.when(NOW)).await;
    assert_eq!(standing.iter().map(|one| one.used).collect::<Vec<_>>(), [1, 70]);
    let answer = other.reserve("prj_a", &claim(0), NOW).await.unwrap().answer;
    assert_eq!(answer.minute.requests, 2);
}

#[tokio::test]
async fn replicas_hear_of_each_other() {
    let Some(address) = address().await else { return };
    let (one, other) = (open(&address, "a", true).await, open(&address, "b", true).await);
    let mut news = other.news();
    let stop = CancellationToken::new();
    let mut tending = tokio::task::JoinSet::new();
    for replica in [&one, &other] {
        let (replica, stop) = (Arc::clone(replica), stop.clone());
        tending.spawn(async move { replica.tend(stop).await });
    }
    // Whoever begins to listen reads everything: something may have been said before.
    assert_eq!(news.recv().await.unwrap(), News::Store);
    one.tell(News::Pool("found out".to_owned()));
    assert_eq!(news.recv().await.unwrap(), News::Pool("found out".to_owned()));
    let ids = |redis: &Redis| redis.replicas().into_iter().map(|replica| replica.id).collect::<Vec<_>>();
    assert_eq!(
        (ids(&one), ids(&other)),
        (vec!["a".to_owned(), "b".to_owned()], vec!["a".to_owned(), "b".to_owned()])
    );
    stop.cancel();
    tending.join_all().await;
    let left: i64 = asked(&address, &["HLEN", "t:{fleet}:replicas"]).await;
    assert_eq!(left, 0, "those who leave say so");
}
