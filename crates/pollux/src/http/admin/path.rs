//! Ids in paths. What has not the form of an id is simply not there.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use super::Problem;
use crate::http::Gateway;
use crate::store::record;

/// The longest name of a model.
const LONGEST_MODEL: usize = 200;

/// The id of an upstream key.
#[derive(Clone, Debug)]
pub(super) struct KeyId(pub(super) record::KeyId);

/// The id of a user.
#[derive(Clone, Debug)]
pub(super) struct UserId(pub(super) record::UserId);

impl FromRequestParts<Gateway> for KeyId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        Ok(Self(id("key", parts, gateway).await?.into()))
    }
}

impl FromRequestParts<Gateway> for UserId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        Ok(Self(id("user", parts, gateway).await?.into()))
    }
}

/// The id of a call.
#[derive(Clone, Debug)]
pub(super) struct CallId(pub(super) String);

impl FromRequestParts<Gateway> for CallId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, gateway).await;
        let id = path.ok().map(|Path(text)| text).filter(|text| is_id(text) && is_of("req", text));
        Ok(Self(id.ok_or_else(|| Problem::missing("request"))?))
    }
}

/// The id of an operator.
#[derive(Clone, Debug)]
pub(super) struct OperatorId(pub(super) String);

/// The id of a session.
#[derive(Clone, Debug)]
pub(super) struct SessionId(pub(super) String);

impl FromRequestParts<Gateway> for OperatorId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        Ok(Self(id("operator", parts, gateway).await?))
    }
}

impl FromRequestParts<Gateway> for SessionId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        Ok(Self(id("session", parts, gateway).await?))
    }
}

/// The id of a project.
#[derive(Clone, Debug)]
pub(super) struct ProjectId(pub(super) record::ProjectId);

/// The name of a model, as it was written.
#[derive(Clone, Debug)]
pub(super) struct ModelName(pub(super) String);

/// The id of a project and the name of a model.
#[derive(Clone, Debug)]
pub(super) struct ProjectModel(pub(super) record::ProjectId, pub(super) String);

impl FromRequestParts<Gateway> for ProjectId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        Ok(Self(id("project", parts, gateway).await?.into()))
    }
}

impl FromRequestParts<Gateway> for ModelName {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, gateway).await;
        Ok(Self(model(path.map_err(|_| Problem::missing("model"))?.0)?))
    }
}

impl FromRequestParts<Gateway> for ProjectModel {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, gateway).await;
        let Path((id, name)) = path.map_err(|_| Problem::missing("project"))?;
        if !is_id(&id) || !is_of("project", &id) {
            return Err(Problem::missing("project"));
        }
        Ok(Self(id.into(), model(name)?))
    }
}

/// A text that may be the name of a model.
fn model(name: String) -> Result<String, Problem> {
    let fits = name.len() <= LONGEST_MODEL && !name.contains(char::is_control) && !name.trim().is_empty();
    if fits { Ok(name) } else { Err(Problem::missing("model")) }
}

async fn id(kind: &str, parts: &mut Parts, gateway: &Gateway) -> Result<String, Problem> {
    let path = Path::<String>::from_request_parts(parts, gateway).await;
    let id = path.ok().map(|Path(text)| text).filter(|text| is_id(text) && is_of(kind, text));
    id.ok_or_else(|| Problem::missing(kind))
}

/// Whether a text has the form that `id::new` gives: a kind, `_`, and 20 small letters or digits.
pub(super) fn is_id(text: &str) -> bool {
    let small = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.split_once('_').is_some_and(|(kind, rest)| small(kind) && small(rest) && rest.len() == 20)
}

fn is_of(kind: &str, id: &str) -> bool {
    id.split_once('_').is_some_and(|(prefix, _)| prefix == kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::id;

    #[test]
    fn ids_are_told_from_other_things() {
        let key = id::new("key", Moment(1_800_000_000_000));
        assert!(is_id(&key) && is_of("key", &key) && !is_of("user", &key));
        for other in [
            "",
            "key",
            "key_",
            "_",
            "key_short",
            "key_01JD3RS9W00123456789",
            "AIzaSyCanaryCanary",
            "key_钥匙",
        ] {
            assert!(!is_id(other), "{other}");
        }
    }
}
