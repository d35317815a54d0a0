//! Signs that are there, signs that are not, and bounds.

use super::*;

const NOON: Moment = Moment(1_795_204_800_000);
const HOUR: i64 = 3_600_000;

fn seconds(number: i64) -> Moment {
    NOON.plus_ms(number * 1_000)
}

/// A key that is a project of its own is refused at a limit of 10.
fn refuse(kinship: &mut Kinship, key: u32, used: u64, now: Moment) {
    let (key, project) = (KeyId(key), ProjectId(key));
    kinship.refused(&Refused { key, project, model: "m", gauge: Gauge::Rpm, limit: 10, used }, now);
}

/// Each key with its own project.
#[expect(clippy::unnecessary_wraps, reason = "a stand-in for a lookup that may fail")]
fn own(key: KeyId) -> Option<ProjectId> {
    Some(ProjectId(key.0))
}

fn found(kinship: &mut Kinship, now: Moment) -> Vec<(Vec<u32>, Sign, Confidence)> {
    let suggestions = kinship.suggestions(own, now).into_iter();
    let ids = |keys: Vec<KeyId>| keys.into_iter().map(|key| key.0).collect();
    suggestions.map(|Suggestion { keys, why, confidence, .. }| (ids(keys), why, confidence)).collect()
}

fn met(keys: &[u32], times: u32, confidence: Confidence) -> (Vec<u32>, Sign, Confidence) {
    (keys.to_vec(), Sign::MetTogether { times }, confidence)
}

#[test]
fn keys_whose_errors_name_one_number_are_of_one_project() {
    let mut kinship = Kinship::default();
    for (key, number) in [(1, "111"), (2, "222"), (3, "111"), (4, ""), (5, ""), (3, "111")] {
        kinship.named(KeyId(key), number, seconds(i64::from(key)));
    }
    let all = kinship.suggestions(own, NOON);
    let why = Sign::SameNumber { number: "111".to_owned() };
    let expected = Suggestion {
        keys: vec![KeyId(1), KeyId(3)],
        why,
        confidence: Confidence::Certain,
        since: seconds(1),
    };
    assert_eq!(all, [expected]);
    // Google's word is newer than the operator's: the key was moved there.
    kinship.named(KeyId(3), "222", seconds(9));
    assert_eq!(kinship.suggestions(own, NOON)[0].keys, [KeyId(2), KeyId(3)]);
}

#[test]
fn parts_that_add_up_within_seconds_are_a_sign() {
    for (parts, apart, expected) in [
        (&[4, 6][..], 2, Some(&[0, 1][..])),
        (&[4, 7], 2, Some(&[0, 1])), // one call more was in flight
        (&[3, 3, 4], 2, Some(&[0, 1, 2])),
        (&[4, 6], 11, None),  // too far apart
        (&[10, 10], 1, None), // each has used its own
        (&[10, 4], 1, None),
        (&[4, 3], 1, None), // somebody else sends too
        (&[0, 5], 1, None),
        (&[8, 8], 1, None),
        (&[5, 5, 5], 1, None), // whose is whose?
        (&[5, 5, 5, 5], 1, None),
        (&[4, 6, 1], 1, Some(&[0, 1])), // the closest of several
    ] {
        let mut kinship = Kinship::default();
        for (key, used) in (0..).zip(parts) {
            refuse(&mut kinship, key, *used, seconds(i64::from(key) * apart));
        }
        let expected: Vec<_> = expected.into_iter().map(|keys| met(keys, 1, Confidence::Possible)).collect();
        assert_eq!(found(&mut kinship, seconds(60)), expected, "{parts:?} {apart}");
    }
}

#[test]
fn a_stranger_among_them_is_told_apart() {
    let mut kinship = Kinship::default();
    for (key, used) in [(1, 4), (2, 9), (3, 6)] {
        refuse(&mut kinship, key, used, seconds(i64::from(key)));
    }
    assert_eq!(found(&mut kinship, seconds(60)), [met(&[1, 3], 1, Confidence::Possible)]);
}

#[test]
fn again_and_again_is_more_than_chance_and_quiet_weeks_are_less() {
    let mut kinship = Kinship::default();
    for hour in 0..3 {
        refuse(&mut kinship, 1, 4, NOON.plus_ms(hour * HOUR));
        refuse(&mut kinship, 2, 6, NOON.plus_ms(hour * HOUR + 1_000));
    }
    assert_eq!(found(&mut kinship, NOON.plus_ms(3 * HOUR)), [met(&[1, 2], 3, Confidence::Likely)]);
    assert_eq!(found(&mut kinship, NOON.plus_ms(400 * HOUR)), []);
}

#[test]
fn other_models_limits_and_windows_do_not_mix() {
    let same = |key, used| Refused {
        key: KeyId(key),
        project: ProjectId(key),
        model: "m",
        gauge: Gauge::Rpd,
        limit: 10,
        used,
    };
    for other in [
        Refused { model: "n", ..same(2, 6) },
        Refused { gauge: Gauge::Rpm, ..same(2, 6) },
        Refused { limit: 11, ..same(2, 6) },
        Refused { project: ProjectId(1), ..same(2, 6) },
    ] {
        let mut kinship = Kinship::default();
        kinship.refused(&same(1, 4), NOON);
        kinship.refused(&other, NOON);
        assert_eq!(found(&mut kinship, seconds(60)), [], "{other:?}");
    }
}

#[test]
fn what_google_named_apart_is_not_suggested() {
    let mut kinship = Kinship::default();
    kinship.named(KeyId(1), "111", NOON);
    kinship.named(KeyId(2), "222", NOON);
    refuse(&mut kinship, 1, 4, NOON);
    refuse(&mut kinship, 2, 6, NOON);
    assert_eq!(found(&mut kinship, seconds(60)), []);
}

#[test]
fn keys_that_were_moved_together_or_deleted_are_no_suggestion() {
    let mut kinship = Kinship::default();
    for key in 1..=3 {
        kinship.named(KeyId(key), "111", NOON);
    }
    let mut all =
        |project_of: &dyn Fn(KeyId) -> Option<ProjectId>| kinship.suggestions(project_of, NOON).len();
    assert_eq!(all(&|_| Some(ProjectId(7))), 0);
    assert_eq!(all(&|key| (key.0 == 1).then_some(ProjectId(7))), 0);
    assert_eq!(all(&|key| Some(ProjectId(key.0 / 3))), 1);
    kinship.forget(KeyId(1));
    assert_eq!(kinship.suggestions(own, NOON)[0].keys, [KeyId(2), KeyId(3)]);
}

#[test]
fn memory_is_bounded() {
    let mut kinship = Kinship::default();
    for key in 0..40_000 {
        kinship.named(KeyId(key), &(key % 900).to_string(), NOON);
        refuse(&mut kinship, key, 1 + u64::from(key % 9), NOON.plus_ms(i64::from(key)));
    }
    assert!(kinship.numbers.len() <= NUMBERS);
    assert!(kinship.pairs.len() <= PAIRS);
    assert!(kinship.recent.len() <= RECENT);
}
