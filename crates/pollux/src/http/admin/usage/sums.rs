//! `GET /admin/usage?by=hour|user|project|key|model|outcome` with filters: sums of whole hours, by group and together.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::{self, Moment};
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::asked::Asked;
use crate::http::guard::Viewer;
use crate::store::usage::{By, Group, Spread, Sums, UsageFilter};

const FILTERS: [&str; 10] =
    ["by", "from", "until", "user", "key", "project", "model", "outcome", "after", "limit"];

/// Sums by group, and what they are altogether.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::admin) struct Usage {
    data: Vec<Entry>,
    /// What to give as `after` for the next page; null after the last.
    next: Option<String>,
    /// All calls of the filter, those of other pages included.
    total: Totals,
}

/// The sums of a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageGroup)]
struct Entry {
    /// The start of the hour, an id, or a name.
    group: String,
    #[serde(flatten)]
    totals: Totals,
}

/// What calls used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageTotals)]
struct Totals {
    calls: i64,
    input_tokens: i64,
    cached_tokens: i64,
    output_tokens: i64,
    thinking_tokens: i64,
    tool_use_tokens: i64,
    cost_microdollars: i64,
    /// To the first event with content.
    first_event_ms: Times,
    /// To the end.
    total_ms: Times,
}

/// How long something took; null of nothing. Percentiles are interpolated from twelve bins.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageTimes)]
struct Times {
    mean: Option<i64>,
    p50: Option<i64>,
    p95: Option<i64>,
    p99: Option<i64>,
}

/// Sums of the hours and calls that are asked for.
pub(in crate::http::admin) async fn sums(
    _: Viewer,
    State(gateway): State<Gateway>,
    asked: Asked,
) -> Result<Json<Usage>, Problem> {
    asked.only(&FILTERS)?;
    gateway.journal.caught_up().await;
    let by = by(asked.given("by").unwrap_or("hour"))?;
    let filter = UsageFilter {
        from: asked.moment("from")?,
        until: asked.moment("until")?,
        user: asked.text("user")?,
        key: asked.text("key")?,
        project: asked.text("project")?,
        model: asked.text("model")?,
        outcome: asked.text("outcome")?,
    };
    let limit = asked.limit()?;
    let after = after(&asked, by)?;
    let (groups, total) = tokio::try_join!(
        gateway.store.usage_sums(&filter, by, after.as_ref(), limit),
        gateway.store.usage_sum(&filter),
    )?;
    let next = groups.last().filter(|_| groups.len() >= limit).map(|(group, _)| written(group));
    let data = groups.into_iter().map(|(group, sums)| Entry { group: shown(group), totals: sums.into() });
    Ok(Json(Usage { data: data.collect(), next, total: total.into() }))
}

fn by(word: &str) -> Result<By, Problem> {
    match word {
        "hour" => Ok(By::Hour),
        "user" => Ok(By::User),
        "project" => Ok(By::Project),
        "key" => Ok(By::Key),
        "model" => Ok(By::Model),
        "outcome" => Ok(By::Outcome),
        _ => Err(Problem::field("by", "must be `hour`, `user`, `project`, `key`, `model` or `outcome`")),
    }
}

fn after(asked: &Asked, by: By) -> Result<Option<Group>, Problem> {
    let Some(text) = asked.text("after")? else { return Ok(None) };
    let wrong = || Problem::field("after", "must be the `next` of the page before");
    match by {
        By::Hour => text.parse().map(|ms| Some(Group::Hour(ms))).map_err(|_| wrong()),
        By::Project | By::Key | By::User | By::Model | By::Outcome => {
            text.strip_prefix('~').map(|name| Some(Group::Name(name.to_owned()))).ok_or_else(wrong)
        }
    }
}

/// As the next page is asked for; a name may be empty.
fn written(group: &Group) -> String {
    match group {
        Group::Hour(ms) => ms.to_string(),
        Group::Name(name) => format!("~{name}"),
    }
}

fn shown(group: Group) -> String {
    match group {
        Group::Hour(ms) => clock::iso(Moment(ms)),
        Group::Name(name) => name,
    }
}

impl From<Sums> for Totals {
    fn from(sums: Sums) -> Self {
        let Sums {
            calls,
            input_tokens,
            cached_tokens,
            output_tokens,
            thinking_tokens,
            tool_use_tokens,
            cost_microdollars,
            first_event,
            total,
        } = sums;
        Self {
            calls,
            input_tokens,
            cached_tokens,
            output_tokens,
            thinking_tokens,
            tool_use_tokens,
            cost_microdollars,
            first_event_ms: first_event.into(),
            total_ms: total.into(),
        }
    }
}

impl From<Spread> for Times {
    fn from(spread: Spread) -> Self {
        Self {
            mean: spread.mean_ms(),
            p50: spread.percentile_ms(0.5),
            p95: spread.percentile_ms(0.95),
            p99: spread.percentile_ms(0.99),
        }
    }
}
