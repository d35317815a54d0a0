//! Hostile URLs, answers of name servers and redirects: refused, and nobody connected to.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Caps, Fetched, Media, Network, Refused, Wire};

/// A public address: nothing in these tests leaves the process.
const PUBLIC: &str = "93.184.215.14";
const CAPS: Caps = Caps { bytes: 1_000, time: Duration::from_secs(10) };
const PICTURE: &str = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 4\r\n\r\n\u{1}PNG";

/// A network in which every look-up and every connection is counted.
#[derive(Debug, Default)]
struct Fake {
    /// What a name server says, one answer after the other; the last one again and again.
    names: HashMap<&'static str, Vec<Vec<IpAddr>>>,
    /// What the host at every address answers.
    answer: String,
    /// Whether it never ends.
    silent: bool,
    looked_up: Mutex<Vec<String>>,
    connected: Mutex<Vec<IpAddr>>,
}

impl Fake {
    fn answering(answer: &str) -> Self {
        let one = |address: &str| vec![vec![address.parse().unwrap()]];
        let names = HashMap::from([
            ("public.example", one(PUBLIC)),
            ("private.example", one("10.0.0.1")),
            ("loop.example", one("127.0.0.1")),
            ("meta.example", one("169.254.169.254")),
            ("carrier.example", one("100.64.0.1")),
            ("six.example", one("::1")),
            ("mapped.example", one("::ffff:10.0.0.1")),
            ("compatible.example", one("::10.0.0.1")),
            ("translated.example", one("64:ff9b::a00:1")),
            ("sixtofour.example", one("2002:a00:1::")),
            ("unique.example", one("fd00:ec2::254")),
            ("link.example", one("fe80::1")),
            ("nothing.example", one("0.0.0.0")),
            ("all.example", one("224.0.0.1")),
            ("mixed.example", vec![vec![PUBLIC.parse().unwrap(), "192.168.0.1".parse().unwrap()]]),
            ("empty.example", vec![vec![]]),
            ("turning.example", vec![vec!["10.0.0.1".parse().unwrap()], vec![PUBLIC.parse().unwrap()]]),
            ("rebinding.example", vec![vec![PUBLIC.parse().unwrap()], vec!["10.0.0.1".parse().unwrap()]]),
        ]);
        Self { names, answer: answer.to_owned(), ..Self::default() }
    }

    fn connected(&self) -> Vec<String> {
        self.connected.lock().unwrap().iter().map(ToString::to_string).collect()
    }
}

#[async_trait]
impl Network for Fake {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut looked_up = self.looked_up.lock().unwrap();
        let before = looked_up.iter().filter(|other| *other == name).count();
        looked_up.push(name.to_owned());
        let answers = self.names.get(name).ok_or_else(|| io::Error::other("no such name"))?;
        Ok(answers[before.min(answers.len() - 1)].clone())
    }

    async fn connect(&self, address: IpAddr, _: &str) -> io::Result<Box<dyn Wire>> {
        self.connected.lock().unwrap().push(address);
        Ok(Box::new(Scripted {
            answer: self.answer.clone().into_bytes(),
            asked: Vec::new(),
            silent: self.silent,
            waker: None,
        }))
    }
}

/// A connection on which a request is answered with what was written beforehand.
struct Scripted {
    answer: Vec<u8>,
    asked: Vec<u8>,
    silent: bool,
    waker: Option<Waker>,
}

impl AsyncRead for Scripted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.silent || !self.asked.ends_with(b"\r\n\r\n") {
            self.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        let length = self.answer.len().min(into.remaining());
        into.put_slice(&self.answer.drain(..length).collect::<Vec<u8>>());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Scripted {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.asked.extend_from_slice(bytes);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// URLs that lead inside, in every spelling that has fooled somebody.
const HOSTILE: [&str; 91] = [
    // Loopback.
    "https://127.0.0.1/x.png",
    "https://127.1/x.png",
    "https://127.0.1/x.png",
    "https://127.255.255.254/x.png",
    "https://127.0.0.1./x.png",
    "https://0x7f.0.0.1/x.png",
    "https://0x7f.1/x.png",
    "https://0x7f000001/x.png",
    "https://0177.0.0.1/x.png",
    "https://017700000001/x.png",
    "https://2130706433/x.png",
    "https://0/x.png",
    "https://0.0.0.0/x.png",
    "https://%31%32%37.0.0.1/x.png",
    "https://127%2e0%2e0%2e1/x.png",
    "https://①②⑦.⓪.⓪.①/x.png",
    "https://１２７.0.0.1/x.png",
    "https://127。0。0。1/x.png",
    // Private, shared, reserved.
    "https://10.0.0.1/x.png",
    "https://10.255.255.255/x.png",
    "https://012.0.0.1/x.png",
    "https://167772161/x.png",
    "https://172.16.0.1/x.png",
    "https://172.31.255.254/x.png",
    "https://192.168.0.1/x.png",
    "https://192.168.1/x.png",
    "https://0xc0a80001/x.png",
    "https://100.64.0.1/x.png",
    "https://198.18.0.1/x.png",
    "https://192.0.2.1/x.png",
    "https://203.0.113.7/x.png",
    "https://224.0.0.1/x.png",
    "https://240.0.0.1/x.png",
    "https://255.255.255.255/x.png",
    // Where clouds answer their own machines.
    "https://169.254.169.254/latest/meta-data/",
    "https://0xa9fea9fe/latest/meta-data/",
    "https://2852039166/latest/meta-data/",
    "https://0251.0376.0251.0376/latest/meta-data/",
    "https://169.254.43518/latest/meta-data/",
    "https://169.254.170.2/v2/credentials",
    "https://100.100.100.200/latest/meta-data/",
    "https://168.63.129.16/machine",
    "https://192.0.0.192/opc/v2/instance/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://metadata/computeMetadata/v1/",
    // IPv6.
    "https://[::1]/x.png",
    "https://[::]/x.png",
    "https://[0:0:0:0:0:0:0:1]/x.png",
    "https://[::ffff:127.0.0.1]/x.png",
    "https://[::ffff:7f00:1]/x.png",
    "https://[::ffff:a9fe:a9fe]/x.png",
    "https://[::127.0.0.1]/x.png",
    "https://[64:ff9b::7f00:1]/x.png",
    "https://[64:ff9b:1::a00:1]/x.png",
    "https://[2002:7f00:1::]/x.png",
    "https://[2001::1]/x.png",
    "https://[2001:db8::1]/x.png",
    "https://[fc00::1]/x.png",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://[fe80::1]/x.png",
    "https://[fe80::1%25eth0]/x.png",
    "https://[fec0::1]/x.png",
    "https://[ff02::1]/x.png",
    // Names of the inside.
    "https://localhost/x.png",
    "https://LOCALHOST/x.png",
    "https://localhost./x.png",
    "https://ⓛocalhost/x.png",
    "https://anything.localhost/x.png",
    "https://printer.local/x.png",
    "https://redis.internal/x.png",
    "https://gateway/x.png",
    "https://1.0.0.127.in-addr.arpa/x.png",
    // Tricks with what surrounds the host.
    "https://public.example@127.0.0.1/x.png",
    "https://127.0.0.1@public.example/x.png",
    "https://user:password@public.example/x.png",
    "https://127.0.0.1#@public.example/x.png",
    "https://127.0.0.1?@public.example/x.png",
    "https://127.0.0.1\\@public.example/x.png",
    "https:\\\\127.0.0.1\\x.png",
    "https:///127.0.0.1/x.png",
    "https:127.0.0.1/x.png",
    "https://public.example:22/x.png",
    "https://public.example:8443/x.png",
    "https://public.example\t.evil.example/x.png",
    "https://pub\nlic.example/x.png",
    "https://public.example/x.png\r\nHost: 127.0.0.1",
    // Other protocols.
    "http://public.example/x.png",
    "ftp://public.example/x.png",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "data:image/png;base64,AAAA",
];

/// Names whose name server leads inside, or nowhere.
const HOSTILE_NAMES: [&str; 17] = [
    "private.example",
    "loop.example",
    "meta.example",
    "carrier.example",
    "six.example",
    "mapped.example",
    "compatible.example",
    "translated.example",
    "sixtofour.example",
    "unique.example",
    "link.example",
    "nothing.example",
    "all.example",
    "mixed.example",
    "empty.example",
    "turning.example",
    "unknown.example",
];

#[tokio::test]
async fn nobody_is_connected_to_whom_a_hostile_url_means() {
    let names = HOSTILE_NAMES.map(|name| format!("https://{name}/x.png"));
    for url in HOSTILE.into_iter().map(str::to_owned).chain(names) {
        let network = Arc::new(Fake::answering(PICTURE));
        let fetched = Media::new(Arc::clone(&network) as _).fetch(&url, CAPS).await;
        assert!(matches!(fetched, Err(Refused::Url(_) | Refused::Host)), "{url:?}: {fetched:?}");
        assert_eq!(network.connected(), Vec::<String>::new(), "{url:?}");
    }
}

#[tokio::test]
async fn a_redirect_leads_nowhere_that_a_url_may_not() {
    let names = HOSTILE_NAMES.map(|name| format!("https://{name}/x.png"));
    let more = ["//127.0.0.1/x.png", "//[::1]/x.png", "//localhost/", "http://public.example/x.png"];
    let all = HOSTILE
        .into_iter()
        .chain(more)
        .filter(|url| !url.contains(['\r', '\n']))
        .map(str::to_owned)
        .chain(names);
    for status in [301, 302, 303, 307, 308] {
        for location in all.clone().filter(|location| location.is_ascii()) {
            // As it is told by a host, this is a path on the same host.
            if location == "https:127.0.0.1/x.png" {
                continue;
            }
            let answer =
                format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            let network = Arc::new(Fake::answering(&answer));
            let fetched = Media::new(Arc::clone(&network) as _).fetch("https://public.example/", CAPS).await;
            assert!(matches!(fetched, Err(Refused::Url(_) | Refused::Host)), "{location:?}: {fetched:?}");
            assert_eq!(network.connected(), [PUBLIC], "{location:?}");
        }
    }
}

#[tokio::test]
async fn a_name_is_asked_for_once_and_the_address_that_was_judged_is_connected_to() {
    let network = Arc::new(Fake::answering(PICTURE));
    let media = Media::new(Arc::clone(&network) as _);
    let fetched = media.fetch("https://rebinding.example/x.png", CAPS).await.unwrap();
    assert_eq!(fetched, Fetched { mime: "image/png".into(), bytes: b"\x01PNG".to_vec() });
    assert_eq!((network.connected(), network.looked_up.lock().unwrap().len()), (vec![PUBLIC.to_owned()], 1));
    // The next time its name server says otherwise.
    assert_eq!(media.fetch("https://rebinding.example/x.png", CAPS).await, Err(Refused::Host));
    assert_eq!(network.connected(), [PUBLIC]);

    // In the middle of redirects it turns as well.
    let answer = "HTTP/1.1 302 Again\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n";
    let network = Arc::new(Fake::answering(answer));
    let fetched = Media::new(Arc::clone(&network) as _).fetch("https://rebinding.example/", CAPS).await;
    assert_eq!((fetched, network.connected()), (Err(Refused::Host), vec![PUBLIC.to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn there_are_caps_on_redirects_size_type_status_and_time() {
    let ok = |kind: &str, rest: &str| format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{rest}");
    let long = "x".repeat(1_001);
    let chunk = "x".repeat(0x1f4);
    for (answer, expected) in [
        (
            "HTTP/1.1 302 Again\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n".to_owned(),
            Refused::Redirects(3),
        ),
        ("HTTP/1.1 302 Nowhere\r\ncontent-length: 0\r\n\r\n".to_owned(), Refused::Status(302)),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(), Refused::Status(404)),
        (
            "HTTP/1.1 206 Part\r\ncontent-type: image/png\r\ncontent-length: 1\r\n\r\nx".to_owned(),
            Refused::Status(206),
        ),
        ("SSH-2.0-OpenSSH_9.9\r\n".to_owned(), Refused::Broken),
        (String::new(), Refused::Broken),
        (ok("image/png", "content-length: 99\r\n\r\nx"), Refused::Broken),
        (ok("image/png", "content-encoding: gzip\r\ncontent-length: 1\r\n\r\nx"), Refused::Broken),
        (ok("image/png", &format!("content-length: 1001\r\n\r\n{long}")), Refused::Large(1_000)),
        (ok("image/png", &format!("\r\n{long}")), Refused::Large(1_000)),
        (
            ok(
                "image/png",
                &format!(
                    "transfer-encoding: chunked\r\n\r\n1f4\r\n{chunk}\r\n1f4\r\n{chunk}\r\n1\r\nx\r\n0\r\n\r\n"
                ),
            ),
            Refused::Large(1_000),
        ),
        (ok("text/html; charset=utf-8", "content-length: 1\r\n\r\nx"), Refused::Type("text/html".into())),
        (ok("application/json", "content-length: 2\r\n\r\n{}"), Refused::Type("application/json".into())),
    ] {
        let media = Media::new(Arc::new(Fake::answering(&answer)));
        assert_eq!(media.fetch("https://public.example/", CAPS).await, Err(expected), "{answer:?}");
    }
    let silent = Fake { silent: true, ..Fake::answering(PICTURE) };
    let slow = Media::new(Arc::new(silent)).fetch("https://public.example/", CAPS).await;
    assert_eq!(slow, Err(Refused::Slow(CAPS.time)));
    let at_the_cap = ok("Image/PNG; x=y", &format!("content-length: 1000\r\n\r\n{}", "x".repeat(1_000)));
    let fetched =
        Media::new(Arc::new(Fake::answering(&at_the_cap))).fetch("https://93.184.215.14/", CAPS).await;
    assert_eq!(
        fetched.map(|fetched| (fetched.mime, fetched.bytes.len())),
        Ok(("image/png".to_owned(), 1_000))
    );
}
