//! Day counters and limits.

use super::NOW;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::record::{DayCount, Limit, LimitFilter};

pub(in crate::store) async fn day_counters_add_up(store: &dyn Store) {
    let count = |project: &str, day: &str, requests, tokens| DayCount {
        project: project.into(),
        model: "gemini-3.8-flash".into(),
        day: day.to_owned(),
        requests,
        tokens,
    };
    store.add_to_days(&[]).await.unwrap();
    store.add_to_days(&[count("a", "2026-11-30", 2, 100), count("a", "2026-12-01", 1, 7)]).await.unwrap();
    store.add_to_days(&[count("a", "2026-11-30", 1, -40), count("b", "2026-11-30", 9, 9)]).await.unwrap();
    let day = store.load_day("2026-11-30").await.unwrap();
    assert_eq!(day, [count("a", "2026-11-30", 3, 60), count("b", "2026-11-30", 9, 9)]);
    let many: Vec<DayCount> = (0..2_100).map(|n| count(&format!("{n:05}"), "2026-12-02", n, n)).collect();
    store.add_to_days(&many).await.unwrap();
    assert_eq!(store.load_day("2026-12-02").await.unwrap(), many);
}

fn limit(project: Option<&str>, model: &str, provenance: &str, value: i64) -> Limit {
    Limit {
        project: project.map(Into::into),
        model: model.to_owned(),
        measure: "requests".to_owned(),
        window: "minute".to_owned(),
        value,
        provenance: provenance.to_owned(),
        learned_at: NOW,
    }
}

pub(in crate::store) async fn limits_are_replaced(store: &dyn Store) {
    let flash = |provenance, value| limit(Some("a"), "gemini-3.8-flash", provenance, value);
    let day = Limit { window: "day".into(), ..flash("google", 250) };
    store.put_limits(&[flash("google", 10), day.clone(), flash("operator", 5)]).await.unwrap();
    store.put_limits(&[flash("google", 0)]).await.unwrap();
    let found = store.load_limits().await.unwrap();
    assert_eq!(found, [day.clone(), flash("google", 0), flash("operator", 5)]);

    let everywhere = limit(None, "gemini-3.8-flash", "operator", 7);
    store
        .replace_limits(&[flash("operator", -1), flash("nobody", 0)], std::slice::from_ref(&everywhere))
        .await
        .unwrap();
    assert_eq!(store.load_limits().await.unwrap(), [everywhere.clone(), day.clone(), flash("google", 0)]);
    store.replace_limits(&[everywhere, day, flash("google", 0)], &[]).await.unwrap();
    assert!(store.load_limits().await.unwrap().is_empty());
    let nul = store.put_limits(&[limit(None, "a\0b", "operator", 1)]).await;
    assert!(matches!(nul, Err(StoreError::Invalid { field: "model", .. })), "{nul:?}");
}

pub(in crate::store) async fn limits_are_listed(store: &dyn Store) {
    let many: Vec<Limit> =
        (0..1_050).map(|n| limit(Some(&format!("project_{n:05}")), "flash", "google", n)).collect();
    store.put_limits(&many).await.unwrap();
    let others = [limit(None, "flash", "operator", 1), limit(Some("project_00007"), "pro", "google", 2)];
    store.put_limits(&others).await.unwrap();
    assert_eq!(store.load_limits().await.unwrap().len(), 1_052);
    let list = async |project: Option<Option<&str>>, model: Option<&str>, after: Option<&Limit>| {
        let project = project.map(|project| project.map(Into::into));
        let filter = LimitFilter { project, model: model.map(str::to_owned) };
        store.list_limits(&filter, after, 2).await.unwrap()
    };
    assert_eq!(list(None, None, None).await, [others[0].clone(), many[0].clone()]);
    assert_eq!(list(None, None, Some(&many[6])).await, [many[7].clone(), others[1].clone()]);
    assert_eq!(list(Some(None), None, None).await, [others[0].clone()]);
    assert_eq!(list(Some(Some("project_00007")), None, None).await, [many[7].clone(), others[1].clone()]);
    assert_eq!(list(None, Some("pro"), None).await, [others[1].clone()]);
    assert!(list(Some(Some("project_nowhere")), None, None).await.is_empty());
}
