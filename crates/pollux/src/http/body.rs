//! Reading a request's body, up to a limit.

use std::error::Error;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// Longer than this many bytes.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The client went away or broke the protocol.
    Broken,
    /// It came too slowly.
    Slow,
    /// The gateway holds as much as it can.
    NoRoom,
}

/// What a body ends with that came too slowly.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body came too slowly")]
pub(super) struct TooSlow;

/// What a body ends with that there is no room for.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("there is no room for the body")]
pub(super) struct NoRoom;

/// The whole body, if it is not longer than `limit` bytes.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, BodyError> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if is::<LengthLimitError>(&*error) => Err(BodyError::TooLarge { limit }),
        Err(error) if is::<TooSlow>(&*error) => Err(BodyError::Slow),
        Err(error) if is::<NoRoom>(&*error) => Err(BodyError::NoRoom),
        Err(_) => Err(BodyError::Broken),
    }
}

/// Whether an error, or one that caused it, is of this kind.
fn is<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<E>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_at_the_limit_is_read_and_one_over_it_is_not() {
        assert_eq!(read(Body::from("12345"), 5).await, Ok(Bytes::from_static(b"12345")));
        assert_eq!(read(Body::from("123456"), 5).await, Err(BodyError::TooLarge { limit: 5 }));
    }
}
