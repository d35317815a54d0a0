//! `GET /admin/limits?project=ID&model=NAME&after=…&limit=N`; `project=*` asks for those of all projects.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Query, State};
use http::Uri;
use pool::{Gauge, Moment, Provenance};

use super::{Entry, word};
use crate::http::Gateway;
use crate::http::admin::page::{self, Listed};
use crate::http::admin::{Problem, path};
use crate::http::guard::Viewer;
use crate::keyring::KnownLimit;
use crate::store::record::{LimitFilter, ProjectId};

/// How all projects are written.
const ALL: &str = "*";

/// One page of limits, those of all projects first.
pub(in crate::http::admin) async fn page(
    _: Viewer,
    State(gateway): State<Gateway>,
    uri: Uri,
) -> Result<Json<Listed<Entry>>, Problem> {
    let query = Query::<HashMap<String, String>>::try_from_uri(&uri);
    let Query(query) = query.map_err(|_| Problem::unprocessable("The query cannot be read."))?;
    let given = |name| query.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let limit = page::limit(given("limit"))?;
    let wrong = || Problem::field("after", "must be the `next` of the page before");
    let after = given("after").map(|text| parse(text).ok_or_else(wrong)).transpose()?;
    let project = given("project").map(project);
    let filter = LimitFilter { project: project.transpose()?, model: given("model").map(str::to_owned) };
    let limits = gateway.keyring.limits(&filter, after.as_ref(), limit).await?;
    let next = limits.last().filter(|_| limits.len() >= limit).map(written);
    let limits = limits.into_iter().map(|known| Entry::new(&gateway, known)).collect();
    Ok(Json(Listed { data: limits, next }))
}

fn project(text: &str) -> Result<Option<ProjectId>, Problem> {
    match text {
        ALL => Ok(None),
        id if path::is_id(id) => Ok(Some(id.into())),
        _ => Err(Problem::missing("project")),
    }
}

/// Where a page ends.
fn written(known: &KnownLimit) -> String {
    let project = known.project.as_ref().map_or(ALL, ProjectId::as_str);
    let gauge = gauge_word(known.gauge);
    // The model comes last: it alone may hold a slash.
    format!("{project}/{gauge}/{}/{}", word(known.provenance), known.model)
}

fn parse(text: &str) -> Option<KnownLimit> {
    let mut pieces = text.splitn(4, '/');
    let project = project(pieces.next()?).ok()?;
    let gauge = pieces.next()?;
    let gauge = Gauge::ALL.into_iter().find(|one| gauge_word(*one) == gauge)?;
    let since = Moment(0);
    let provenance = [Provenance::Declared, Provenance::Learned { at: since }];
    let said = pieces.next()?;
    let provenance = provenance.into_iter().find(|one| word(*one) == said)?;
    Some(KnownLimit { project, model: pieces.next()?.to_owned(), gauge, value: 0, provenance, since })
}

fn gauge_word(gauge: Gauge) -> &'static str {
    match gauge {
        Gauge::Rpm => "rpm",
        Gauge::Tpm => "tpm",
        Gauge::Rpd => "rpd",
        Gauge::Tpd => "tpd",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_page_is_found_again() {
        let known = KnownLimit {
            project: Some("project_01jd3rs9w00123456789".into()),
            model: "tunedModels/a/b".to_owned(),
            gauge: Gauge::Rpd,
            value: 0,
            provenance: Provenance::Learned { at: Moment(0) },
            since: Moment(0),
        };
        assert_eq!(parse(&written(&known)), Some(known.clone()));
        let everywhere = KnownLimit { project: None, provenance: Provenance::Declared, ..known };
        assert_eq!(written(&everywhere), "*/rpd/declared/tunedModels/a/b");
        assert_eq!(parse(&written(&everywhere)), Some(everywhere));
        for odd in ["", "*", "*/rpx/declared/m", "*/rpm/said/m", "*/rpm/declared", "key 1/rpm/declared/m"] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }
}
