//! `Upstream` against small servers on ports of the system's choosing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use tokio::io::AsyncWriteExt;

use super::*;
use server::{answer, head, read, serve, until_closed};

mod broken;
mod http2;
mod pipes;
mod proxy;
mod secure;
mod server;

const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(30);

fn settings(base_url: &str) -> Settings {
    Settings { base_url: base_url.parse().unwrap(), ..Settings::default() }
}

fn upstream(base_url: impl AsRef<str>) -> Upstream {
    Upstream::new(&settings(base_url.as_ref())).unwrap()
}

/// Posts a small body with a canary key.
async fn post(upstream: &Upstream, deadlines: Option<Deadlines>) -> Result<Response, SendError> {
    let key = Secret::new(String::from("AQ.canary"));
    let body = Bytes::from_static(b"{\"contents\":[]}");
    let mut request = Request::new(Method::POST, "/v1beta/models/m:generateContent?alt=sse", &key, body);
    request.deadlines = deadlines;
    request.headers = &[("x-goog-user-project", "p1")];
    upstream.send(request).await
}

#[tokio::test]
async fn a_call_carries_one_credential_and_no_stranger() {
    let (seen, mut requests) = tokio::sync::mpsc::unbounded_channel();
    let url = serve(move |mut stream| {
        let seen = seen.clone();
        async move {
            seen.send(read(&mut stream).await).unwrap();
            answer(&mut stream, "200 OK", "done").await;
        }
    })
    .await;
    let response = post(&upstream(&url), None).await.unwrap();
    assert_eq!((response.status.as_u16(), response.egress), (200, EgressId(0)));
    assert!(response.timings.head < LONG);
    assert_eq!(response.collect(4).await.unwrap(), "done");
    let request = requests.recv().await.unwrap().replace(url.trim_start_matches("http://"), "HOST");
    insta::assert_snapshot!(request.replace('\r', "").replace(env!("CARGO_PKG_VERSION"), "VERSION"), @r#"
    POST /v1beta/models/m:generateContent?alt=sse HTTP/1.1
    x-goog-api-key: AQ.canary
    accept-encoding: identity
    user-agent: pollux/VERSION
    content-type: application/json
    x-goog-user-project: p1
    host: HOST
    content-length: 15

    {"contents":[]}
    "#);
}

#[tokio::test]
async fn connections_are_reused_and_a_dead_one_does_no_harm() {
    let (closed, mut endings) = tokio::sync::mpsc::unbounded_channel();
    let opened = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&opened);
    let url = serve(move |mut stream| {
        let closed = closed.clone();
        counter.fetch_add(1, Ordering::SeqCst);
        async move {
            for _ in 0..2 {
                read(&mut stream).await;
                answer(&mut stream, "200 OK", "done").await;
            }
            drop(stream);
            closed.send(()).unwrap();
        }
    })
    .await;
    let reused = upstream(url);
    for _ in 0..2 {
        assert_eq!(post(&reused, None).await.unwrap().collect(9).await.unwrap(), "done");
    }
    assert_eq!(opened.load(Ordering::SeqCst), 1);
    // The server hangs up after two answers; once the runtime has looked at its sockets, the third call dials anew.
    endings.recv().await.unwrap();
    let elsewhere = serve(|mut stream| async move { answer(&mut stream, "200 OK", "").await }).await;
    let _looked = post(&upstream(elsewhere), None).await;
    assert_eq!(post(&reused, None).await.unwrap().status, 200);
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_large_body_arrives_whole_or_is_refused() {
    const SIZE: usize = 20 << 20;
    let url = serve(|mut stream| async move {
        read(&mut stream).await;
        answer(&mut stream, "200 OK", &"x".repeat(SIZE)).await;
    })
    .await;
    let large = upstream(url);
    assert_eq!(post(&large, None).await.unwrap().collect(SIZE).await.unwrap().len(), SIZE);
    let refused = post(&large, None).await.unwrap().collect(SIZE - 1).await.unwrap_err();
    assert_eq!(refused, BodyError::TooLarge { limit: SIZE - 1 });
    let url = serve(|mut stream| async move {
        read(&mut stream).await;
        head(&mut stream, "200 OK", "transfer-encoding: chunked").await;
        stream.write_all(b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n").await.unwrap();
    })
    .await;
    let unannounced = post(&upstream(url), None).await.unwrap().collect(5).await.unwrap_err();
    assert_eq!(unannounced.label(), "too_large");
}

#[tokio::test]
async fn dropping_ends_the_exchange_at_once() {
    for after_head in [true, false] {
        let (asked, mut question) = tokio::sync::mpsc::unbounded_channel();
        let (gone, mut end) = tokio::sync::mpsc::unbounded_channel();
        let url = serve(move |mut stream| {
            let (asked, gone) = (asked.clone(), gone.clone());
            async move {
                read(&mut stream).await;
                asked.send(()).unwrap();
                if after_head {
                    head(&mut stream, "200 OK", "transfer-encoding: chunked").await;
                    stream.write_all(b"3\r\nabc\r\n").await.unwrap();
                }
                until_closed(&mut stream).await;
                gone.send(()).unwrap();
            }
        })
        .await;
        let upstream = upstream(url);
        if after_head {
            let mut response = post(&upstream, None).await.unwrap();
            assert_eq!(response.chunk().await.unwrap().unwrap(), "abc");
            drop(response);
        } else {
            tokio::select! {
                _ = post(&upstream, None) => panic!("no answer was sent"),
                _ = question.recv() => {}
            }
        }
        end.recv().await.unwrap();
    }
}

#[tokio::test]
async fn several_ways_out_take_turns() {
    let proxies = ["http://a:1", "socks5://u:hunter2@b:2"].map(|text| text.parse().unwrap());
    let mut settings = settings("http://x");
    settings.egress = Vec::from(proxies);
    let upstream = Upstream::new(&settings).unwrap();
    let labels: Vec<_> = upstream.egress().collect();
    assert_eq!(labels, [(EgressId(0), "http://a:1"), (EgressId(1), "socks5://b:2")]);
    let turns = [(); 3].map(|()| upstream.next_egress().0);
    assert_eq!(turns, [0, 1, 0]);
    assert!(!format!("{upstream:?} {settings:?}").contains("hunter2"));
    let key = Secret::new(String::from("k"));
    let mut request = Request::new(Method::GET, "/", &key, Bytes::new());
    request.egress = Some(EgressId(2));
    assert_eq!(upstream.send(request).await.unwrap_err().label(), "invalid");
}
