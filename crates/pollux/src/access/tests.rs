//! The door on a real store.

use std::time::Duration;

use super::*;
use crate::clock::{ManualClock, Moment};
use crate::secret::Secret;
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

    async fn access(&self) -> Access {
        let path = self.dir.path().join("pollux.db");
        let store = SqlStore::open_sqlite(&path, SqliteSettings::default(), NOW).await.unwrap();
        Access::open(Arc::new(store), &MasterKey::new([5; 32]), self.clock.clone()).await.unwrap()
    }
}

#[tokio::test]
async fn a_user_comes_in_with_the_key_that_was_shown() {
    let house = House::new();
    let access = house.access().await;
    let (row, key) = access.create_user("  Ann's laptop 🔑 ", None).await.unwrap();
    assert_eq!(row.name, "Ann's laptop 🔑");
    assert!(key.expose().starts_with("sk-pollux-") && key.expose().len() == 58);
    let caller = access.caller(Some(key.expose()), None).unwrap();
    assert_eq!((&caller.user, &*caller.name), (&row.id, "Ann's laptop 🔑"));
    assert_eq!(access.caller(Some(&format!(" {}\n", key.expose())), None).unwrap(), caller);
    assert_eq!(house.access().await.caller(Some(key.expose()), None).unwrap(), caller, "after a restart");
}

#[tokio::test]
async fn a_key_that_the_operator_wrote_down_belongs_to_one_user() {
    let house = House::new();
    let access = house.access().await;
    let key = Secret::new("a-key-of-our-own-choice");
    assert!(access.adopt_user("ann", &key).await.unwrap());
    assert!(!access.adopt_user("bob", &key).await.unwrap(), "known already");
    let caller = access.caller(Some(key.expose()), None).unwrap();
    assert_eq!(&*caller.name, "ann");
    access.disable_user(&caller.user).await.unwrap();
    let again = house.access().await;
    assert!(!again.adopt_user("ann", &key).await.unwrap(), "after a restart");
    assert!(
        matches!(again.caller(Some(key.expose()), None), Err(Denied::Disabled { .. })),
        "stays switched off"
    );
    assert!(matches!(again.adopt_user(" ", &Secret::new("another")).await, Err(AccessError::Name(_))));
}

#[tokio::test]
async fn everybody_else_is_told_why_not() {
    let house = House::new();
    let access = house.access().await;
    let until = Moment(NOW.0 + 60_000);
    let (row, key) = access.create_user("Bob", Some(until)).await.unwrap();
    for missing in [None, Some(""), Some("  ")] {
        assert_eq!(access.caller(missing, None), Err(Denied::Missing));
    }
    let wrong = key.expose().to_lowercase();
    for unknown in ["sk-pollux-", &key.expose()[..57], &wrong, &row.hint, "钥匙", "a\0b"] {
        assert_eq!(access.caller(Some(unknown), None), Err(Denied::Unknown), "{unknown:?}");
    }
    access.disable_user(&row.id).await.unwrap();
    assert_eq!(access.caller(Some(key.expose()), None), Err(Denied::Disabled { name: "Bob".into() }));
    assert!(access.enable_user(&row.id).await.unwrap().enabled);
    assert!(access.caller(Some(key.expose()), None).is_ok());
    house.clock.set(Moment(until.0 - 1));
    assert!(access.caller(Some(key.expose()), None).is_ok());
    house.clock.set(until);
    assert_eq!(access.caller(Some(key.expose()), None), Err(Denied::Expired));
    assert_eq!(access.check_user(&row.id), Err(Denied::Expired));
}

#[tokio::test]
async fn a_rotated_or_deleted_key_is_dead_at_once() {
    let house = House::new();
    let access = house.access().await;
    let (row, old) = access.create_user("Cy", None).await.unwrap();
    let (rotated, new) = access.rotate_user(&row.id).await.unwrap();
    assert_eq!((&rotated.id, rotated.hint == row.hint), (&row.id, false));
    assert_eq!(access.caller(Some(old.expose()), None), Err(Denied::Unknown));
    assert_eq!(access.caller(Some(new.expose()), None).unwrap().user, row.id);
    access.delete_user(&row.id).await.unwrap();
    assert_eq!(access.caller(Some(new.expose()), None), Err(Denied::Unknown));
    assert_eq!(access.check_user(&row.id), Err(Denied::Unknown));
    let gone = access.enable_user(&row.id).await.unwrap_err();
    assert!(matches!(gone, AccessError::Store(StoreError::Missing { .. })), "{gone:?}");
    assert!(access.list_users(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn names_are_one_to_a_hundred_printable_characters() {
    let access = House::new();
    let access = access.access().await;
    for bad in ["", "  ", "a\nb", "a\0b", "\u{7f}x", &"é".repeat(101)] {
        let error = access.create_user(bad, None).await.unwrap_err();
        assert!(matches!(error, AccessError::Name(_)), "{bad:?}: {error:?}");
    }
    for good in ["x", "'; DROP TABLE users; --", &"é".repeat(100)] {
        assert_eq!(access.create_user(good, None).await.unwrap().0.name, good);
    }
}

#[tokio::test]
async fn the_last_call_is_noted_in_bulk_and_survives_changes() {
    let house = House::new();
    let access = house.access().await;
    let (ann, ann_key) = access.create_user("Ann", None).await.unwrap();
    let (bob, _) = access.create_user("Bob", None).await.unwrap();
    house.clock.advance(Duration::from_secs(5));
    access.caller(Some(ann_key.expose()), None).unwrap();
    access.enable_user(&ann.id).await.unwrap();
    access.reload().await.unwrap();
    access.tend().await.unwrap();
    let seen = |id| {
        let store = access.store.clone();
        async move { store.user(&id).await.unwrap().last_used_at }
    };
    assert_eq!(seen(ann.id.clone()).await, Some(Moment(NOW.0 + 5_000)));
    assert_eq!(seen(bob.id).await, None);

    access.caller(Some(ann_key.expose()), None).unwrap();
    access.store.close().await;
    assert!(access.tend().await.is_err());
    assert_eq!(index::read(&access.users).take_seen().len(), 1, "kept for the next attempt");
}

/// An admin whose client goes away must not leave a deleted key working.
#[tokio::test]
async fn a_change_abandoned_half_way_is_healed() {
    let house = House::new();
    let access = house.access().await;
    let (row, key) = access.create_user("Gus", None).await.unwrap();
    for heal_by_tending in [true, false] {
        let abandoned = access.change().await.unwrap();
        access.store.enable_user(&row.id, !heal_by_tending, NOW).await.unwrap();
        drop(abandoned);
        if heal_by_tending {
            access.tend().await.unwrap();
        } else {
            access.create_user("another change", None).await.unwrap();
        }
        assert_eq!(access.caller(Some(key.expose()), None).is_ok(), !heal_by_tending);
    }
}

#[tokio::test]
async fn another_process_is_noticed_on_reload() {
    let house = House::new();
    let (here, there) = (house.access().await, house.access().await);
    let (row, key) = there.create_user("Dee", None).await.unwrap();
    assert_eq!(here.caller(Some(key.expose()), None), Err(Denied::Unknown));
    here.reload().await.unwrap();
    assert_eq!(here.caller(Some(key.expose()), None).unwrap().user, row.id);
}

/// Neither what is printed nor what is on the disk holds a credential in clear.
#[tokio::test]
async fn no_credential_is_shown_or_stored() {
    let house = House::new();
    let access = house.access().await;
    let (row, key) = access.create_user("Fay", None).await.unwrap();
    let caller = access.caller(Some(key.expose()), None);
    let denied = access.caller(Some(&key.expose()[..50]), None);
    let shown = format!("{access:?} {row:?} {key:?} {caller:?} {denied:?}");
    access.store.close().await;
    let mut stored = Vec::new();
    for file in std::fs::read_dir(house.dir.path()).unwrap() {
        stored.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let canary = &key.expose()[10..50];
    assert!(!shown.contains(canary));
    assert!(!stored.windows(canary.len()).any(|part| part == canary.as_bytes()));
    assert!(stored.windows(3).any(|part| part == b"Fay"), "the search itself works");
}
