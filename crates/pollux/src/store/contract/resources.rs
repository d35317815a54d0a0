//! What users have at Google.

use super::{LATER, NOW};
use crate::clock::Moment;
use crate::store::record::{ResourceRow, UserId};
use crate::store::{Store, StoreError};

fn row(user: &str, name: &str, made: i64) -> ResourceRow {
    ResourceRow {
        name: name.to_owned(),
        user: user.into(),
        kind: name.split('/').next().unwrap().to_owned(),
        project: "project_a".into(),
        key: "key_a".into(),
        created_at: NOW.plus_ms(made),
        expires_at: None,
    }
}

fn names(rows: &[ResourceRow]) -> Vec<&str> {
    rows.iter().map(|row| row.name.as_str()).collect()
}

pub(in crate::store) async fn resources_are_their_users(store: &dyn Store) {
    let (anna, ben) = (UserId::from("anna"), UserId::from("ben"));
    store.put_resources(&[]).await.unwrap();
    let theirs = ResourceRow { project: "project_b".into(), ..row("ben", "files/one", 5) };
    store
        .put_resources(&[row("anna", "files/one", 1), theirs.clone(), row("anna", "files/two", 2)])
        .await
        .unwrap();
    let found =
        store.resources_named(&anna, &["files/two", "files/one", "files/none", "a\0b"]).await.unwrap();
    assert_eq!(found, [row("anna", "files/one", 1), row("anna", "files/two", 2)]);
    assert_eq!(store.resources_named(&ben, &["files/one", "files/two"]).await.unwrap(), [theirs]);
    assert!(store.resources_named(&anna, &[]).await.unwrap().is_empty());
    let anybody = store.resource_of_anybody("files/one").await.unwrap();
    assert_eq!(anybody, Some(row("anna", "files/one", 1)));
    assert_eq!(store.resource_of_anybody("a\0b").await.unwrap(), None);

    store.forget_resource(&ben, "files/two").await.unwrap();
    store.forget_resource(&anna, "files/one").await.unwrap();
    assert_eq!(
        names(&store.resources_named(&anna, &["files/one", "files/two"]).await.unwrap()),
        ["files/two"]
    );
    assert_eq!(store.resources_named(&ben, &["files/one"]).await.unwrap().len(), 1);
    let nul = store.put_resources(&[row("anna", "files/\0", 1)]).await;
    assert!(matches!(nul, Err(StoreError::Invalid { field: "name", .. })), "{nul:?}");
}

pub(in crate::store) async fn resources_are_listed_from_the_newest(store: &dyn Store) {
    let anna = UserId::from("anna");
    let many: Vec<ResourceRow> =
        (0..250).map(|number| row("anna", &format!("files/{number:04}"), number / 2)).collect();
    store.put_resources(&many).await.unwrap();
    store.put_resources(&[row("anna", "cachedContents/c", 900), row("ben", "files/his", 901)]).await.unwrap();
    store.put_resources(&[row("anna", "uploads/u", 902)]).await.unwrap();
    let mut seen: Vec<ResourceRow> = Vec::new();
    loop {
        let after = seen.last().map(|row| (row.created_at, row.name.as_str()));
        let page = store.list_resources((&anna, Some("files")), after, NOW, 100).await.unwrap();
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    let mut expected = many;
    expected.sort_by(|one, other| other.created_at.cmp(&one.created_at).then(one.name.cmp(&other.name)));
    assert_eq!(seen, expected);
    let newest = store.list_resources((&anna, None), None, NOW, 1).await.unwrap();
    assert_eq!(names(&newest), ["cachedContents/c"]);
}

pub(in crate::store) async fn resources_expire(store: &dyn Store) {
    let anna = UserId::from("anna");
    let until = |at: Moment, name: &str| ResourceRow { expires_at: Some(at), ..row("anna", name, 0) };
    store
        .put_resources(&[until(LATER, "files/a"), until(NOW, "files/b"), row("anna", "batches/c", 0)])
        .await
        .unwrap();
    let listed = store.list_resources((&anna, None), None, NOW, 10).await.unwrap();
    assert_eq!(names(&listed), ["batches/c", "files/a"]);
    let kinds = |counts: &[(&str, u64)]| -> Vec<(String, u64)> {
        counts.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
    };
    let project = "project_a".into();
    assert_eq!(store.count_resources(&project, NOW).await.unwrap(), kinds(&[("batches", 1), ("files", 1)]));
    assert_eq!(store.count_resources(&project, LATER).await.unwrap(), kinds(&[("batches", 1)]));

    // What is not known now, but was, stays; what is known replaces it.
    store.put_resources(&[row("anna", "files/a", 77)]).await.unwrap();
    let kept = store.resources_named(&anna, &["files/a"]).await.unwrap();
    assert_eq!((kept[0].expires_at, kept[0].created_at), (Some(LATER), NOW));
    assert_eq!(store.forget_expired_resources(LATER, 10).await.unwrap(), 1);
    store.put_resources(&[until(NOW, "files/a")]).await.unwrap();
    assert_eq!(store.forget_expired_resources(LATER, 1).await.unwrap(), 1);
    let left = store.resources_named(&anna, &["files/a", "files/b", "batches/c"]).await.unwrap();
    assert_eq!(names(&left), ["batches/c"]);
}
