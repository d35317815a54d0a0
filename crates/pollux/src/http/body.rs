//! Reading a request's body, up to a limit.

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
}

/// The whole body, if it is not longer than `limit` bytes.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, BodyError> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            Err(BodyError::TooLarge { limit })
        }
        Err(_) => Err(BodyError::Broken),
    }
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
