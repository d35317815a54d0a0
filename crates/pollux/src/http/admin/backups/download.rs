//! `POST /admin/backups/{name}/download`: a backup as a file. Secrets in it are sealed; the master key is not in it.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::{failed, folder};
use crate::http::Gateway;
use crate::http::admin::Problem;
use crate::http::guard::Admin;

const PIECE: usize = 64 << 10;

/// Sends it in pieces.
pub(in crate::http::admin) async fn download(
    admin: Admin,
    State(gateway): State<Gateway>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let path = folder(&gateway)?.path(&name).ok_or_else(|| Problem::missing("backup"))?;
    let file = File::open(path).await.map_err(|error| failed(&error))?;
    let length = file.metadata().await.map_err(|error| failed(&error))?.len();
    tracing::info!(operator = admin.name(), name, "a backup is downloaded");
    let pieces = stream::try_unfold(file, |mut file| async move {
        let mut piece = Vec::with_capacity(PIECE);
        let read = (&mut file).take(PIECE as u64).read_to_end(&mut piece).await?;
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}
