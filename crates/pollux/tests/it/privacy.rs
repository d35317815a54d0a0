//! Private users: their words go to projects that are declared paid, or nowhere.

use hyper::Method;
use serde_json::{Value, json};
use simulator::Options;

use crate::bed::{Bed, Plan, chat};
use crate::reply::Reply;

const MODEL: &str = "gemini-3.8-flash";
/// Its answers go on over several requests.
const LONG: &str = "gemini-4-argon";

struct House {
    bed: Bed,
    /// Ids by the simulator's number of the project.
    projects: Vec<String>,
    user: String,
    key: String,
}

impl House {
    async fn open(projects: u32) -> Self {
        Self::with(Plan { projects, keys_per_project: 1, ..Plan::default() }).await
    }

    async fn with(plan: Plan) -> Self {
        let bed = plan.start().await;
        let user = json!({ "name": "Ann", "private": true });
        let user = bed.admin(Method::POST, "/admin/users", &user).await.json();
        let listed = bed.admin(Method::GET, "/admin/projects", &Value::Null).await.json();
        let mut listed: Vec<(String, String)> = listed["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["label"].as_str().unwrap().to_owned(), row["id"].as_str().unwrap().to_owned()))
            .collect();
        listed.sort();
        Self {
            bed,
            projects: listed.into_iter().map(|(_, id)| id).collect(),
            user: user["id"].as_str().unwrap().to_owned(),
            key: user["key"].as_str().unwrap().to_owned(),
        }
    }

    async fn declare(&self, project: usize, tier: &str) {
        let path = format!("/admin/projects/{}", self.projects[project]);
        let reply = self.bed.admin(Method::PATCH, &path, &json!({ "tier": tier })).await;
        assert_eq!((reply.status, reply.json()["tier"].as_str()), (200, Some(tier)), "{}", reply.body);
    }

    /// A call of the private user.
    async fn call(&self, body: &Value, faults: &str) -> Reply {
        let bearer = format!("Bearer {}", self.key);
        let mut headers = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        if !faults.is_empty() {
            headers.push(("x-sim-fault", faults));
        }
        self.bed.send(Method::POST, "/v1/chat/completions", &headers, body.to_string()).await
    }

    /// Requests that reached Google, by project.
    fn seen(&self) -> Vec<u64> {
        let state = self.bed.simulator.state();
        let of = |key: &Value| {
            let rejected: u64 = key["rejected"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
            key["accepted"].as_u64().unwrap() + rejected
        };
        (0..self.projects.len()).map(|project| of(&state["keys"][format!("p{project}k0")])).collect()
    }
}

#[tokio::test]
async fn without_a_paid_project_nothing_goes_upstream() {
    let house = House::open(3).await;
    for stream in [false, true] {
        let refused = house.call(&chat(MODEL, "secret", stream), "").await;
        assert_eq!(refused.verdict(), "503 no_private_project");
        assert_eq!(refused.header("x-should-retry"), Some("false"));
        let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("Google may use") && message.contains("declared paid"), "{message}");
    }
    house.declare(1, "free").await;
    assert_eq!(house.call(&chat(MODEL, "secret", false), "").await.verdict(), "503 no_private_project");
    assert_eq!(house.seen(), [0, 0, 0]);
    assert_eq!(house.bed.chat(MODEL, "hello").await.status, 200, "others are served");
}

#[tokio::test]
async fn only_the_paid_project_serves() {
    let house = House::open(3).await;
    house.declare(1, "paid").await;
    for call in 0..10 {
        assert_eq!(house.call(&chat(MODEL, "secret", call % 2 == 0), "").await.status, 200);
    }
    assert_eq!(house.seen(), [0, 10, 0]);
    house.declare(1, "unknown").await;
    assert_eq!(house.call(&chat(MODEL, "secret", false), "").await.verdict(), "503 no_private_project");
    assert_eq!(house.seen(), [0, 10, 0]);
}

#[tokio::test]
async fn what_binds_a_call_to_a_free_project_does_not_bind_so_hard() {
    let house = House::open(2).await;
    let mut bound = chat(MODEL, "secret", false);
    bound["prompt_cache_key"] = json!("conversation");
    // The conversation began on a project that is said to be free later.
    house.declare(0, "paid").await;
    assert_eq!(house.call(&bound, "").await.status, 200);
    house.declare(0, "free").await;
    house.declare(1, "paid").await;
    assert_eq!(house.call(&bound, "").await.status, 200);
    assert_eq!(house.seen(), [1, 1]);
}

#[tokio::test]
async fn a_failing_paid_project_is_not_replaced_by_a_free_one() {
    for fault in
        ["500", "503", "429-minute", "429-day", "reset-before", "empty", "400-key-invalid", "html-200"]
    {
        // Quota bodies name the real limits, so there have to be some.
        let plan = Plan { projects: 4, keys_per_project: 1, ..Plan::default() };
        let house = House::with(plan.limits(Some(1_000), Some(10_000))).await;
        house.declare(1, "paid").await;
        house.declare(2, "paid").await;
        // The first attempt fails, the other paid project serves.
        let reply = house.call(&chat(MODEL, "secret", false), fault).await;
        assert_eq!(reply.status, 200, "{fault}: {}", reply.body);
        let both = json!([{ "project": 1, "fault": fault }, { "project": 2, "fault": fault }]);
        house.bed.script(json!({ "rules": both }));
        let reply = house.call(&chat(MODEL, "secret", true), "").await;
        assert!(reply.status >= 400 || !reply.is_done(), "{fault}: {}", reply.body);
        let seen = house.seen();
        assert_eq!((seen[0], seen[3]), (0, 0), "{fault}: {seen:?}");
    }
}

/// A hedge is a second upstream request: it must not go to a free project either.
#[tokio::test]
async fn a_late_first_event_is_hedged_on_a_paid_project_or_not_at_all() {
    let plan = Plan { projects: 4, keys_per_project: 1, ..Plan::default() };
    let house = House::with(plan.set("POLLUX_HEDGE_AFTER", "100ms")).await;
    house.declare(1, "paid").await;
    let reply = house.call(&chat(MODEL, "secret", true), "slow-first:300").await;
    assert!(reply.is_done(), "{}", reply.body);
    assert_eq!(house.seen(), [0, 1, 0, 0]);
    house.declare(2, "paid").await;
    let reply = house.call(&chat(MODEL, "secret", true), "slow-first:300").await;
    assert!(reply.is_done(), "{}", reply.body);
    let seen = house.seen();
    assert_eq!((seen[0], seen[3]), (0, 0), "{seen:?}");
}

#[tokio::test]
async fn a_long_answer_stays_on_the_paid_project() {
    let simulator = Options { hop_tokens: 60, ..Options::default() };
    let house = House::with(Plan { projects: 3, keys_per_project: 1, simulator, ..Plan::default() }).await;
    house.declare(2, "paid").await;
    let reply = house.call(&chat(LONG, "words:150", true), "").await;
    assert!(reply.is_done(), "{}", reply.body);
    assert_eq!(reply.finish_reasons(), ["stop"]);
    let seen = house.seen();
    assert_eq!((seen[0], seen[1]), (0, 0));
    assert!(seen[2] > 2, "it took several hops: {seen:?}");
}

/// Google's word that a project is on the free tier outweighs what was declared, also after a restart.
#[tokio::test]
async fn a_project_that_google_calls_free_is_not_paid() {
    let plan = Plan { projects: 1, keys_per_project: 1, ..Plan::default() }.limits(Some(1), None);
    let house = House::with(plan).await;
    house.declare(0, "paid").await;
    assert_eq!(house.call(&chat(MODEL, "secret", false), "").await.status, 200);
    // The simulator's projects are free ones, and their 429s say so.
    assert!(house.call(&chat(MODEL, "secret", false), "").await.status >= 400);
    house.bed.advance(std::time::Duration::from_mins(2));
    assert_eq!(house.call(&chat(MODEL, "secret", false), "").await.verdict(), "503 no_private_project");
    let path = format!("/admin/projects/{}", house.projects[0]);
    let notes = house.bed.admin(Method::PATCH, &path, &json!({ "notes": "whatever" })).await.json();
    assert_eq!(notes["tier"], "free");
    assert_eq!(house.call(&chat(MODEL, "secret", false), "").await.verdict(), "503 no_private_project");
}

#[tokio::test]
async fn a_user_becomes_private_at_the_next_call() {
    let house = House::open(2).await;
    let path = format!("/admin/users/{}", house.user);
    let user = house.bed.admin(Method::PATCH, &path, &json!({ "private": false })).await.json();
    assert_eq!(user["private"], false);
    assert_eq!(house.call(&chat(MODEL, "hello", false), "").await.status, 200);
    house.bed.admin(Method::PATCH, &path, &json!({ "private": true })).await;
    assert_eq!(house.call(&chat(MODEL, "hello", false), "").await.verdict(), "503 no_private_project");
    assert_eq!(house.seen().iter().sum::<u64>(), 1);
}
