//! Operators on a real store.

use super::*;
use crate::clock::{ManualClock, Moment};
use crate::store::{SqlStore, SqliteSettings};

const NOW: Moment = Moment(1_800_000_000_000);

struct House {
    dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
}

impl House {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), clock: Arc::new(ManualClock::new(NOW)) }
    }

    fn path(&self) -> &std::path::Path {
        self.dir.path()
    }

    async fn open(&self, rule: AdminRule) -> (Operators, Option<Secret>) {
        let path = self.path().join("pollux.db");
        let store = SqlStore::open_sqlite(&path, SqliteSettings::default(), NOW).await.unwrap();
        Operators::open(Arc::new(store), &MasterKey::new([5; 32]), self.clock.clone(), rule).await.unwrap()
    }
}

fn token(text: &str) -> AdminRule {
    AdminRule::Token(Some(Secret::new(text)))
}

#[tokio::test]
async fn the_admin_token_is_made_once_and_recalled() {
    let house = House::new();
    let (operators, fresh) = house.open(AdminRule::Token(None)).await;
    let fresh = fresh.unwrap();
    assert!(fresh.expose().starts_with("pollux-admin-") && fresh.expose().len() == 53);
    assert!(operators.token(Some(fresh.expose())).is_ok());
    assert_eq!(operators.token(None).unwrap_err(), Refused::Missing);
    assert_eq!(operators.token(Some("pollux-admin-")).unwrap_err(), Refused::Unknown);
    let (again, none) = house.open(AdminRule::Token(None)).await;
    assert!(none.is_none() && again.token(Some(fresh.expose())).is_ok());
    let reset = again.reset_token().await.unwrap();
    assert!(again.token(Some(fresh.expose())).is_err() && again.token(Some(reset.expose())).is_ok());
}

#[tokio::test]
async fn a_given_admin_token_replaces_the_made_one_for_good() {
    let house = House::new();
    let (_, fresh) = house.open(AdminRule::Token(None)).await;
    let (operators, none) = house.open(token(" given-by-the-operator\n")).await;
    assert!(none.is_none());
    assert!(operators.token(Some("given-by-the-operator")).is_ok());
    let (later, none) = house.open(AdminRule::Token(None)).await;
    assert!(none.is_none() && later.token(Some("given-by-the-operator")).is_ok());
    assert!(later.token(Some(fresh.unwrap().expose())).is_err(), "the old token came back");
    let open = house.open(AdminRule::Off).await.0;
    assert!(open.token(None).is_ok() && open.token(Some("anything")).is_ok());
}

#[tokio::test]
async fn unusable_admin_tokens_are_refused() {
    let house = House::new();
    for bad in ["", " ", "two words", "a\u{1b}b"] {
        let path = house.path().join("pollux.db");
        let store = SqlStore::open_sqlite(&path, SqliteSettings::default(), NOW).await.unwrap();
        let opened =
            Operators::open(Arc::new(store), &MasterKey::new([5; 32]), house.clock.clone(), token(bad)).await;
        assert!(matches!(opened, Err(OperatorError::Token(_))), "{bad:?}");
    }
}

/// Neither what is printed nor what is on the disk holds the token in clear.
#[tokio::test]
async fn the_token_is_neither_shown_nor_stored() {
    let house = House::new();
    let (operators, fresh) = house.open(AdminRule::Token(None)).await;
    let fresh = fresh.unwrap();
    let shown = format!(
        "{operators:?} {fresh:?} {:?} {:?}",
        operators.token(Some(fresh.expose())),
        token(fresh.expose())
    );
    operators.store.close().await;
    let mut stored = Vec::new();
    for file in std::fs::read_dir(house.path()).unwrap() {
        stored.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let canary = &fresh.expose()[13..50];
    assert!(!shown.contains(canary));
    assert!(!stored.windows(canary.len()).any(|part| part == canary.as_bytes()));
    assert!(stored.windows(11).any(|part| part == b"admin_token"), "the search itself works");
}

const PASSWORD: &str = "correct horse battery";

fn password(name: &str, password: &str) -> Credentials {
    Credentials::Password { name: name.to_owned(), password: Secret::new(password) }
}

fn from(last: u8) -> Visitor {
    Visitor { address: Some([203, 0, 113, last].into()), agent: "test\n".to_owned() }
}

async fn claimed(house: &House) -> (Operators, Opened) {
    let (operators, fresh) = house.open(AdminRule::Token(None)).await;
    let opened = operators.claim((&fresh.unwrap(), "Ann", &Secret::new(PASSWORD)), &from(1)).await.unwrap();
    (operators, opened)
}

fn refused<T: std::fmt::Debug>(result: Result<T, OperatorError>) -> Refused {
    match result {
        Err(OperatorError::Refused(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_first_operator_is_claimed_with_the_token_and_once() {
    let house = House::new();
    let (operators, fresh) = house.open(AdminRule::Token(None)).await;
    let (token, secret) = (fresh.unwrap(), Secret::new(PASSWORD));
    assert!(!operators.is_claimed().await.unwrap());
    let wrong = operators.claim((&Secret::new("pollux-admin-"), "Eve", &secret), &from(9)).await;
    assert_eq!(refused(wrong), Refused::Unknown);
    let (here, there) = (from(1), from(2));
    let (one, two) = tokio::join!(
        operators.claim((&token, "Ann", &secret), &here),
        operators.claim((&token, "Bob", &secret), &there)
    );
    let (opened, second) = if one.is_ok() { (one, two) } else { (two, one) };
    assert!(matches!(second, Err(OperatorError::Claimed)), "{second:?}");
    let opened = opened.unwrap();
    let operator = operators.by_cookie(opened.cookie.expose()).await.unwrap();
    assert_eq!((operator.role, &operator), (Role::Admin, &opened.operator));
    assert!(operators.is_claimed().await.unwrap());
    assert_eq!(operators.list_operators(None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_login_says_nothing_of_what_was_wrong() {
    let house = House::new();
    let (operators, first) = claimed(&house).await;
    let opened = operators.log_in(&password(" ANN ", PASSWORD), &from(1)).await.unwrap();
    assert_ne!(opened.cookie, first.cookie, "each login has a cookie of its own");
    assert_eq!(operators.by_cookie(opened.cookie.expose()).await.unwrap().name.as_ref(), "Ann");
    let bob = operators.add_operator("Bob", &Secret::new(PASSWORD), Role::Viewer).await.unwrap();
    let off = OperatorChange { enabled: Some(false), ..OperatorChange::default() };
    operators.change_operator(&bob.row().id, off).await.unwrap();
    for (name, word) in
        [("Ann", "wrong horse battery"), ("Eve", PASSWORD), ("Bob", PASSWORD), ("", ""), ("a\0", "x")]
    {
        let denied = operators.log_in(&password(name, word), &from(2)).await;
        assert_eq!(refused(denied), Refused::Login, "{name:?}");
    }
    let token = operators.log_in(&Credentials::Token(Secret::new("wrong")), &from(2)).await;
    assert_eq!(refused(token), Refused::Login);
}

#[tokio::test]
async fn guessing_is_slowed_down_however_many_try_at_once() {
    let house = House::new();
    let (operators, _) = claimed(&house).await;
    let wrong = password("Ann", "wrong horse battery");
    let guesses = (0..40).map(|n| {
        let (operators, wrong) = (&operators, &wrong);
        async move { refused(operators.log_in(wrong, &from(n)).await) }
    });
    let outcomes = futures_util::future::join_all(guesses).await;
    let looked_at = outcomes.iter().filter(|refused| !matches!(refused, Refused::Throttled { .. })).count();
    assert_eq!(looked_at, 10, "{outcomes:?}");
    let right = operators.log_in(&password("Ann", PASSWORD), &from(99)).await;
    assert!(matches!(refused(right), Refused::Throttled { .. }));
    house.clock.advance(Duration::from_mins(1));
    assert!(operators.log_in(&password("Ann", PASSWORD), &from(99)).await.is_ok());
    assert!(operators.log_in(&password("Ann", PASSWORD), &from(99)).await.is_ok(), "success wiped the slate");
}

#[tokio::test]
async fn sessions_end_by_idleness_by_age_and_by_order() {
    let house = House::new();
    let (operators, opened) = claimed(&house).await;
    let settings = Settings { idle: Duration::from_hours(1), absolute: Duration::from_hours(3) };
    let operators = operators.with(settings);
    let cookie = opened.cookie.expose();
    for _ in 0..3 {
        house.clock.advance(Duration::from_mins(59));
        assert!(operators.by_cookie(cookie).await.is_ok());
    }
    house.clock.advance(Duration::from_mins(3));
    assert_eq!(refused(operators.by_cookie(cookie).await), Refused::Over, "three hours are over");
    let opened = operators.log_in(&password("Ann", PASSWORD), &from(1)).await.unwrap();
    house.clock.advance(Duration::from_hours(1));
    assert_eq!(refused(operators.by_cookie(opened.cookie.expose()).await), Refused::Over, "an hour of rest");
    assert!(operators.list_sessions(None, 10).await.unwrap().is_empty());
    let opened = operators.log_in(&password("Ann", PASSWORD), &from(1)).await.unwrap();
    assert_eq!(operators.list_sessions(None, 10).await.unwrap()[0].agent, "test");
    assert_eq!(operators.end_sessions(None).await.unwrap(), 1);
    assert_eq!(refused(operators.by_cookie(opened.cookie.expose()).await), Refused::Over);
    assert_eq!(refused(operators.by_cookie("").await), Refused::Over);
}

#[tokio::test]
async fn a_change_of_role_password_or_token_is_felt_at_once() {
    let house = House::new();
    let (operators, ann) = claimed(&house).await;
    let bob = operators.add_operator("Bob", &Secret::new(PASSWORD), Role::Admin).await.unwrap();
    let id = bob.row().id.clone();
    let opened = operators.log_in(&password("Bob", PASSWORD), &from(2)).await.unwrap();
    let cookie = opened.cookie.expose();
    let change = |role, enabled, password: Option<&str>| OperatorChange {
        role,
        enabled,
        password: password.map(Secret::new),
    };
    operators.change_operator(&id, change(Some(Role::Viewer), None, None)).await.unwrap();
    let viewer = operators.by_cookie(cookie).await.unwrap();
    assert_eq!(viewer.clone().at_least(Role::Admin), Err(Refused::Role));
    assert_eq!(viewer.role, Role::Viewer);
    operators.change_operator(&id, change(None, None, Some("another horse battery"))).await.unwrap();
    assert_eq!(refused(operators.by_cookie(cookie).await), Refused::Over);
    assert_eq!(refused(operators.log_in(&password("Bob", PASSWORD), &from(2)).await), Refused::Login);
    let opened = operators.log_in(&password("Bob", "another horse battery"), &from(2)).await.unwrap();
    operators.delete_operator(&id).await.unwrap();
    assert_eq!(refused(operators.by_cookie(opened.cookie.expose()).await), Refused::Over);
    let token = operators.reset_token().await.unwrap();
    let held = operators.log_in(&Credentials::Token(token.clone()), &from(3)).await.unwrap();
    assert_eq!((held.operator.role, held.operator.id.clone()), (Role::Admin, None));
    operators.reset_token().await.unwrap();
    assert_eq!(refused(operators.by_cookie(held.cookie.expose()).await), Refused::Over);
    assert!(operators.by_cookie(ann.cookie.expose()).await.is_ok(), "others stay");
}

#[tokio::test]
async fn what_shows_secrets_wants_a_fresh_proof() {
    let house = House::new();
    let (operators, opened) = claimed(&house).await;
    operators.add_operator("Bob", &Secret::new("another horse battery"), Role::Admin).await.unwrap();
    let me = async || operators.by_cookie(opened.cookie.expose()).await.unwrap();
    let now = || house.clock.now();
    assert!(me().await.lately(now()).is_ok(), "a login is a proof");
    house.clock.advance(CONFIRMED_FOR);
    assert_eq!(me().await.lately(now()), Err(Refused::Stale));
    let wrong = operators.confirm(&me().await, &password("Ann", "wrong horse battery"), &from(1)).await;
    assert_eq!(refused(wrong), Refused::Login);
    let other = operators.confirm(&me().await, &password("Bob", "another horse battery"), &from(1)).await;
    assert_eq!(refused(other), Refused::Login, "another's password proves another");
    assert_eq!(me().await.lately(now()), Err(Refused::Stale));
    operators.confirm(&me().await, &password("Ann", PASSWORD), &from(1)).await.unwrap();
    assert!(me().await.lately(now()).is_ok());
    let token = operators.reset_token().await.unwrap();
    assert!(operators.token(Some(token.expose())).unwrap().lately(now()).is_ok());
    let (open, _) = house.open(AdminRule::Off).await;
    assert_eq!(open.token(None).unwrap().lately(now()), Err(Refused::Stale), "nobody proved anything");
}

#[tokio::test]
async fn an_own_password_is_changed_with_the_old_one() {
    let house = House::new();
    let (operators, opened) = claimed(&house).await;
    let (old, new) = (Secret::new(PASSWORD), Secret::new("another horse battery"));
    let wrong = operators.change_own_password(&opened.operator, (&new, &old), &from(1)).await;
    assert_eq!(refused(wrong), Refused::Login);
    let fresh = operators.change_own_password(&opened.operator, (&old, &new), &from(1)).await.unwrap();
    assert_eq!(refused(operators.by_cookie(opened.cookie.expose()).await), Refused::Over);
    assert!(operators.by_cookie(fresh.cookie.expose()).await.is_ok());
}

/// A login that was proved before its operator was switched off must not open a session afterwards.
#[tokio::test]
async fn a_proof_that_was_overtaken_opens_nothing() {
    let house = House::new();
    let (operators, _) = claimed(&house).await;
    let bob = operators.add_operator("Bob", &Secret::new(PASSWORD), Role::Viewer).await.unwrap();
    let proved = bob.row().clone();
    let off = OperatorChange { enabled: Some(false), ..OperatorChange::default() };
    operators.change_operator(&proved.id, off).await.unwrap();
    assert_eq!(refused(operators.open_session(Some(proved), &from(1)).await), Refused::Login);
    assert_eq!(operators.list_sessions(None, 10).await.unwrap().len(), 1, "only Ann's");
}

/// The command line resets the token beside a gateway that is running.
#[tokio::test]
async fn a_token_that_another_process_set_is_learned() {
    let house = House::new();
    let (here, fresh) = house.open(AdminRule::Token(None)).await;
    let (there, _) = house.open(AdminRule::Token(None)).await;
    let token = there.reset_token().await.unwrap();
    assert!(here.token(Some(token.expose())).is_err());
    here.tend().await.unwrap();
    assert!(here.token(Some(token.expose())).is_ok());
    assert!(here.token(Some(fresh.unwrap().expose())).is_err());
}
