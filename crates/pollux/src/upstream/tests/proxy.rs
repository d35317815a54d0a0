//! Egress through HTTP and SOCKS 5 proxies.

use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;

/// An HTTP proxy that answers `status`, and on 200 becomes a tunnel. Reports what it was asked.
async fn http_proxy(status: &'static str) -> (String, UnboundedReceiver<String>) {
    let (seen, asked) = unbounded_channel();
    let url = serve(move |mut stream| {
        let seen = seen.clone();
        async move {
            let request = read(&mut stream).await;
            let target = request.split(' ').nth(1).map(String::from).unwrap_or_default();
            seen.send(request).unwrap();
            head(&mut stream, status, "x-proxy: test").await;
            if status.starts_with("200") {
                let mut onward = TcpStream::connect(target).await.unwrap();
                let _hung_up = copy_bidirectional(&mut stream, &mut onward).await;
            }
        }
    })
    .await;
    (url, asked)
}

/// A SOCKS 5 proxy that wants `user` and `pass`, and connects to `onward` whatever name it is told. Reports the name.
async fn socks_proxy(onward: String, code: u8) -> (String, UnboundedReceiver<String>) {
    let (seen, asked) = unbounded_channel();
    let url = serve(move |mut stream| {
        let (seen, onward) = (seen.clone(), onward.clone());
        async move {
            let mut hello = [0; 3];
            stream.read_exact(&mut hello).await.unwrap();
            assert_eq!(hello, [5, 1, 2]);
            stream.write_all(&[5, 2]).await.unwrap();
            let mut login = [0; 11];
            stream.read_exact(&mut login).await.unwrap();
            let right = login == *b"\x01\x04user\x04pass";
            stream.write_all(&[1, u8::from(!right)]).await.unwrap();
            let mut start = [0; 5];
            if stream.read_exact(&mut start).await.is_err() {
                return;
            }
            let mut rest = vec![0; usize::from(start[4]) + 2];
            stream.read_exact(&mut rest).await.unwrap();
            seen.send(String::from_utf8_lossy(&rest[..rest.len() - 2]).into_owned()).unwrap();
            stream.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            let mut onward = TcpStream::connect(onward).await.unwrap();
            let _hung_up = copy_bidirectional(&mut stream, &mut onward).await;
        }
    })
    .await;
    (url.replace("http://", "socks5://user:pass@"), asked)
}

async fn target() -> String {
    serve(|mut stream| async move {
        read(&mut stream).await;
        answer(&mut stream, "200 OK", "through").await;
    })
    .await
}

fn through(proxy: &str, base_url: &str) -> Upstream {
    let egress = vec![proxy.parse().unwrap()];
    Upstream::new(&Settings { egress, ..settings(base_url) }).unwrap()
}

#[tokio::test]
async fn an_http_proxy_lets_through() {
    let target = target().await;
    let (proxy, mut asked) = http_proxy("200 Connection established").await;
    let upstream = through(&proxy.replace("http://", "http://me:p%20w@"), &target);
    assert_eq!(post(&upstream, None).await.unwrap().collect(9).await.unwrap(), "through");
    let request = asked.recv().await.unwrap();
    let host = target.trim_start_matches("http://");
    assert!(request.starts_with(&format!("CONNECT {host} HTTP/1.1\r\n")), "{request}");
    assert!(request.contains("proxy-authorization: Basic bWU6cCB3\r\n"), "{request}");
    assert!(!request.contains("canary"), "the key is not for the proxy: {request}");
}

#[tokio::test]
async fn an_http_proxy_refuses() {
    for (line, status) in [("407 Proxy Authentication Required", 407), ("502 Bad Gateway", 502)] {
        let (proxy, _asked) = http_proxy(line).await;
        let error = post(&through(&proxy, &target().await), None).await.unwrap_err();
        assert!(matches!(error, SendError::Proxy { status: Some(seen), .. } if seen == status), "{error}");
        assert!(error.is_network() && error.proves_not_executed());
    }
}

#[tokio::test]
async fn an_http_proxy_hangs_up_or_is_silent() {
    let rude = serve(|mut stream| async move { drop(read(&mut stream).await) }).await;
    let error = post(&through(&rude, &target().await), None).await.unwrap_err();
    assert!(matches!(error, SendError::Proxy { status: None, .. }), "{error}");
    let silent = serve(|mut stream| async move { until_closed(&mut stream).await }).await;
    let mut settings = settings(&target().await);
    settings.egress = vec![silent.parse().unwrap()];
    settings.connect_timeout = SHORT;
    let error = post(&Upstream::new(&settings).unwrap(), None).await.unwrap_err();
    assert_eq!(error, SendError::ConnectTimeout);
}

#[tokio::test]
async fn a_socks_proxy_lets_through_and_looks_up_names() {
    let target = target().await;
    let (proxy, mut asked) = socks_proxy(target.replace("http://", ""), 0).await;
    let upstream = through(&proxy, "http://google.invalid:8080");
    assert_eq!(post(&upstream, None).await.unwrap().collect(9).await.unwrap(), "through");
    assert_eq!(asked.recv().await.unwrap(), "google.invalid");
}

#[tokio::test]
async fn a_socks_proxy_refuses() {
    let (proxy, _asked) = socks_proxy(target().await.replace("http://", ""), 5).await;
    for address in [proxy.clone(), proxy.replace("pass@", "nope@")] {
        let error = post(&through(&address, "http://google.invalid"), None).await.unwrap_err();
        assert!(matches!(error, SendError::Proxy { status: None, .. }), "{error}");
    }
}
