//! HTTP/2 without TLS: resets that prove something, and resets that do not.

use std::future::poll_fn;

use h2::Reason;
use h2::server::SendResponse;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc::unbounded_channel;

use super::*;

/// Handles each stream with `handle`, while the connection goes on.
async fn serve_streams<F, R>(handle: F) -> Upstream
where
    F: Fn(SendResponse<Bytes>) -> R + Clone + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let url = serve(move |stream| {
        let handle = handle.clone();
        async move {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((_request, respond))) = connection.accept().await {
                tokio::runtime::Handle::current().spawn(handle(respond));
            }
        }
    })
    .await;
    Upstream::new(&Settings { http: HttpVersion::Http2, ..settings(&url) }).unwrap()
}

#[tokio::test]
async fn only_refused_streams_prove_that_nothing_ran() {
    for (reason, label, safe) in
        [(Reason::REFUSED_STREAM, "refused", true), (Reason::INTERNAL_ERROR, "reset", false)]
    {
        let upstream = serve_streams(move |mut respond| async move { respond.send_reset(reason) }).await;
        let error = post(&upstream, None).await.unwrap_err();
        assert_eq!((error.label(), error.proves_not_executed()), (label, safe), "{error}");
    }
}

#[tokio::test]
async fn a_goaway_that_excludes_the_stream_refuses_it() {
    let url = serve(|mut stream| async move {
        // The preface, then SETTINGS and HEADERS of some length: enough to know that the request was written.
        stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"{\"contents\":[]}") {
            stream.read_buf(&mut seen).await.unwrap();
        }
        stream.write_all(&[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).await.unwrap();
        until_closed(&mut stream).await;
    })
    .await;
    let upstream = Upstream::new(&Settings { http: HttpVersion::Http2, ..settings(&url) }).unwrap();
    let error = post(&upstream, None).await.unwrap_err();
    assert_eq!((error.label(), error.proves_not_executed()), ("refused", true), "{error}");
}

#[tokio::test]
async fn a_stream_reset_in_the_middle() {
    let upstream = serve_streams(|mut respond| async move {
        let mut body = respond.send_response(http::Response::new(()), false).unwrap();
        body.send_data(Bytes::from_static(b"abc"), false).unwrap();
        // Resetting at once would overtake the data.
        body.reserve_capacity(1);
        poll_fn(|context| body.poll_capacity(context)).await.unwrap().unwrap();
        tokio::task::yield_now().await;
        body.send_reset(Reason::INTERNAL_ERROR);
    })
    .await;
    let mut response = post(&upstream, None).await.unwrap();
    assert_eq!(response.version, http::Version::HTTP_2);
    let error = loop {
        match response.chunk().await {
            Ok(piece) => assert_eq!(piece.unwrap(), "abc"),
            Err(error) => break error,
        }
    };
    assert_eq!((error.label(), error.is_network()), ("reset", true), "{error}");
}

#[tokio::test]
async fn dropping_resets_the_stream_and_keeps_the_connection() {
    let (gone, mut reasons) = unbounded_channel();
    let upstream = serve_streams(move |mut respond| {
        let gone = gone.clone();
        async move {
            let mut body = respond.send_response(http::Response::new(()), false).unwrap();
            gone.send(poll_fn(|context| body.poll_reset(context)).await).unwrap();
        }
    })
    .await;
    for _ in 0..2 {
        drop(post(&upstream, None).await.unwrap());
        assert_eq!(reasons.recv().await.unwrap().unwrap(), Reason::CANCEL);
    }
}
