//! `POST /admin/keys/bulk`: one deed to many keys, with what became of each.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{list, words};
use crate::audit::Change;
use crate::http::Gateway;
use crate::http::admin::fields::Fields;
use crate::http::admin::{IMPORT_LIMIT, Problem, path};
use crate::http::guard::Admin;
use crate::keyring::{KeyView, RollError, WordsChange};
use crate::store::record::{KeyFilter, KeyId};

/// The most keys of one request; a test asks Google for each of them, so there it is fewer.
const MOST: usize = 1_000;
const MOST_TESTS: usize = 100;
/// Keys that are tested at once.
const TESTS_AT_ONCE: usize = 8;
const ACTIONS: &str = "must be test, enable, disable, tag, untag, move, reset or delete";

/// What is done to each key.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Deed {
    Test,
    Enable,
    Disable,
    Words(WordsChange),
    Move(String),
    Reset,
    Delete,
}

/// What became of all of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeysDone)]
pub(in crate::http::admin) struct Outcome {
    action: String,
    done: usize,
    failed: usize,
    results: Vec<Done>,
    /// With a filter: what to give as `after` to go on; null after the last.
    next: Option<String>,
}

/// What became of one key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyDone)]
struct Done {
    id: String,
    /// Whether it was done; of a test, whether the key works.
    ok: bool,
    /// Why not.
    error: Option<String>,
    /// Where the key stands now; null if it is gone.
    state: Option<String>,
}

/// Does it, key by key: what fails for one does not keep the others from it.
pub(in crate::http::admin) async fn act(
    admin: Admin,
    State(gateway): State<Gateway>,
    request: Body,
) -> Result<Json<Outcome>, Problem> {
    let fields = Fields::read(request, IMPORT_LIMIT).await?;
    fields.only(&["action", "ids", "filter", "tags", "project", "after", "limit"])?;
    let action = fields.required("action")?;
    let deed = deed(action, &fields)?;
    let (ids, next) = targets(&gateway, &fields, &deed).await?;
    let at_once = if deed == Deed::Test { TESTS_AT_ONCE } else { 1 };
    let each = stream::iter(ids).map(|id| one(&gateway, &deed, id)).buffered(at_once);
    let results: Vec<Done> = each.collect().await;
    let failed = results.iter().filter(|done| !done.ok).count();
    let ids: Vec<&str> = results.iter().map(|done| done.id.as_str()).collect();
    let done = results.len() - failed;
    admin.changed(Change::made(
        &serde_json::json!({ "action": action, "done": done, "failed": failed, "ids": ids }),
    ));
    Ok(Json(Outcome { action: action.to_owned(), done, failed, results, next }))
}

fn deed(action: &str, fields: &Fields) -> Result<Deed, Problem> {
    let tags = words::tags(fields, "tags")?;
    if matches!(action, "tag" | "untag") && tags.is_empty() {
        return Err(Problem::field("tags", "is required for this action"));
    }
    Ok(match action {
        "test" => Deed::Test,
        "enable" => Deed::Enable,
        "disable" => Deed::Disable,
        "tag" => Deed::Words(WordsChange { tagged: tags, ..WordsChange::default() }),
        "untag" => Deed::Words(WordsChange { untagged: tags, ..WordsChange::default() }),
        "move" => Deed::Move(fields.required("project")?.to_owned()),
        "reset" => Deed::Reset,
        "delete" => Deed::Delete,
        _ => return Err(Problem::field("action", ACTIONS)),
    })
}

/// The keys that are meant, by their ids or by a filter.
async fn targets(
    gateway: &Gateway,
    fields: &Fields,
    deed: &Deed,
) -> Result<(Vec<KeyId>, Option<String>), Problem> {
    let most = if *deed == Deed::Test { MOST_TESTS } else { MOST };
    match (fields.value("ids"), fields.object("filter")?) {
        (Some(ids), None) => Ok((listed(ids, most)?, None)),
        (None, Some(filter)) => {
            let (filter, state) = meant(filter)?;
            let after = fields.text("after")?;
            if after.is_some_and(|id| !path::is_id(id)) {
                return Err(Problem::field("after", "must be the `next` of the request before"));
            }
            let limit = fields.whole("limit", 1..=most as u64)?.and_then(|limit| usize::try_from(limit).ok());
            let after = after.map(KeyId::from);
            let limit = limit.unwrap_or(most);
            let found = gateway.keyring.find(&filter, state, after.as_ref(), limit).await?;
            let ids = found.keys.into_iter().map(|key| key.row.id).collect();
            Ok((ids, found.next.map(|id| id.to_string())))
        }
        _ => Err(Problem::unprocessable("Say which keys are meant: either `ids` or `filter`.")),
    }
}

fn listed(ids: &Value, most: usize) -> Result<Vec<KeyId>, Problem> {
    let ids = words::texts(ids).filter(|ids| ids.iter().all(|id| path::is_id(id)));
    let ids = ids.ok_or_else(|| Problem::field("ids", "must be a list of ids of keys"))?;
    if ids.is_empty() || ids.len() > most {
        let why = format!("must be 1 to {most} ids; send more in several requests");
        return Err(Problem::field("ids", &why));
    }
    let mut once: Vec<KeyId> = ids.into_iter().map(KeyId::from).collect();
    once.sort_unstable();
    once.dedup();
    Ok(once)
}

fn meant(filter: &Map<String, Value>) -> Result<(KeyFilter, Option<&str>), Problem> {
    const NAMES: [&str; 4] = ["tag", "project", "enabled", "state"];
    // Nothing is not everything: a filter that was forgotten must not delete the pool.
    if filter.is_empty() || filter.keys().any(|name| !NAMES.contains(&name.as_str())) {
        let why = "must have one or more of `tag`, `project`, `enabled` and `state`, and nothing else";
        return Err(Problem::field("filter", why));
    }
    list::filter(|name| match filter.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(Value::Bool(true)) => Ok(Some("true")),
        Some(Value::Bool(false)) => Ok(Some("false")),
        Some(_) => Err(Problem::field(name, "must be a text")),
    })
}

async fn one(gateway: &Gateway, deed: &Deed, id: KeyId) -> Done {
    let keyring = &gateway.keyring;
    let done: Result<Option<KeyView>, RollError> = match deed {
        Deed::Test => return test(gateway, id).await,
        Deed::Enable => keyring.enable(&id, true).await.map(Some).map_err(RollError::from),
        Deed::Disable => keyring.enable(&id, false).await.map(Some).map_err(RollError::from),
        Deed::Words(change) => keyring.describe(&id, change).await.map(Some),
        Deed::Move(project) => keyring.move_key(&id, project).await.map(Some),
        Deed::Reset => keyring.reset(&id).await.map(Some).map_err(RollError::from),
        Deed::Delete => keyring.delete(&id).await.map(|()| None).map_err(RollError::from),
    };
    told(&id, done)
}

fn told(id: &KeyId, done: Result<Option<KeyView>, RollError>) -> Done {
    let id = id.to_string();
    match done {
        Ok(view) => Done { id, ok: true, error: None, state: view.map(|view| view.state().to_owned()) },
        Err(error) => Done { id, ok: false, error: Some(Problem::from(error).detail), state: None },
    }
}

async fn test(gateway: &Gateway, id: KeyId) -> Done {
    let checked = match gateway.keyring.check(&id).await {
        Ok(checked) => checked,
        Err(error) => return told(&id, Err(error.into())),
    };
    let done = told(&id, gateway.keyring.show(&id).await.map(Some).map_err(RollError::from));
    if checked.works {
        return done;
    }
    let said = Some(checked.message).filter(|message| !message.is_empty());
    let error = said.map_or(checked.finding.to_owned(), |said| format!("{}: {said}", checked.finding));
    Done { ok: false, error: Some(error), ..done }
}
