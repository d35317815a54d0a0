//! What is said of keys, what became of them, and what was said in calls.

use super::{LATER, NOW, add, new_key};
use crate::clock::Moment;
use crate::store::record::{BodiesRow, KeyFilter, KeyId, KeyWords, NewKey, Owner, Turn};
use crate::store::{Store, StoreError, TURNS};

fn words(note: &str, tags: &[&str]) -> KeyWords {
    KeyWords {
        label: "a label".into(),
        note: note.into(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    }
}

async fn found(store: &dyn Store, filter: &KeyFilter) -> Vec<String> {
    let rows = store.find_keys(filter, None, 10).await.unwrap();
    rows.into_iter().map(|row| row.id.as_str().to_owned()).collect()
}

pub(in super::super) async fn keys_are_described_and_found_by_tag(store: &dyn Store) {
    let team = || Owner::Label("team".into());
    add(store, NewKey { words: words("of Ann", &["blue", "a_b"]), ..new_key(1, team()) }).await;
    add(store, NewKey { words: words("", &["bluebird", "aXb"]), ..new_key(2, Owner::Own) }).await;
    add(store, new_key(3, team())).await;
    let first = KeyId::from("key_000001");
    assert_eq!(store.key(&first).await.unwrap().words, words("of Ann", &["blue", "a_b"]));

    let tagged = |tag: &str| KeyFilter { tag: Some(tag.into()), ..KeyFilter::default() };
    assert_eq!(found(store, &tagged("blue")).await, ["key_000001"], "a tag is a whole word");
    assert_eq!(
        found(store, &tagged("a_b")).await,
        ["key_000001"],
        "nothing in a tag stands for something else"
    );
    assert!(found(store, &tagged("%")).await.is_empty());
    store.enable_key(&first, false, LATER).await.unwrap();
    let project = store.key(&first).await.unwrap().project;
    let of_team = KeyFilter { project: Some(project), ..KeyFilter::default() };
    assert_eq!(found(store, &of_team).await, ["key_000001", "key_000003"]);
    assert_eq!(found(store, &KeyFilter { enabled: Some(true), ..of_team.clone() }).await, ["key_000003"]);
    assert_eq!(found(store, &KeyFilter { enabled: Some(false), ..of_team }).await, ["key_000001"]);
    assert_eq!(found(store, &KeyFilter::default()).await.len(), 3);
    let rest = store.find_keys(&KeyFilter::default(), Some(&first), 1).await.unwrap();
    assert_eq!(rest[0].id.as_str(), "key_000002");

    store.describe_key(&first, &words("nothing", &[]), LATER).await.unwrap();
    let row = store.key(&first).await.unwrap();
    assert_eq!((row.words, row.updated_at), (words("nothing", &[]), LATER));
    assert!(found(store, &tagged("blue")).await.is_empty());
    let nul = store.describe_key(&first, &words("a\0b", &[]), LATER).await;
    assert!(matches!(nul, Err(StoreError::Invalid { field: "note", .. })), "{nul:?}");
    store.delete_key(&first, LATER).await.unwrap();
    let gone = store.describe_key(&first, &words("", &[]), LATER).await;
    assert!(matches!(gone, Err(StoreError::Missing { kind: "key", .. })), "{gone:?}");
}

fn turn(owner: &str, at: i64, state: &str) -> Turn {
    Turn {
        at: Moment(NOW.0 + at),
        owner: owner.into(),
        model: "gemini-2.5-flash".into(),
        state: state.into(),
        until: (state == "benched").then_some(Moment(NOW.0 + at + 60_000)),
        reason: "day quota used up".into(),
        detail: "429 RESOURCE_EXHAUSTED".into(),
    }
}

pub(in super::super) async fn turns_are_kept_in_order_and_bounded(store: &dyn Store) {
    store.add_turns(&[]).await.unwrap();
    let first = [turn("key_1", 1, "benched"), turn("project_1", 2, "benched"), turn("key_2", 3, "dead")];
    store.add_turns(&first).await.unwrap();
    store.add_turns(&[turn("key_1", 4, "ready")]).await.unwrap();
    let mut latest = store.list_turns(&["key_1", "project_1"]).await.unwrap();
    assert_eq!(latest.remove(0), turn("key_1", 4, "ready"));
    assert_eq!(latest, [turn("project_1", 2, "benched"), turn("key_1", 1, "benched")]);
    assert!(store.list_turns(&[]).await.unwrap().is_empty());

    let many: Vec<Turn> = (10..).take(TURNS * 3).map(|at| turn("key_1", at, "ready")).collect();
    store.add_turns(&many).await.unwrap();
    let kept = store.list_turns(&["key_1"]).await.unwrap();
    assert_eq!((kept.len(), kept[0].at.0 - NOW.0), (TURNS, 309), "the latest are kept");
    assert_eq!(store.list_turns(&["key_2"]).await.unwrap().len(), 1, "others keep theirs");

    assert_eq!(store.delete_turns_before(Moment(NOW.0 + 300), 60).await.unwrap(), 60);
    assert_eq!(store.delete_turns_before(Moment(NOW.0 + 300), 1_000).await.unwrap(), 32);
    assert_eq!(store.list_turns(&["key_1"]).await.unwrap().len(), 10);
    let nul = store.add_turns(&[Turn { detail: "a\0b".into(), ..turn("key_1", 1, "ready") }]).await;
    assert!(matches!(nul, Err(StoreError::Invalid { field: "detail", .. })), "{nul:?}");
}

pub(in super::super) async fn what_was_said_is_kept_until_it_goes(store: &dyn Store) {
    let row = |number: i64| BodiesRow {
        call: format!("req_{number}"),
        at: Moment(NOW.0 + number),
        user: "user_1".into(),
        content: vec![0, 255, u8::try_from(number).unwrap()],
    };
    store.add_bodies(&[]).await.unwrap();
    let rows: Vec<BodiesRow> = (0..40).map(row).collect();
    store.add_bodies(&rows).await.unwrap();
    store.add_bodies(&[BodiesRow { content: vec![9], ..row(3) }]).await.unwrap();
    assert_eq!(store.bodies("req_3").await.unwrap(), Some(row(3)), "told once");
    assert_eq!(store.bodies("req_40").await.unwrap(), None);
    assert_eq!(store.bodies("a\0b").await.unwrap(), None);
    assert_eq!(store.delete_bodies_before(Moment(NOW.0 + 30), 20).await.unwrap(), 20);
    assert_eq!(store.delete_bodies_before(Moment(NOW.0 + 30), 20).await.unwrap(), 10);
    assert_eq!(store.bodies("req_29").await.unwrap(), None);
    assert!(store.bodies("req_30").await.unwrap().is_some());
}
