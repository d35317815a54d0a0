//! What every store must do with operators, their sessions and what they did.

use crate::clock::Moment;
use crate::store::record::{AuditFilter, AuditRow, OperatorRow, SessionRow};
use crate::store::{Store, StoreError};

const NOW: Moment = Moment(1_800_000_000_000);
const LATER: Moment = Moment(1_800_000_060_000);

fn operator(id: &str, name: &str, role: &str) -> OperatorRow {
    OperatorRow {
        id: format!("operator_{id}"),
        name: name.to_owned(),
        role: role.to_owned(),
        password: format!("hash of {id}"),
        enabled: true,
        created_at: NOW,
        updated_at: NOW,
        seen_at: None,
    }
}

fn session(seed: u8, operator: &str, seen_at: Moment) -> SessionRow {
    SessionRow {
        id: format!("session_{seed}"),
        lookup: [seed; 32],
        operator: operator.to_owned(),
        created_at: NOW,
        seen_at,
        confirmed_at: NOW,
        address: "203.0.113.7".to_owned(),
        agent: "Firefox 🦊".to_owned(),
    }
}

fn deed(seed: u32, operator: &str, action: &str) -> AuditRow {
    AuditRow {
        id: format!("audit_{seed:06}"),
        at: Moment(NOW.0 + i64::from(seed)),
        operator: operator.to_owned(),
        via: "token".to_owned(),
        address: String::new(),
        action: action.to_owned(),
        object: format!("key_{}", seed % 3),
        status: 200,
        changes: r#"{"enabled":[true,false]}"#.to_owned(),
    }
}

pub(in crate::store) async fn operators_are_found_by_name(store: &dyn Store) {
    let ann = operator("1", "Ann Müller", "admin");
    store.insert_operator(&ann).await.unwrap();
    assert_eq!(store.operator_by_name(" ANN MÜLLER ").await.unwrap().as_ref(), Some(&ann));
    assert_eq!(store.operator(&ann.id).await.unwrap(), ann);
    assert_eq!(store.operator_by_name("Ann").await.unwrap(), None);
    assert_eq!(store.operator_by_name("a\0").await.unwrap(), None);
    let twin = store.insert_operator(&operator("2", "ann müller", "viewer")).await.unwrap_err();
    assert!(matches!(twin, StoreError::Conflict { .. }), "{twin:?}");
    store.insert_operator(&operator("2", "Bob", "viewer")).await.unwrap();
    store.touch_operator("operator_2", LATER).await.unwrap();
    let all = store.list_operators(None, 10).await.unwrap();
    assert_eq!(all.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["Ann Müller", "Bob"]);
    assert_eq!((all[0].seen_at, all[1].seen_at), (None, Some(LATER)));
    assert_eq!(store.list_operators(Some("operator_1"), 10).await.unwrap().len(), 1);
    assert_eq!(store.list_operators(None, 1).await.unwrap().len(), 1);
    let missing = store.operator("operator_9").await.unwrap_err();
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing:?}");
}

pub(in crate::store) async fn the_last_admin_stays(store: &dyn Store) {
    let ann = operator("1", "Ann", "admin");
    let bob = operator("2", "Bob", "viewer");
    store.insert_operator(&ann).await.unwrap();
    store.insert_operator(&bob).await.unwrap();
    let demoted = OperatorRow { role: "viewer".to_owned(), ..ann.clone() };
    let disabled = OperatorRow { enabled: false, ..ann.clone() };
    for row in [&demoted, &disabled] {
        let refused = store.update_operator(row, LATER).await.unwrap_err();
        assert!(matches!(refused, StoreError::Conflict { what: "the last admin" }), "{refused:?}");
    }
    assert!(matches!(store.delete_operator(&ann.id, LATER).await, Err(StoreError::Conflict { .. })));
    let other = OperatorRow { password: "another".to_owned(), ..ann.clone() };
    store.update_operator(&other, LATER).await.unwrap();
    assert_eq!(store.operator(&ann.id).await.unwrap().password, "another");
    // An admin who may not log in is none.
    let asleep = OperatorRow { role: "admin".to_owned(), enabled: false, ..bob.clone() };
    store.update_operator(&asleep, LATER).await.unwrap();
    assert!(store.update_operator(&demoted, LATER).await.is_err());
    let awake = OperatorRow { enabled: true, ..asleep };
    store.update_operator(&awake, LATER).await.unwrap();
    store.delete_operator(&ann.id, LATER).await.unwrap();
    assert!(store.delete_operator(&bob.id, LATER).await.is_err(), "now Bob is the last");
    assert!(matches!(store.delete_operator(&ann.id, LATER).await, Err(StoreError::Missing { .. })));
    assert_eq!(store.operator_by_name("ann").await.unwrap(), None);
    store.insert_operator(&operator("3", "Ann", "admin")).await.unwrap();
    assert!(store.insert_operator(&operator("1", "Cy", "admin")).await.is_err(), "ids are never used again");
}

/// Each may go while the other stays.
pub(in crate::store) async fn two_admins_cannot_leave_each_other_behind(store: &dyn Store) {
    for round in 0..8 {
        // Whoever stayed in the round before is one of the two.
        let all = store.list_operators(None, 100).await.unwrap();
        let stayed = all.into_iter().find(|row| row.role == "admin");
        let ann = operator(&format!("a{round}"), &format!("Ann {round}"), "admin");
        let bob = stayed.unwrap_or_else(|| operator("b", "Bob", "admin"));
        store.insert_operator(&ann).await.unwrap();
        if round == 0 {
            store.insert_operator(&bob).await.unwrap();
        }
        let demoted = OperatorRow { role: "viewer".to_owned(), ..bob.clone() };
        let (gone, changed) =
            tokio::join!(store.delete_operator(&ann.id, LATER), store.update_operator(&demoted, LATER));
        assert!(gone.is_ok() != changed.is_ok(), "{gone:?} {changed:?}");
        let refused = gone.and(changed).unwrap_err();
        assert!(matches!(refused, StoreError::Conflict { what: "the last admin" }), "{refused:?}");
    }
}

pub(in crate::store) async fn sessions_are_kept_by_hash_and_ended(store: &dyn Store) {
    for (seed, whose, seen) in
        [(1, "operator_1", NOW), (2, "operator_1", LATER), (3, "", LATER), (4, "", NOW)]
    {
        store.insert_session(&session(seed, whose, seen)).await.unwrap();
    }
    assert_eq!(store.session(&[2; 32]).await.unwrap(), Some(session(2, "operator_1", LATER)));
    assert_eq!(store.session(&[9; 32]).await.unwrap(), None);
    store.touch_session("session_1", LATER, LATER).await.unwrap();
    let touched = store.session(&[1; 32]).await.unwrap().unwrap();
    assert_eq!((touched.seen_at, touched.confirmed_at, touched.created_at), (LATER, LATER, NOW));
    assert_eq!(store.list_sessions(Some("session_1"), 2).await.unwrap().len(), 2);
    assert_eq!(store.forget_sessions(Moment(0), NOW).await.unwrap(), 1, "the fourth was not used since");
    assert_eq!(store.delete_sessions(Some("")).await.unwrap(), 1);
    store.delete_session("session_1").await.unwrap();
    assert!(matches!(store.delete_session("session_1").await, Err(StoreError::Missing { .. })));
    assert!(store.touch_session("session_1", LATER, LATER).await.is_err());
    assert_eq!(store.delete_sessions(None).await.unwrap(), 1);
    assert!(store.list_sessions(None, 10).await.unwrap().is_empty());
    store.insert_session(&session(5, "", LATER)).await.unwrap();
    assert_eq!(store.forget_sessions(NOW, Moment(0)).await.unwrap(), 1, "it began too long ago");
}

pub(in crate::store) async fn deeds_are_listed_backwards_and_filtered(store: &dyn Store) {
    let rows: Vec<AuditRow> = (0..250)
        .map(|seed| {
            deed(
                seed,
                if seed % 2 == 0 { "Ann" } else { "Bob" },
                if seed < 100 { "POST /a" } else { "PUT /b" },
            )
        })
        .collect();
    store.insert_audit(&rows).await.unwrap();
    store.insert_audit(&rows[..3]).await.unwrap();
    let all = AuditFilter::default();
    let first = store.list_audit(&all, None, 2).await.unwrap();
    assert_eq!(first, [rows[249].clone(), rows[248].clone()]);
    let second = store.list_audit(&all, Some(&first[1].id), 2).await.unwrap();
    assert_eq!(second[0], rows[247]);
    assert_eq!(store.list_audit(&all, None, usize::MAX).await.unwrap().len(), 250, "each is there once");
    let text = |text: &str| Some(text.to_owned());
    let filters = [
        (AuditFilter { operator: text("Ann"), ..AuditFilter::default() }, 125),
        (AuditFilter { action: text("POST /a"), ..AuditFilter::default() }, 100),
        (AuditFilter { object: text("key_1"), ..AuditFilter::default() }, 83),
        (AuditFilter { operator: text("Ann"), action: text("PUT /b"), ..AuditFilter::default() }, 75),
        (AuditFilter { since: Some(Moment(NOW.0 + 240)), ..AuditFilter::default() }, 10),
        (AuditFilter { until: Some(Moment(NOW.0 + 5)), ..AuditFilter::default() }, 5),
        (AuditFilter { operator: text("Eve"), ..AuditFilter::default() }, 0),
    ];
    for (filter, expected) in filters {
        let found = store.list_audit(&filter, None, 1_000).await.unwrap();
        assert_eq!(found.len(), expected, "{filter:?}");
    }
    assert_eq!(store.forget_audit(Moment(NOW.0 + 50)).await.unwrap(), 50);
    assert_eq!(store.list_audit(&all, None, 1_000).await.unwrap().len(), 200);
}
