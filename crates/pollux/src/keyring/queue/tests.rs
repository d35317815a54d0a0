//! Waiting with time that jumps: tokio's clock is paused, and the pool's follows it.

use pool::{KeySpec, Limits, ProjectSpec, Provenance, Tier};
use tokio::time::Instant;

use super::*;
use crate::clock::Clock;
use crate::id::Dice;
use crate::secret::Secret;
use crate::settings::{Live, Values};
use crate::shared::Memory;

const MODEL: &str = "gemini-3.8-flash";

/// The wall clock, as far as tokio's clock has come.
#[derive(Debug)]
struct Paused(Instant);

impl Clock for Paused {
    fn now(&self) -> Moment {
        Moment(1_795_377_600_000 + i64::try_from(self.0.elapsed().as_millis()).unwrap())
    }
}

/// A ring of one project that may serve so many calls a minute.
fn ring(rpm: u64) -> Arc<Ring> {
    ring_with(rpm, Values::of_defaults().unwrap())
}

fn ring_with(rpm: u64, values: Values) -> Arc<Ring> {
    let clock = Arc::new(Paused(Instant::now()));
    let live = Live::fixed(values);
    let shared = Arc::new(Memory::new(crate::shared::Settings::default()));
    let ring = Ring::new((live, shared), clock, Dice::seeded(1)).0;
    let entry = ring.roster_mut().put_key("key_1".into(), "prj_1".into(), Secret::new("k"), Moment(0));
    let project = ProjectSpec { id: entry.project, tier: Tier::Paid, weight: 1, priority: 0, enabled: true };
    let mut pool = ring.pool();
    pool.put_project(project);
    pool.put_key(KeySpec { id: entry.handle, project: entry.project, enabled: true });
    let limits = Limits { rpm: Some(rpm), ..Limits::default() };
    pool.set_limits(Some(entry.project), MODEL, limits, Provenance::Declared);
    drop(pool);
    Arc::new(ring)
}

fn wish(user: &str) -> Wish<'_> {
    Wish {
        user,
        model: MODEL,
        tokens: 10,
        avoid: &[],
        prefer: None,
        require: None,
        again: false,
        paid_only: false,
        weight: 1,
        turns: Wish::USUAL_TURNS,
    }
}

fn patience(ring: &Ring, seconds: i64) -> Moment {
    ring.now().plus_ms(seconds * 1_000)
}

async fn answered(ring: &Arc<Ring>, user: &str, seconds: i64) -> Result<(), Opening> {
    answered_as(ring, wish(user), seconds).await
}

async fn answered_as(ring: &Arc<Ring>, wish: Wish<'_>, seconds: i64) -> Result<(), Opening> {
    let lease = Ring::lease_by(ring, &wish, patience(ring, seconds)).await?;
    lease.settle(super::super::lease::Settled::answered(None));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_served_when_the_minute_opens() {
    let ring = ring(2);
    let start = Instant::now();
    for _ in 0..2 {
        answered(&ring, "anna", 0).await.unwrap();
    }
    answered(&ring, "anna", 90).await.unwrap();
    let waited = start.elapsed().as_secs();
    assert!((60..=62).contains(&waited), "{waited} s");
}

#[tokio::test(start_paused = true)]
async fn who_cannot_wait_that_long_is_told_at_once() {
    let ring = ring(1);
    answered(&ring, "anna", 0).await.unwrap();
    let start = Instant::now();
    let refused = answered(&ring, "anna", 10).await.unwrap_err();
    assert!(matches!(refused, Opening::At(..)), "{refused:?}");
    assert_eq!(start.elapsed().as_millis(), 0);
}

/// Anna asks for ten calls before Ben asks for one: Ben does not wait for all of Anna's.
#[tokio::test(start_paused = true)]
async fn users_take_turns() {
    let ring = ring(2);
    for _ in 0..2 {
        answered(&ring, "anna", 0).await.unwrap();
    }
    let start = Instant::now();
    let anna = (0..10).map(|_| answered(&ring, "anna", 1_000));
    let ben = async {
        answered(&ring, "ben", 1_000).await.unwrap();
        start.elapsed().as_secs()
    };
    let (_, ben) = tokio::join!(futures_util::future::join_all(anna), ben);
    assert!(ben <= 62, "Ben is served with the first that open, not after {ben} s");
    assert!(start.elapsed().as_secs() >= 240, "ten calls at two a minute take their time");
}

/// Anna had the whole minute without waiting. Ben, who asks after her for the next, goes before her.
#[tokio::test(start_paused = true)]
async fn who_was_served_of_late_goes_last_though_it_did_not_wait_then() {
    let ring = ring(1);
    answered(&ring, "anna", 0).await.unwrap();
    answered(&ring, "anna", 0).await.unwrap_err(); // from now on it is remembered who is served
    tokio::time::advance(Duration::from_secs(61)).await;
    answered(&ring, "anna", 0).await.unwrap();
    let start = Instant::now();
    let call = async |user: &'static str| {
        answered(&ring, user, 1_000).await.unwrap();
        start.elapsed().as_secs()
    };
    let (anna, ben) = tokio::join!(call("anna"), call("ben"));
    assert!(ben < anna, "{ben} s, {anna} s");
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_leaves_nothing_behind() {
    let ring = ring(1);
    answered(&ring, "anna", 0).await.unwrap();
    let waiting = answered(&ring, "anna", 90);
    assert!(timeout(Duration::from_secs(5), waiting).await.is_err());
    assert!(!ring.line.is_waiting(MODEL));
    tokio::time::advance(Duration::from_secs(61)).await;
    answered(&ring, "ben", 0).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_line_is_bounded() {
    let ring = ring(1);
    answered(&ring, "anna", 0).await.unwrap();
    let most = QueueSettings::default().per_user;
    let waiting: Vec<_> = (0..=most).map(|_| Box::pin(answered(&ring, "anna", 90))).collect();
    let (first, ..) = futures_util::future::select_all(waiting).await;
    assert!(matches!(first, Err(Opening::At(_, Why::Busy))), "one too many is refused at once: {first:?}");
}

/// Anna has three turns for each of Ben's, as long as both wait.
#[tokio::test(start_paused = true)]
async fn turns_go_by_weight() {
    let ring = ring(4);
    for _ in 0..4 {
        answered(&ring, "anna", 0).await.unwrap();
    }
    let start = Instant::now();
    let call = async |user: &'static str, weight: u32| {
        let turns = weight * Wish::USUAL_TURNS;
        answered_as(&ring, Wish { turns, ..wish(user) }, 1_000).await.unwrap();
        (user, start.elapsed().as_secs())
    };
    let anna = (0..24).map(|_| call("anna", 3));
    let ben = (0..24).map(|_| call("ben", 1));
    let (anna, ben) = tokio::join!(futures_util::future::join_all(anna), futures_util::future::join_all(ben));
    let by_minute = |minute: u64| {
        let in_time = |served: &[(_, u64)]| served.iter().filter(|(_, at)| *at < minute * 62).count();
        (in_time(&anna), in_time(&ben))
    };
    assert_eq!([by_minute(2), by_minute(5), by_minute(8)], [(6, 2), (15, 5), (24, 8)]);
}

/// A private call waits for the paid project; others go past it to the free one, at once and any number of them.
#[tokio::test(start_paused = true)]
async fn who_waits_for_a_paid_project_holds_nobody_up() {
    let ring = ring(1);
    let private = Wish { paid_only: true, ..wish("anna") };
    answered_as(&ring, private, 0).await.unwrap();
    let free = ring.roster_mut().put_key("key_2".into(), "prj_2".into(), Secret::new("k"), Moment(0));
    let spec = ProjectSpec { id: free.project, tier: Tier::Free, weight: 1, priority: 0, enabled: true };
    ring.pool().put_project(spec);
    ring.pool().put_key(KeySpec { id: free.handle, project: free.project, enabled: true });
    let start = Instant::now();
    let waiting = async {
        answered_as(&ring, private, 90).await.unwrap();
        start.elapsed().as_secs()
    };
    let others = async {
        for _ in 0..100 {
            answered(&ring, "ben", 90).await.unwrap();
        }
        start.elapsed().as_secs()
    };
    let (waited, others) = tokio::join!(waiting, others);
    assert!((60..=62).contains(&waited), "{waited} s");
    assert_eq!(others, 0);
}

/// A call whose file lives in one project waits for that one and for no other, and holds nobody up.
#[tokio::test(start_paused = true)]
async fn who_needs_one_project_waits_for_it_alone() {
    let ring = ring(1);
    let needs = |name| Wish { require: Some(name), ..wish("anna") };
    let other = ring.roster_mut().put_key("key_2".into(), "prj_2".into(), Secret::new("k"), Moment(0));
    let spec = ProjectSpec { id: other.project, tier: Tier::Free, weight: 1, priority: 0, enabled: true };
    ring.pool().put_project(spec);
    ring.pool().put_key(KeySpec { id: other.handle, project: other.project, enabled: true });
    let owner = ring.roster().project_id(ProjectId(0)).unwrap().as_str().to_owned();
    let first = Ring::lease(&ring, &needs(&owner)).unwrap();
    assert_eq!(first.project_name(), owner);
    first.settle(crate::keyring::Settled::answered(None));
    assert!(matches!(answered_as(&ring, needs(&owner), 0).await, Err(Opening::At(..))), "the other has room");
    assert_eq!(answered_as(&ring, needs("prj_unknown"), 9).await, Err(Opening::NoKey));
    let private = Wish { paid_only: true, ..needs("prj_2") };
    assert_eq!(answered_as(&ring, private, 9).await, Err(Opening::NoKey), "it does not pay");
    let start = Instant::now();
    let waiting = async {
        answered_as(&ring, needs(&owner), 90).await.unwrap();
        start.elapsed().as_secs()
    };
    let others = async {
        for _ in 0..100 {
            answered(&ring, "ben", 90).await.unwrap();
        }
        start.elapsed().as_secs()
    };
    let (waited, others) = tokio::join!(waiting, others);
    assert!((60..=62).contains(&waited), "{waited} s");
    assert_eq!(others, 0);
}

/// A private answer that goes on over several requests ends where its project is found to be free.
#[tokio::test]
async fn a_private_call_does_not_go_on_where_it_may_be_read() {
    let ring = ring(100);
    let private = Ring::lease(&ring, &Wish { paid_only: true, ..wish("anna") }).unwrap();
    let public = Ring::lease(&ring, &wish("ben")).unwrap();
    assert!(private.follow_on().is_some());
    let spec = ProjectSpec { id: private.project(), tier: Tier::Free, weight: 1, priority: 0, enabled: true };
    ring.pool().put_project(spec);
    assert!(private.follow_on().is_none() && public.follow_on().is_some());
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_call_under_way_goes_when_it_ends() {
    let ring = ring_with(100, Values { project_concurrency: Some(1), ..Values::of_defaults().unwrap() });
    let first = Ring::lease_by(&ring, &wish("anna"), patience(&ring, 0)).await.unwrap();
    let start = Instant::now();
    let ends = async {
        tokio::time::advance(Duration::from_secs(3)).await;
        first.settle(super::super::lease::Settled::answered(None));
    };
    let (served, ()) = tokio::join!(answered(&ring, "bob", 10), ends);
    served.unwrap();
    assert_eq!(start.elapsed().as_secs(), 3);
}
