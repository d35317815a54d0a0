//! Connections that fail, break or fall silent.

use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn a_name_that_cannot_exist() {
    let error = post(&upstream(format!("http://{}.example", "x".repeat(64))), None).await.unwrap_err();
    assert_eq!(
        (error.label(), error.is_network(), error.proves_not_executed()),
        ("dns", true, true),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = post(&upstream(url), None).await.unwrap_err();
    assert_eq!(
        (error.label(), error.is_network(), error.proves_not_executed()),
        ("connect", true, true),
        "{error}"
    );
}

/// What the server does after the request, and what the caller is told of it.
#[tokio::test]
async fn an_answer_that_never_becomes_one() {
    let table =
        [("", "reset", true), ("HTTP/1.1 200", "reset", true), ("SSH-2.0-x\r\n\r\n", "bad_response", true)];
    for (said, label, network) in table {
        let url = serve(move |mut stream| async move {
            read(&mut stream).await;
            stream.write_all(said.as_bytes()).await.unwrap();
        })
        .await;
        let error = post(&upstream(url), None).await.unwrap_err();
        let facts = (error.label(), error.is_network(), error.proves_not_executed());
        assert_eq!(facts, (label, network, false), "{said}: {error}");
        assert!(!error.to_string().contains("canary"));
    }
}

#[tokio::test]
async fn a_body_that_breaks() {
    let table = [
        ("content-length: 9", "abc", "reset"),
        ("transfer-encoding: chunked", "3\r\nabc\r\n", "reset"),
        ("transfer-encoding: chunked", "3\r\nabc\r\nXYZ\r\n", "bad_response"),
    ];
    for (header, body, label) in table {
        let url = serve(move |mut stream| async move {
            read(&mut stream).await;
            head(&mut stream, "200 OK", header).await;
            stream.write_all(body.as_bytes()).await.unwrap();
        })
        .await;
        let mut response = post(&upstream(url), None).await.unwrap();
        assert_eq!(response.chunk().await.unwrap().unwrap(), "abc");
        let error = response.chunk().await.unwrap_err();
        let facts = (error.label(), error.is_network(), error.proves_not_executed());
        assert_eq!(facts, (label, true, false), "{header}: {error}");
    }
}

/// How much the server says before it falls silent, the waits (first event, idle, total), and the verdict.
#[tokio::test]
async fn silence() {
    let table = [
        ("", (SHORT, LONG, LONG), "first_byte_timeout"),
        ("", (LONG, LONG, SHORT), "total_timeout"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", (SHORT, LONG, LONG), "first_byte_timeout"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", (LONG, SHORT, LONG), "idle_timeout"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", (LONG, LONG, SHORT), "total_timeout"),
    ];
    for (said, (first_event, idle, total), label) in table {
        let url = serve(move |mut stream| async move {
            read(&mut stream).await;
            stream.write_all(said.as_bytes()).await.unwrap();
            until_closed(&mut stream).await;
        })
        .await;
        let told = match post(&upstream(url), Some(Deadlines { first_event, idle, total })).await {
            Err(error) => {
                assert!(!error.is_network() && !error.proves_not_executed());
                error.label()
            }
            Ok(response) => {
                let error = response.collect(9).await.unwrap_err();
                assert!(!error.is_network());
                error.label()
            }
        };
        assert_eq!(told, label, "{said:?}");
    }
}
