//! What every store must do, whatever it is made of. Each function gets an empty store.
//!
//! The list of all checks is [`for_each_check`]: an implementation hands it a macro that makes a test of each.

use pool::account::{Caps, Limit as CapOf};

use super::record::{
    Injection, InjectionPosition, KeyId, KeyState, KeyWords, NewKey, NewUser, Origin, Owner, Priority,
    ProjectId, Rules, SettingsVersion, Stored, UserId,
};
use super::{Store, StoreError, check_master_key};
use crate::clock::Moment;
use crate::secret::MasterKey;

/// Hands the name of every check to a macro.
macro_rules! for_each_check {
    ($make:ident) => {
        $make! {
            keys_are_added_once
            keys_of_one_list_find_each_other
            all_or_no_keys_are_added
            two_imports_at_once_add_each_key_once
            pages_of_keys_follow_each_other
            pages_are_in_the_order_of_bytes
            a_key_is_switched_judged_and_deleted
            a_key_moves_to_another_project
            keys_are_described_and_found_by_tag
            turns_are_kept_in_order_and_bounded
            what_was_said_is_kept_until_it_goes
            projects_are_found_by_label_and_changed
            users_are_kept_by_hash
            users_are_rotated_and_deleted
            users_are_changed
            users_keep_their_rules
            ids_of_users_are_never_used_again
            users_are_touched_in_bulk
            settings_are_kept_by_version
            two_authors_at_once_do_not_overwrite_each_other
            facts_are_set_once_or_replaced
            day_counters_add_up
            limits_are_replaced
            limits_are_listed
            odd_text_comes_back_as_it_was
            nul_is_refused_everywhere
            ids_with_nul_are_nobodys
            another_master_key_is_noticed
            operators_are_found_by_name
            the_last_admin_stays
            two_admins_cannot_leave_each_other_behind
            sessions_are_kept_by_hash_and_ended
            deeds_are_listed_backwards_and_filtered
            a_call_is_told_once
            sums_add_up
            users_are_summed_to_the_millisecond
            calls_are_listed_from_the_newest
            attempts_are_listed
            old_usage_is_forgotten_in_portions
            odd_records_are_kept
            resources_are_their_users
            resources_are_listed_from_the_newest
            resources_expire
        }
    };
}
pub(super) use for_each_check;

mod counters;
mod keys;
mod operators;
mod resources;
mod usage;
pub(super) use counters::*;
pub(super) use keys::*;
pub(super) use operators::*;
pub(super) use resources::*;
pub(super) use usage::*;

const NOW: Moment = Moment(1_800_000_000_000);
const LATER: Moment = Moment(1_800_000_060_000);

fn hash(seed: u64) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&seed.to_le_bytes());
    hash
}

pub(super) fn new_key(seed: u64, owner: Owner) -> NewKey {
    NewKey {
        id: format!("key_{seed:06}").into(),
        owner,
        sealed: vec![1, 2, 3],
        lookup: hash(seed),
        hint: "AIza…9xYz".into(),
        words: KeyWords { label: format!("key {seed}"), ..KeyWords::default() },
        origin: Origin::Admin,
    }
}

pub(super) fn new_user(seed: u64) -> NewUser {
    NewUser {
        id: format!("user_{seed:06}").into(),
        name: format!("user {seed}"),
        lookup: hash(seed),
        hint: "sk-p…9xYz".into(),
        expires_at: None,
        private: false,
        weight: 1,
        rules: Rules::default(),
    }
}

fn labelled(text: &str) -> KeyWords {
    KeyWords { label: text.into(), ..KeyWords::default() }
}

async fn add(store: &dyn Store, key: NewKey) -> Stored {
    store.insert_keys(&[key], NOW).await.unwrap().remove(0)
}

fn is_new(stored: &Stored) -> bool {
    matches!(stored, Stored::Added { .. })
}

pub(super) async fn keys_are_added_once(store: &dyn Store) {
    let first = add(store, new_key(1, Owner::Own)).await;
    let Stored::Added { key, project } = first else { panic!("{first:?}") };
    let again = NewKey { id: "key_another".into(), ..new_key(1, Owner::Label("team".into())) };
    assert_eq!(add(store, again).await, Stored::Duplicate { key: key.clone() });

    let row = store.key(&key).await.unwrap();
    assert_eq!(
        (row.sealed, row.project, row.words.label.as_str()),
        (vec![1, 2, 3], project.clone(), "key 1")
    );
    assert_eq!((row.enabled, row.state.name.as_str(), row.origin), (true, "ready", Origin::Admin));
    assert_eq!((row.created_at, row.state.since), (NOW, NOW));
    let projects = store.load_projects().await.unwrap();
    let own = projects.iter().find(|row| row.id == project).unwrap();
    assert_eq!((own.label.as_deref(), own.weight, own.enabled), (None, 1, true));
}

pub(super) async fn keys_of_one_list_find_each_other(store: &dyn Store) {
    let keys: Vec<NewKey> = (0..450)
        .map(|seed| NewKey {
            id: format!("key_{seed:06}").into(),
            ..new_key(seed % 300, Owner::Label(format!("p{}", seed % 3)))
        })
        .collect();
    let stored = store.insert_keys(&keys, NOW).await.unwrap();
    assert_eq!(stored.len(), 450);
    assert!(stored[..300].iter().all(is_new));
    assert_eq!(stored[300], Stored::Duplicate { key: "key_000000".into() });
    assert_eq!(stored[449], Stored::Duplicate { key: "key_000149".into() });
    assert_eq!(store.load_keys().await.unwrap().len(), 300);
    assert_eq!(store.load_projects().await.unwrap().len(), 3);
    assert!(store.insert_keys(&[], NOW).await.unwrap().is_empty());
}

pub(super) async fn all_or_no_keys_are_added(store: &dyn Store) {
    let keys = [new_key(1, Owner::Own), new_key(2, Owner::Project("project_nowhere".into()))];
    let error = store.insert_keys(&keys, NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::Invalid { field: "project", .. }), "{error:?}");
    assert!(store.load_keys().await.unwrap().is_empty());
    assert!(store.load_projects().await.unwrap().is_empty());
    assert!(is_new(&add(store, new_key(1, Owner::Own)).await), "the store goes on after a refusal");
}

pub(super) async fn two_imports_at_once_add_each_key_once(store: &dyn Store) {
    let list = |prefix: &str| -> Vec<NewKey> {
        (0..50).map(|n| NewKey { id: format!("{prefix}_{n:06}").into(), ..new_key(n, Owner::Own) }).collect()
    };
    let (left, right) = (list("left"), list("right"));
    let (left, right) = tokio::join!(store.insert_keys(&left, NOW), store.insert_keys(&right, NOW));
    let (left, right) = (left.unwrap(), right.unwrap());
    for (left, right) in left.iter().zip(&right) {
        assert!(is_new(left) != is_new(right), "{left:?} {right:?}");
    }
    assert_eq!(store.load_keys().await.unwrap().len(), 50);
    assert_eq!(store.load_projects().await.unwrap().len(), 50, "no project without a key");
}

pub(super) async fn pages_of_keys_follow_each_other(store: &dyn Store) {
    let keys: Vec<NewKey> = (0..2_345).map(|seed| new_key(seed, Owner::Label("p".into()))).collect();
    store.insert_keys(&keys, NOW).await.unwrap();
    let first = store.list_keys(None, 2).await.unwrap();
    let second = store.list_keys(Some(&first[1].id), 2).await.unwrap();
    let ids: Vec<&str> = first.iter().chain(&second).map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["key_000000", "key_000001", "key_000002", "key_000003"]);
    assert_eq!(store.list_keys(None, usize::MAX).await.unwrap().len(), super::PAGE);
    assert!(store.list_keys(Some(&"key_002344".into()), 10).await.unwrap().is_empty());
    let all = store.load_keys().await.unwrap();
    assert_eq!(all.len(), 2_345);
    assert!(all.is_sorted_by(|left, right| left.id < right.id));
}

/// Not in that of a language, where `a` comes before `Z` and `_` may not count.
pub(super) async fn pages_are_in_the_order_of_bytes(store: &dyn Store) {
    let ids = ["user_A", "user_Z", "user__b", "user_a", "user_ab", "user_ä"];
    for (seed, id) in (0_u64..).zip(ids).collect::<Vec<_>>().into_iter().rev() {
        store.insert_user(&NewUser { id: id.into(), ..new_user(seed) }, NOW).await.unwrap();
    }
    let all = store.list_users(None, 10).await.unwrap();
    assert_eq!(all.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ids);
    let rest = store.list_users(Some(&"user_Z".into()), 10).await.unwrap();
    assert_eq!(rest.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ids[2..]);
}

pub(super) async fn a_key_is_switched_judged_and_deleted(store: &dyn Store) {
    add(store, new_key(1, Owner::Own)).await;
    let id = KeyId::from("key_000001");
    let state = KeyState { name: "dead".into(), reason: "API_KEY_INVALID".into(), since: LATER };
    store.enable_key(&id, false, LATER).await.unwrap();
    store.set_key_state(&id, &state, LATER).await.unwrap();
    let row = store.key(&id).await.unwrap();
    assert_eq!((row.enabled, row.state, row.updated_at, row.created_at), (false, state.clone(), LATER, NOW));

    store.delete_key(&id, LATER).await.unwrap();
    assert!(store.load_keys().await.unwrap().is_empty());
    for gone in [
        store.key(&id).await.map(drop),
        store.enable_key(&id, true, LATER).await,
        store.set_key_state(&id, &state, LATER).await,
        store.delete_key(&id, LATER).await,
    ] {
        assert!(matches!(gone, Err(StoreError::Missing { kind: "key", .. })), "{gone:?}");
    }
    let taken = NewKey { lookup: hash(2), ..new_key(1, Owner::Own) };
    let error = store.insert_keys(&[taken], LATER).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "an id came back: {error:?}");
    let back = NewKey { id: "key_000002".into(), ..new_key(1, Owner::Own) };
    assert!(is_new(&add(store, back).await), "a deleted key may be added again");
}

pub(super) async fn a_key_moves_to_another_project(store: &dyn Store) {
    add(store, new_key(1, Owner::Own)).await;
    let id = KeyId::from("key_000001");
    let before = store.key(&id).await.unwrap();
    let team = store.project_by_label("team", NOW).await.unwrap().id;
    store.move_key(&id, &team, LATER).await.unwrap();
    let row = store.key(&id).await.unwrap();
    assert_eq!((&row.project, row.updated_at), (&team, LATER));
    assert_eq!((row.sealed, row.state, row.words), (before.sealed, before.state, before.words));

    let nowhere = store.move_key(&id, &"project_nowhere".into(), LATER).await;
    assert!(matches!(nowhere, Err(StoreError::Invalid { field: "project", .. })), "{nowhere:?}");
    assert_eq!(store.key(&id).await.unwrap().project, team, "a refusal changes nothing");
    store.delete_key(&id, LATER).await.unwrap();
    let gone = store.move_key(&id, &before.project, LATER).await;
    assert!(matches!(gone, Err(StoreError::Missing { kind: "key", .. })), "{gone:?}");
}

pub(super) async fn projects_are_found_by_label_and_changed(store: &dyn Store) {
    let team = store.project_by_label("team", NOW).await.unwrap();
    assert_eq!(store.project_by_label("team", LATER).await.unwrap(), team);
    let other = store.project_by_label("other", NOW).await.unwrap();
    assert_ne!(other.id, team.id);

    let mut changed = team.clone();
    changed.google_number = Some("123456".into());
    changed.tier = "tier1".into();
    changed.weight = 5;
    changed.priority = -1;
    changed.enabled = false;
    changed.notes = "paid by Ann".into();
    store.update_project(&changed, LATER).await.unwrap();
    changed.updated_at = LATER;
    assert_eq!(store.project_by_label("team", LATER).await.unwrap(), changed);
    assert_eq!(store.project(&team.id).await.unwrap(), changed);
    let nowhere = store.project(&"project_nowhere".into()).await;
    assert!(matches!(nowhere, Err(StoreError::Missing { kind: "project", .. })), "{nowhere:?}");

    changed.label = Some("other".into());
    let error = store.update_project(&changed, LATER).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error:?}");
    changed.id = ProjectId::from("project_nowhere");
    changed.label = Some("third".into());
    let error = store.update_project(&changed, LATER).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
    assert_eq!(store.list_projects(None, 1).await.unwrap().len(), 1);
}

pub(super) async fn users_are_kept_by_hash(store: &dyn Store) {
    let expiring = NewUser { expires_at: Some(LATER), ..new_user(1) };
    let made = store.insert_user(&expiring, NOW).await.unwrap();
    assert_eq!((made.name.as_str(), made.expires_at, made.last_used_at), ("user 1", Some(LATER), None));
    store.insert_user(&new_user(2), NOW).await.unwrap();
    assert_eq!(store.user(&made.id).await.unwrap(), made);
    assert_eq!(store.user_by_lookup(&hash(1)).await.unwrap(), Some(made));
    assert_eq!(store.user_by_lookup(&hash(9)).await.unwrap(), None);
    let twice = NewUser { id: "user_3".into(), ..new_user(1) };
    assert!(matches!(store.insert_user(&twice, NOW).await, Err(StoreError::Conflict { .. })));
    let second = store.list_users(Some(&"user_000001".into()), 10).await.unwrap();
    assert_eq!(second.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["user_000002"]);
    assert_eq!(store.load_users().await.unwrap().len(), 2);
}

pub(super) async fn users_are_rotated_and_deleted(store: &dyn Store) {
    let id = store.insert_user(&new_user(1), NOW).await.unwrap().id;
    store.enable_user(&id, false, LATER).await.unwrap();
    store.rotate_user(&id, &hash(7), "sk-p…new0", LATER).await.unwrap();
    assert_eq!(store.user_by_lookup(&hash(1)).await.unwrap(), None);
    let row = store.user_by_lookup(&hash(7)).await.unwrap().unwrap();
    assert_eq!((row.hint.as_str(), row.enabled, row.updated_at), ("sk-p…new0", false, LATER));
    store.insert_user(&new_user(2), NOW).await.unwrap();
    let stolen = store.rotate_user(&"user_000002".into(), &hash(7), "", LATER).await;
    assert!(matches!(stolen, Err(StoreError::Conflict { .. })), "{stolen:?}");

    store.delete_user(&id, LATER).await.unwrap();
    assert_eq!(store.user_by_lookup(&hash(7)).await.unwrap(), None);
    assert!(matches!(store.user(&id).await, Err(StoreError::Missing { kind: "user", .. })));
    assert!(matches!(store.delete_user(&id, LATER).await, Err(StoreError::Missing { .. })));
    assert!(matches!(store.rotate_user(&id, &hash(8), "", LATER).await, Err(StoreError::Missing { .. })));
    assert!(matches!(store.insert_user(&new_user(1), NOW).await, Err(StoreError::Conflict { .. })));
}

pub(super) async fn users_are_changed(store: &dyn Store) {
    let private = NewUser { private: true, weight: 7, ..new_user(1) };
    let mut row = store.insert_user(&private, NOW).await.unwrap();
    assert_eq!((row.private, row.weight), (true, 7));
    let plain = store.insert_user(&new_user(2), NOW).await.unwrap();
    assert_eq!((plain.private, plain.weight), (false, 1));
    row.name = "another name".into();
    row.expires_at = Some(LATER);
    row.private = false;
    row.weight = 100;
    row.rules = rules();
    store.update_user(&row, LATER).await.unwrap();
    row.updated_at = LATER;
    assert_eq!(store.user(&row.id).await.unwrap(), row);
    assert_eq!(store.user(&plain.id).await.unwrap(), plain);
    store.delete_user(&row.id, LATER).await.unwrap();
    let gone = store.update_user(&row, LATER).await;
    assert!(matches!(gone, Err(StoreError::Missing { kind: "user", .. })), "{gone:?}");
}

fn rules() -> Rules {
    let injection = Injection { position: InjectionPosition::System, content: "说中文。\0".into() };
    Rules {
        models: vec!["gemini-*".into()],
        addresses: vec!["2001:db8::/32".into()],
        caps: Caps::NONE.with(CapOf::CostTotal, Some(u64::MAX)),
        priority: Priority::Low,
        injection: Some(injection),
        log_bodies: true,
    }
}

pub(super) async fn users_keep_their_rules(store: &dyn Store) {
    let ruled = NewUser { rules: rules(), ..new_user(1) };
    let row = store.insert_user(&ruled, NOW).await.unwrap();
    assert_eq!(row.rules, rules());
    assert_eq!(store.load_users().await.unwrap(), [row]);
}

/// What a key did is told by its user's id, for ever.
pub(super) async fn ids_of_users_are_never_used_again(store: &dyn Store) {
    let id = store.insert_user(&new_user(1), NOW).await.unwrap().id;
    store.delete_user(&id, LATER).await.unwrap();
    let again = NewUser { lookup: hash(99), ..new_user(1) };
    assert!(matches!(store.insert_user(&again, LATER).await, Err(StoreError::Conflict { .. })));
    assert!(store.load_users().await.unwrap().is_empty());
}

pub(super) async fn users_are_touched_in_bulk(store: &dyn Store) {
    let id = store.insert_user(&new_user(1), NOW).await.unwrap().id;
    store.touch_users(&[]).await.unwrap();
    store.touch_users(&[(UserId::from("user_nowhere"), NOW), (id.clone(), LATER)]).await.unwrap();
    let row = store.user(&id).await.unwrap();
    assert_eq!((row.last_used_at, row.updated_at), (Some(LATER), NOW));
}

fn settings(version: i64, stored: &str) -> SettingsVersion {
    SettingsVersion {
        version,
        at: LATER,
        author: "ann".to_owned(),
        note: String::new(),
        stored: stored.to_owned(),
        changes: "[]".to_owned(),
    }
}

pub(super) async fn settings_are_kept_by_version(store: &dyn Store) {
    assert_eq!(store.settings_version(None).await.unwrap(), None);
    assert_eq!(store.list_settings_versions(None, 10).await.unwrap(), []);
    let rows: Vec<_> = (1..=5).map(|version| settings(version, &format!("{{\"n\":{version}}}"))).collect();
    for row in &rows {
        store.add_settings_version(row).await.unwrap();
    }
    let taken = store.add_settings_version(&settings(5, "{}")).await;
    assert!(matches!(taken, Err(StoreError::Conflict { .. })), "{taken:?}");
    assert_eq!(store.settings_version(None).await.unwrap().as_ref(), rows.last());
    assert_eq!(store.settings_version(Some(2)).await.unwrap().as_ref(), rows.get(1));
    assert_eq!(store.settings_version(Some(9)).await.unwrap(), None);
    let numbers = async |before, limit| {
        let page = store.list_settings_versions(before, limit).await.unwrap();
        page.into_iter().map(|row| row.version).collect::<Vec<_>>()
    };
    assert_eq!(numbers(None, 3).await, [5, 4, 3]);
    assert_eq!(numbers(Some(3), 3).await, [2, 1]);
    assert_eq!(numbers(Some(1), 3).await, [0_i64; 0]);
}

pub(super) async fn two_authors_at_once_do_not_overwrite_each_other(store: &dyn Store) {
    let (ann, bob) = (settings(1, "1"), settings(1, "2"));
    let (ann, bob) = tokio::join!(store.add_settings_version(&ann), store.add_settings_version(&bob));
    assert!(ann.is_ok() != bob.is_ok(), "{ann:?} {bob:?}");
}

pub(super) async fn facts_are_set_once_or_replaced(store: &dyn Store) {
    assert_eq!(store.meta("name").await.unwrap(), None);
    assert_eq!(store.init_meta("name", "one").await.unwrap(), "one");
    assert_eq!(store.init_meta("name", "two").await.unwrap(), "one");
    store.put_meta("name", "three").await.unwrap();
    assert_eq!(store.meta("name").await.unwrap().as_deref(), Some("three"));
    store.ping().await.unwrap();
}

pub(super) async fn odd_text_comes_back_as_it_was(store: &dyn Store) {
    let odd = [
        "'; DROP TABLE keys; --",
        "\"double\" `back` \\",
        "钥匙 🔑 é \u{202e}",
        "a\tb\nc\r\n",
        "$1 ? %s {}",
        "",
    ];
    for (seed, text) in (0_u64..).zip(odd) {
        let key =
            NewKey { words: labelled(text), hint: text.into(), ..new_key(seed, Owner::Label(text.into())) };
        let Stored::Added { key, project } = add(store, key).await else { panic!("{text:?}") };
        let row = store.key(&key).await.unwrap();
        assert_eq!((row.words.label.as_str(), row.hint.as_str()), (text, text));
        assert_eq!(store.project_by_label(text, NOW).await.unwrap().id, project);
        let user = NewUser { name: text.into(), ..new_user(seed) };
        assert_eq!(store.insert_user(&user, NOW).await.unwrap().name, text);
        store.put_meta(text, text).await.unwrap();
        assert_eq!(store.meta(text).await.unwrap().as_deref(), Some(text));
    }
}

pub(super) async fn nul_is_refused_everywhere(store: &dyn Store) {
    let nul = "a\0b";
    let mut project = store.project_by_label("p", NOW).await.unwrap();
    project.notes = nul.into();
    let state = KeyState { name: "dead".into(), reason: nul.into(), since: NOW };
    let refusals = [
        store.insert_keys(&[NewKey { words: labelled(nul), ..new_key(1, Owner::Own) }], NOW).await.map(drop),
        store.insert_keys(&[new_key(1, Owner::Label(nul.into()))], NOW).await.map(drop),
        store.project_by_label(nul, NOW).await.map(drop),
        store.update_project(&project, NOW).await,
        store.set_key_state(&"key_1".into(), &state, NOW).await,
        store.insert_user(&NewUser { name: nul.into(), ..new_user(1) }, NOW).await.map(drop),
        store.add_settings_version(&settings(1, nul)).await,
        store.put_meta("name", nul).await,
        store.init_meta(nul, "value").await.map(drop),
    ];
    for (at, refusal) in refusals.iter().enumerate() {
        assert!(matches!(refusal, Err(StoreError::Invalid { .. })), "{at}: {refusal:?}");
    }
    assert!(store.load_keys().await.unwrap().is_empty());
}

pub(super) async fn ids_with_nul_are_nobodys(store: &dyn Store) {
    let nul = "a\0b";
    let answers = [
        store.key(&nul.into()).await.map(drop),
        store.project(&nul.into()).await.map(drop),
        store.user(&nul.into()).await.map(drop),
        store.delete_key(&nul.into(), NOW).await,
        store.enable_user(&nul.into(), true, NOW).await,
    ];
    for (at, answer) in answers.iter().enumerate() {
        let at_fault = matches!(answer, Err(StoreError::Missing { .. } | StoreError::Invalid { .. }));
        assert!(at_fault, "{at}: {answer:?}");
    }
}

pub(super) async fn another_master_key_is_noticed(store: &dyn Store) {
    let (ours, theirs) = (MasterKey::new([1; 32]), MasterKey::new([2; 32]));
    check_master_key(store, &ours).await.unwrap();
    check_master_key(store, &ours).await.unwrap();
    let error = check_master_key(store, &theirs).await.unwrap_err();
    assert!(error.to_string().contains("the former POLLUX_MASTER_KEY"), "{error}");
    store.put_meta("master_key_check", "not base64").await.unwrap();
    assert!(matches!(check_master_key(store, &ours).await, Err(StoreError::Damaged { .. })));
}
