//! Several replicas over one PostgreSQL and one Redis: no project gets more than it has, whatever happens to Redis.

use std::time::Duration;

use futures_util::future::join_all;
use hyper::Method;
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::bed::{Bed, Plan};
use crate::{redis_server, servers};

const MODEL: &str = "gemini-3.8-flash";
const PROJECTS: u64 = 4;
/// What each project may do a minute; three replicas can divide it.
const RPM: u64 = 12;
const ALL: u64 = PROJECTS * RPM;

/// Three replicas, and the servers they share.
struct Fleet {
    replicas: Vec<Bed>,
    /// Redis itself, around the wire that may be cut.
    redis: redis::aio::MultiplexedConnection,
    wire: Wire,
}

/// A way to Redis that can be cut and mended.
struct Wire {
    whole: watch::Sender<bool>,
    _carrying: JoinSet<()>,
}

impl Wire {
    async fn to(server: String) -> (String, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (whole, state) = watch::channel(true);
        let mut carrying = JoinSet::new();
        carrying.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut inner, _) = listener.accept().await.unwrap();
                let (server, mut state) = (server.clone(), state.clone());
                connections.spawn(async move {
                    if !*state.borrow_and_update() {
                        return;
                    }
                    let Ok(mut outer) = TcpStream::connect(server).await else { return };
                    tokio::select! {
                        biased;
                        _ = state.wait_for(|whole| !whole) => {}
                        _ = copy_bidirectional(&mut inner, &mut outer) => {}
                    }
                });
            }
        });
        (address, Self { whole, _carrying: carrying })
    }

    fn cut(&self) {
        self.whole.send_replace(false);
    }

    fn mend(&self) {
        self.whole.send_replace(true);
    }
}

impl Fleet {
    /// None where there are no servers to try it on.
    async fn start(settings: &[(&'static str, &str)]) -> Option<Self> {
        let (database, redis) = (servers::postgres().await?, redis_server::database().await?);
        let client = redis::Client::open(redis.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        // This server counts for longer than a minute already.
        let epoch = format!("pollux:{{m:{MODEL}}}:epoch");
        redis::cmd("SET").arg(epoch).arg(1).query_async::<()>(&mut connection).await.unwrap();
        let place = redis.rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned();
        let (address, wire) = Wire::to(place.clone()).await;
        let mut plan = Plan { projects: 4, keys_per_project: 1, ..Plan::default() }
            .limits(Some(RPM), None)
            .set("DATABASE_URL", database)
            .set("REDIS_URL", redis.replace(&place, &address))
            .set("POLLUX_REDIS_TIMEOUT", "5s");
        for (name, value) in settings {
            plan = plan.set(name, *value);
        }
        let first = plan.start().await;
        let limits = json!({ "rpm": RPM });
        let declared = first.admin(Method::PUT, &format!("/admin/limits/{MODEL}"), &limits).await;
        assert_eq!(declared.status, 200, "{}", declared.body);
        let others = [first.peer().await, first.peer().await];
        let replicas: Vec<Bed> = std::iter::once(first).chain(others).collect();
        for replica in &replicas {
            eventually(replica, "/admin/replicas", |said| said["data"].as_array().unwrap().len() == 3).await;
        }
        Some(Self { replicas, redis: connection, wire })
    }

    /// So many calls to each replica at once; how many were answered. The others were refused as they should be.
    async fn overload(&self, each: usize) -> u64 {
        let calls =
            self.replicas.iter().flat_map(|replica| (0..each).map(move |_| replica.chat(MODEL, "hello")));
        let statuses: Vec<u16> = join_all(calls).await.iter().map(|reply| reply.status).collect();
        assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
        u64::try_from(statuses.iter().filter(|status| **status == 200).count()).unwrap()
    }

    /// Calls that Google would have refused.
    fn too_many(&self) -> u64 {
        let state = self.replicas[0].simulator.state();
        let keys = state["keys"].as_object().unwrap().values();
        keys.filter_map(|key| key["rejected"].as_object())
            .flat_map(|reasons| reasons.values().filter_map(Value::as_u64))
            .sum()
    }

    fn accepted(&self) -> u64 {
        self.replicas[0].accepted_in_all()
    }

    async fn ask_redis(&mut self, words: &[&str]) {
        let (name, args) = words.split_first().unwrap();
        redis::cmd(name).arg(args).query_async::<()>(&mut self.redis).await.unwrap();
    }

    async fn redis_is(&self, word: &str) {
        for replica in &self.replicas {
            eventually(replica, "/health", |said| said["redis"] == word).await;
        }
    }

    async fn stop(self) {
        for replica in self.replicas.into_iter().rev() {
            replica.stop().await;
        }
    }
}

/// Asks until the answer is as it should be, which must be soon.
async fn eventually(replica: &Bed, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let asking = async {
        loop {
            let said = replica.admin(Method::GET, path, &Value::Null).await.json();
            if is_so(&said) {
                return said;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking)
        .await
        .unwrap_or_else(|_| panic!("{path} never became so"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_replicas_use_each_project_up_and_no_further() {
    let Some(fleet) = Fleet::start(&[]).await else { return };
    let answered = fleet.overload(50).await;
    assert_eq!((answered, fleet.accepted(), fleet.too_many()), (ALL, ALL, 0));
    let measured = fleet.replicas[0].metrics("text/plain").await.body;
    for name in ["pollux_redis_up 1", "pollux_replicas 3"] {
        assert!(measured.contains(name), "{name} is missing");
    }
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_redis_that_is_emptied_gives_nothing_away() {
    let Some(mut fleet) = Fleet::start(&[]).await else { return };
    assert_eq!(fleet.overload(8).await, 24);
    fleet.ask_redis(&["FLUSHDB"]).await;
    fleet.ask_redis(&["SCRIPT", "FLUSH"]).await;
    let more = fleet.overload(50).await;
    assert!(more > 0 && fleet.accepted() <= ALL, "{more} more");
    assert_eq!(fleet.too_many(), 0);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_redis_is_away_each_replica_keeps_to_its_share() {
    let Some(fleet) = Fleet::start(&[]).await else { return };
    fleet.wire.cut();
    fleet.redis_is("away").await;
    let said = fleet.replicas[1].admin(Method::GET, "/admin/replicas", &Value::Null).await.json();
    assert_eq!((&said["redis"], &said["divided_by"]), (&json!("away"), &json!(3)));
    assert_eq!(fleet.overload(30).await, ALL, "a third of each project is left to each replica");
    // Back together, they know what each of them took.
    fleet.wire.mend();
    fleet.redis_is("ok").await;
    assert_eq!(fleet.overload(5).await, 0);
    assert_eq!((fleet.accepted(), fleet.too_many()), (ALL, 0));
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_gateway_may_rather_refuse_than_go_on_without_redis() {
    let Some(fleet) = Fleet::start(&[("POLLUX_REDIS_AWAY", "refuse")]).await else { return };
    fleet.wire.cut();
    fleet.redis_is("away").await;
    let refused = fleet.replicas[2].chat(MODEL, "hello").await;
    assert_eq!((refused.status, refused.json()["error"]["code"].clone()), (503, json!("redis_away")));
    fleet.wire.mend();
    fleet.redis_is("ok").await;
    assert_eq!(fleet.replicas[2].chat(MODEL, "hello").await.status, 200);
    fleet.stop().await;
}

/// What an operator changes on one replica holds on the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_on_one_replica_reaches_the_others() {
    let Some(fleet) = Fleet::start(&[]).await else { return };
    let [one, other, third] = fleet.replicas.as_slice() else { panic!("three replicas") };
    let set = one.admin(Method::PATCH, "/admin/settings", &json!({"max_attempts": 7})).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let has = |said: &Value| {
        let entries = said["settings"].as_array().unwrap();
        entries.iter().any(|entry| entry["name"] == "max_attempts" && entry["value"] == json!(7))
    };
    eventually(other, "/admin/settings", has).await;

    let user = one.admin(Method::POST, "/admin/users", &json!({"name": "Cy"})).await.json();
    let bearer = format!("Bearer {}", user["key"].as_str().unwrap());
    let asking = async {
        while third.send(Method::GET, "/v1/models", &[("authorization", &bearer)], "").await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking).await.expect("the new user is known everywhere");

    let keys = one.admin(Method::GET, "/admin/keys", &Value::Null).await.json();
    let path = format!("/admin/keys/{}", keys["data"][0]["id"].as_str().unwrap());
    assert!(one.admin(Method::DELETE, &path, &Value::Null).await.status < 300);
    eventually(other, "/health", |said| said["available_keys"] == json!(3)).await;
    eventually(third, "/health", |said| said["available_keys"] == json!(3)).await;
    fleet.stop().await;
}
