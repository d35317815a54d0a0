//! What keeps a key from serving.

use super::*;

fn held(pool: &Pool, key: u32) -> Vec<(Whose, Option<String>)> {
    pool.holds(KeyId(key), NOON).into_iter().map(|hold| (hold.whose, hold.model)).collect()
}

#[test]
fn a_key_is_held_by_itself_its_project_and_its_models() {
    let mut pool = pool_of(1, 2, Settings::default());
    assert!(held(&pool, 0).is_empty());
    let own = Blame::KeyModelFor { ms: HOUR, reason: "odd".into() };
    pool.blame(KeyId(0), MODEL, &own, NOON, 7);
    pool.blame(KeyId(0), MODEL, &day_quota(Some(20)), NOON, 7);
    pool.blame(KeyId(0), MODEL, &Blame::KeyFor { ms: HOUR, reason: "odd".into() }, NOON, 7);
    let model = Some(MODEL.to_owned());
    let quota = (Whose::Project, model.clone());
    assert_eq!(held(&pool, 0), [(Whose::Key, None), quota.clone(), (Whose::Key, model)]);
    assert_eq!(held(&pool, 1), std::slice::from_ref(&quota), "the other key has the quota in common");

    pool.reset_key(KeyId(0), NOON);
    assert_eq!(held(&pool, 0), [quota], "an operator's word does not refill a quota");
    assert!(held(&pool, 9).is_empty());
}

#[test]
fn a_reset_brings_a_dead_key_back() {
    let mut pool = pool_of(1, 1, Settings::default());
    pool.blame(KeyId(0), MODEL, &Blame::KeyDead { reason: "leaked".into() }, NOON, 7);
    assert_eq!(pool.ready_keys(NOON), 0);
    pool.reset_key(KeyId(0), NOON);
    assert_eq!(pool.ready_keys(NOON), 1);
}

#[test]
fn a_day_is_told_by_what_has_the_least_left() {
    let mut pool = pool_of(1, 1, Settings::default());
    for (model, rpd, calls) in [("a", 10, 1), ("b", 10, 5), ("c", 100, 9), ("d", 10, 0)] {
        let limits = Limits { rpd: Some(rpd), ..Limits::default() };
        pool.set_limits(None, model, limits, Provenance::Declared);
        for _ in 0..calls {
            let taken = pool.take(&Ask { model, ..ask() }, NOON, 0).1.unwrap();
            success(&mut pool, taken, NOON);
        }
    }
    let day = |most| {
        let shares = pool.day_of(KeyId(0), most, NOON);
        shares.into_iter().map(|share| (share.model, share.used, share.limit)).collect::<Vec<_>>()
    };
    assert_eq!(day(2), [("b".to_owned(), 5, 10), ("a".to_owned(), 1, 10)]);
    assert_eq!(day(9).len(), 3, "what was not used has nothing to tell");
    assert!(pool.day_of(KeyId(7), 9, NOON).is_empty());
}
