//! A backup is whole or refused.

use std::path::Path;

use super::*;
use crate::store::record::NewUser;
use crate::store::{Settings as _, SqlStore, SqliteSettings, Users as _, check_master_key};

const NOW: Moment = Moment(1_795_305_600_000);

fn master(byte: u8) -> MasterKey {
    MasterKey::new([byte; 32])
}

async fn open(path: &Path) -> SqlStore {
    SqlStore::open_sqlite(path, SqliteSettings::default(), NOW).await.unwrap()
}

async fn add_user(store: &SqlStore, name: &str, lookup: u8) {
    let user = NewUser {
        id: name.into(),
        name: name.to_owned(),
        lookup: [lookup; 32],
        hint: String::new(),
        expires_at: None,
        private: false,
        weight: 1,
        rules: crate::store::record::Rules::default(),
    };
    store.insert_user(&user, NOW).await.unwrap();
}

/// A database in use with a backup of it, and a user who came after the backup.
async fn house(folder: &Path) -> (SqlStore, PathBuf, Manifest) {
    let store = open(&folder.join("pollux.db")).await;
    check_master_key(&store, &master(1)).await.unwrap();
    add_user(&store, "user_before", 1).await;
    let target = folder.join("one.backup");
    let manifest = write(&folder.join("pollux.db"), &target, NOW).await.unwrap();
    add_user(&store, "user_after", 2).await;
    (store, target, manifest)
}

#[tokio::test]
async fn a_backup_is_the_database_at_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let (store, target, manifest) = house(folder.path()).await;
    assert_eq!(manifest.rows["users"], 1);
    assert_eq!(read_manifest(&target).unwrap(), manifest);
    let again = write(&folder.path().join("pollux.db"), &target, NOW).await;
    assert!(matches!(again, Err(BackupError::Exists(_))));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    let database = folder.path().join("pollux.db");
    let running = restore(&target, &database, &master(1), None).await;
    assert!(matches!(running, Err(BackupError::InUse(_))), "{running:?}");
    store.close().await;
    drop(store);
    let tried = restore(&target, &database, &master(1), None).await.unwrap();
    assert_eq!(tried, Restored { manifest: manifest.clone(), kept_aside: None });
    assert_eq!(open(&database).await.load_users().await.unwrap().len(), 2, "a dry run changes nothing");

    let done = restore(&target, &database, &master(1), Some(NOW)).await.unwrap();
    let users = open(&database).await.load_users().await.unwrap();
    assert_eq!(users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["user_before"]);
    let aside = done.kept_aside.unwrap();
    assert_eq!(open(&aside).await.load_users().await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_damaged_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, target, _) = house(folder.path()).await;
    let whole = std::fs::read(&target).unwrap();
    let elsewhere = folder.path().join("elsewhere/pollux.db");
    let bad = folder.path().join("bad.backup");
    let refusal = async |bytes: &[u8], key: u8| {
        std::fs::write(&bad, bytes).unwrap();
        restore(&bad, &elsewhere, &master(key), Some(NOW)).await.unwrap_err().to_string()
    };
    for length in [0, 10, 4_096, whole.len() / 2, whole.len() - 1] {
        let said = refusal(&whole[..length], 1).await;
        assert!(said.contains("its end is missing"), "{length}: {said}");
    }
    // One byte in each part: header, pages, manifest, checksum, length, mark.
    let end = whole.len();
    for place in [0, 100, 5_000, end / 2, end - 100, end - 40, end - 16, end - 9, end - 1] {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x20;
        let said = refusal(&bytes, 1).await;
        assert!(said.starts_with("the backup cannot be used"), "{place}: {said}");
    }
    let said = refusal(&whole, 2).await;
    assert!(said.contains("master key is not the one this backup was made with"), "{said}");
    assert!(!elsewhere.exists(), "nothing was put in place");
}

#[tokio::test]
async fn a_backup_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, target, manifest) = house(folder.path()).await;
    let copy = folder.path().join("newer.backup");
    contents::copy(&folder.path().join("pollux.db"), &copy).await.unwrap();
    seal::append(&copy, &Manifest { schema: 999_999, ..manifest }).unwrap();
    let refused = examine(&copy, None).await;
    assert!(matches!(refused, Err(BackupError::NewerSchema { found: 999_999, .. })), "{refused:?}");
    examine(&target, Some(&master(1))).await.unwrap();
}
