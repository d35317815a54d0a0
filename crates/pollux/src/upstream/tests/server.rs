//! A server that says exactly what a test wants said.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;

/// Handles each connection with `handle`; returns the server's address as a URL.
pub(super) async fn serve<F, R>(handle: F) -> String
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    Handle::current().spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            Handle::current().spawn(handle(stream));
        }
    });
    url
}

/// One request, head and body, as text.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = Vec::new();
    loop {
        let seen = String::from_utf8_lossy(&text);
        if let Some((head, body)) = seen.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return seen.into_owned();
            }
        }
        if stream.read_buf(&mut text).await.unwrap() == 0 {
            return String::from_utf8(text).unwrap();
        }
    }
}

/// The head of an answer, with one more header line.
pub(super) async fn head(stream: &mut (impl AsyncWrite + Unpin), status: &str, header: &str) {
    let text = format!("HTTP/1.1 {status}\r\n{header}\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// A whole answer. The client may hang up in the middle.
pub(super) async fn answer(stream: &mut (impl AsyncWrite + Unpin), status: &str, body: &str) {
    head(stream, status, &format!("content-length: {}", body.len())).await;
    let _hung_up = stream.write_all(body.as_bytes()).await;
    let _hung_up = stream.flush().await;
}

/// Waits until the other side hangs up.
pub(super) async fn until_closed(stream: &mut (impl AsyncRead + Unpin)) {
    let mut rest = Vec::new();
    let _either_way = stream.read_to_end(&mut rest).await;
}
