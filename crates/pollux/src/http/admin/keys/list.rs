//! `GET /admin/keys`.

use axum::Json;
use axum::extract::State;

use super::Key;
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::asked::Asked;
use crate::http::admin::page::{Listed, Page};
use crate::http::guard::Viewer;
use crate::keyring::is_tag;
use crate::store::record::KeyFilter;

/// The states a key can be in.
const STATES: &[&str] = &["ready", "benched", "dead", "disabled"];

/// Which keys are asked for: `tag`, `project`, `enabled`, `state`. `read` gives the text under a name.
pub(super) fn filter<'a>(
    read: impl Fn(&'static str) -> Result<Option<&'a str>, Problem>,
) -> Result<(KeyFilter, Option<&'a str>), Problem> {
    let tag = read("tag")?;
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Err(Problem::field("tag", "must be 1 to 32 of a-z, 0-9, _ and -"));
    }
    let enabled = match read("enabled")? {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(Problem::field("enabled", "must be true or false")),
    };
    let state = read("state")?;
    if state.is_some_and(|state| !STATES.contains(&state)) {
        return Err(Problem::field("state", "must be ready, benched, dead or disabled"));
    }
    let project = read("project")?;
    if project.is_some_and(|id| !crate::http::admin::path::is_id(id)) {
        return Err(Problem::field("project", "must be the id of a project"));
    }
    Ok((KeyFilter { tag: tag.map(str::to_owned), project: project.map(Into::into), enabled }, state))
}

/// One page of keys, in the order they were added. With `state`, a page may be shorter than asked for and still have a next.
pub(in crate::http::admin) async fn page(
    _: Viewer,
    State(gateway): State<Gateway>,
    page: Page,
    asked: Asked,
) -> Result<Json<Listed<Key>>, Problem> {
    asked.only(&["tag", "project", "enabled", "state", "after", "limit"])?;
    let (filter, state) = filter(|name| Ok(asked.given(name)))?;
    let after = page.after.as_deref().map(Into::into);
    let found = gateway.keyring.find(&filter, state, after.as_ref(), page.limit).await?;
    let data = found.keys.into_iter().map(Key::from).collect();
    Ok(Json(Listed { data, next: found.next.map(|id| id.to_string()) }))
}
