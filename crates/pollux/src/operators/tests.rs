//! Operators on a real store.

use super::*;
use crate::clock::Moment;
use crate::store::{SqlStore, SqliteSettings};

const NOW: Moment = Moment(1_800_000_000_000);

struct House(tempfile::TempDir);

impl House {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    async fn open(&self, rule: AdminRule) -> (Operators, Option<Secret>) {
        let path = self.path().join("pollux.db");
        let store = SqlStore::open_sqlite(&path, SqliteSettings::default(), NOW).await.unwrap();
        Operators::open(Arc::new(store), &MasterKey::new([5; 32]), rule).await.unwrap()
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
        let opened = Operators::open(Arc::new(store), &MasterKey::new([5; 32]), token(bad)).await;
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
