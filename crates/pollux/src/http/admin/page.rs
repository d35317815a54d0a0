//! Pages of lists: `?after=ID&limit=N`.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, path};
use crate::http::Gateway;
use crate::store::PAGE;

const USUAL: usize = 100;

/// Which page of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// The last id of the page before.
    pub(super) after: Option<String>,
    /// How many at most.
    pub(super) limit: usize,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Listed<T> {
    pub(super) data: Vec<T>,
    /// What to give as `after` for the next page; null after the last.
    pub(super) next: Option<String>,
}

impl Page {
    fn read(query: &HashMap<String, String>) -> Result<Self, Problem> {
        let given = |name| query.get(name).map(String::as_str).map(str::trim).filter(|text| !text.is_empty());
        let limit = limit(given("limit"))?;
        let after = given("after").map(str::to_owned);
        if after.as_deref().is_some_and(|id| !path::is_id(id)) {
            return Err(Problem::field("after", "must be the `next` of the page before"));
        }
        Ok(Self { after, limit })
    }

    /// What was found on this page. A full page may be the last: then the next one is empty.
    pub(super) fn of<T>(&self, data: Vec<T>, id: impl Fn(&T) -> &str) -> Listed<T> {
        let next = self.next(&data, id);
        Listed { data, next }
    }

    /// Where the page after this one begins.
    pub(super) fn next<T>(&self, data: &[T], id: impl Fn(&T) -> &str) -> Option<String> {
        data.last().filter(|_| data.len() >= self.limit).map(|last| id(last).to_owned())
    }
}

/// How many rows a page may have.
pub(super) fn limit(given: Option<&str>) -> Result<usize, Problem> {
    let limit = given.map_or(Ok(USUAL), str::parse);
    let limit = limit.ok().filter(|limit| (1..=PAGE).contains(limit));
    limit.ok_or_else(|| Problem::field("limit", "must be a number from 1 to 1000"))
}

impl FromRequestParts<Gateway> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Gateway) -> Result<Self, Problem> {
        let query =
            Query::try_from_uri(&parts.uri).map_err(|_| Problem::unprocessable("The query cannot be read."));
        Self::read(&query?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &[(&str, &str)]) -> Result<Page, Problem> {
        Page::read(&query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_page_has_sane_bounds() {
        let id = "key_01jd3rs9w00123456789";
        assert_eq!(read(&[]), Ok(Page { after: None, limit: 100 }));
        assert_eq!(read(&[("limit", ""), ("colour", "red")]), Ok(Page { after: None, limit: 100 }));
        let page = Page { after: Some(id.to_owned()), limit: 1_000 };
        assert_eq!(read(&[("after", id), ("limit", " 1000")]), Ok(page));
        for limit in ["0", "1001", "-1", "ten", "1e2", "99999999999999999999"] {
            assert_eq!(
                read(&[("limit", limit)]),
                Err(Problem::field("limit", "must be a number from 1 to 1000"))
            );
        }
        for after in ["7", "key_", "AIzaSyCanary", "key_01JD3RS9W00123456789", "key_01jd3rs9w0012345678%"] {
            let refused = Err(Problem::field("after", "must be the `next` of the page before"));
            assert_eq!(read(&[("after", after)]), refused, "{after}");
        }
    }

    #[test]
    fn only_a_full_page_has_a_next() {
        let page = Page { after: None, limit: 2 };
        assert_eq!(page.of(vec!["a", "b"], |id| id).next.as_deref(), Some("b"));
        assert_eq!(page.of(vec!["a"], |id| id).next, None);
        assert_eq!(page.of(Vec::<&str>::new(), |id| id).next, None);
    }
}
