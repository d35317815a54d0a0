//! `GET /admin/requests?from&until&user&key&project&model&outcome&after&limit`: calls, newest first.

use axum::Json;
use axum::extract::State;

use super::{Call, FILTERS, filter, place};
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::admin::asked::{Asked, write_place};
use crate::http::admin::page::Listed;
use crate::http::guard::Viewer;

/// One page of calls.
pub(in crate::http::admin) async fn page(
    _: Viewer,
    State(gateway): State<Gateway>,
    asked: Asked,
) -> Result<Json<Listed<Call>>, Problem> {
    asked.only(&FILTERS)?;
    let limit = asked.limit()?;
    gateway.journal.caught_up().await;
    let calls = gateway.store.list_calls(&filter(&asked)?, asked.place()?.as_ref(), limit).await?;
    let next = calls.last().filter(|_| calls.len() >= limit).map(|last| write_place(&place(last)));
    let data = calls.into_iter().map(|record| Call::new(&gateway, record)).collect();
    Ok(Json(Listed { data, next }))
}
