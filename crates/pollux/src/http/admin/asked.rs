//! The query of a list that is filtered: what is asked for, read field by field.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;

use super::{Problem, page};
use crate::clock::{self, Moment};
use crate::http::Gateway;
use crate::store::usage::Place;

/// The longest text of a filter.
const LONGEST: usize = 200;
/// Times after this (the year 9999) are mistakes.
const LATEST_MS: i64 = 253_402_300_799_999;

/// What a query says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked(HashMap<String, String>);

impl Asked {
    /// What is given under this name, if anything.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// Refuses other names than these: a filter that is misspelt must not pass for applied.
    pub(super) fn only(&self, names: &[&'static str]) -> Result<(), Problem> {
        if self.0.keys().all(|name| names.contains(&name.as_str())) {
            return Ok(());
        }
        let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Err(Problem::unprocessable(format!("The query may only have {names}.")))
    }

    /// A text to compare with.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, Problem> {
        let Some(text) = self.given(name) else { return Ok(None) };
        if text.len() > LONGEST || text.contains(char::is_control) {
            return Err(Problem::field(
                name,
                "must be a text of at most 200 bytes without control characters",
            ));
        }
        Ok(Some(text.to_owned()))
    }

    /// A moment: ISO 8601, or milliseconds since 1970.
    pub(super) fn moment(&self, name: &'static str) -> Result<Option<Moment>, Problem> {
        let Some(text) = self.given(name) else { return Ok(None) };
        let moment = text.parse().ok().map(Moment).or_else(|| clock::of_iso(text));
        let sane = moment.filter(|moment| (0..=LATEST_MS).contains(&moment.0));
        let why = "must be a time such as 2027-01-31T18:00:00Z (write + as %2B), or milliseconds since 1970";
        sane.map(Some).ok_or_else(|| Problem::field(name, why))
    }

    /// How many rows a page may have.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        page::limit(self.given("limit"))
    }

    /// Where the page starts in a list from the newest to the oldest.
    pub(super) fn place(&self) -> Result<Option<Place>, Problem> {
        let wrong = || Problem::field("after", "must be the `next` of the page before");
        self.given("after").map(|text| read_place(text).ok_or_else(wrong)).transpose()
    }
}

/// As the next page is asked for: `MILLISECONDS-ORDINAL-ID`.
pub(super) fn write_place(place: &Place) -> String {
    let Place { began_ms, id, ordinal } = place;
    format!("{began_ms}-{ordinal}-{id}")
}

fn read_place(text: &str) -> Option<Place> {
    let mut pieces = text.splitn(3, '-');
    let began_ms = pieces.next()?.parse().ok().filter(|ms| (0..=LATEST_MS).contains(ms))?;
    let ordinal =
        pieces.next()?.parse().ok().filter(|ordinal| (0..=i64::from(u32::MAX)).contains(ordinal))?;
    let id = pieces.next().filter(|id| super::path::is_id(id))?;
    Some(Place { began_ms, id: id.to_owned(), ordinal })
}

impl FromRequestParts<Gateway> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Gateway) -> Result<Self, Problem> {
        let query = Query::try_from_uri(&parts.uri);
        let Query(asked) = query.map_err(|_| Problem::unprocessable("The query cannot be read."))?;
        Ok(Self(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Asked {
        Asked(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_time_may_be_written_in_two_ways() {
        let said = asked(&[
            ("a", "2026-11-22T00:00:00Z"),
            ("b", " 1795305600000 "),
            ("c", ""),
            ("d", "2026-11-22T08:00:00+08:00"),
        ]);
        let nov = Some(Moment(1_795_305_600_000));
        assert_eq!((said.moment("a"), said.moment("b"), said.moment("c")), (Ok(nov), Ok(nov), Ok(None)));
        assert_eq!(said.moment("d"), Ok(nov));
        for odd in ["yesterday", "-1", "1e3", "99999999999999999999", "253402300800000", "2026-11-22"] {
            assert!(asked(&[("from", odd)]).moment("from").is_err(), "{odd}");
        }
    }

    #[test]
    fn a_place_is_found_again() {
        let place =
            Place { began_ms: 1_795_305_600_000, id: "req_01jd3rs9w00123456789".to_owned(), ordinal: 2 };
        assert_eq!(asked(&[("after", &write_place(&place))]).place(), Ok(Some(place)));
        for odd in [
            "1",
            "1-0",
            "1-0-",
            "x-0-req_01jd3rs9w00123456789",
            "1--1-req_01jd3rs9w00123456789",
            "1-0-' OR 1=1",
        ] {
            assert!(asked(&[("after", odd)]).place().is_err(), "{odd}");
        }
    }

    #[test]
    fn filters_are_known_and_short() {
        assert!(asked(&[("user", "a"), ("limit", "1")]).only(&["user", "limit"]).is_ok());
        let refused = asked(&[("usr", "a")]).only(&["user"]).unwrap_err();
        assert_eq!(refused.detail, "The query may only have `user`.");
        assert!(asked(&[("model", &"m".repeat(201))]).text("model").is_err());
        assert!(asked(&[("model", "a\0b")]).text("model").is_err());
    }
}
