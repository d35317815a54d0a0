//! Real sockets, time that is turned by the runtime when all wait.

use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::stream;
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

use super::super::body;
use super::super::doors::TlsFiles;
use super::*;

pub(super) fn doors() -> Doors {
    Doors {
        header_timeout: Duration::from_secs(20),
        keep_alive: Duration::from_mins(5),
        body_timeout: Duration::from_secs(30),
        write_timeout: Duration::from_mins(1),
        connections: 10,
        per_address: 10,
        calls: 10,
        bodies: 1 << 20,
        tls: None,
    }
}

async fn echo(request: Body) -> String {
    match body::read(request, 1 << 20).await {
        Ok(bytes) => format!("{} bytes", bytes.len()),
        Err(error) => format!("{error:?}"),
    }
}

/// An answer that never ends.
async fn flood() -> Body {
    let piece = Bytes::from(vec![b'x'; 64 << 10]);
    Body::from_stream(stream::repeat_with(move || Ok::<_, Infallible>(piece.clone())))
}

/// A server, its address, and what ends it.
struct Running {
    address: SocketAddr,
    end: oneshot::Sender<()>,
    serving: JoinSet<()>,
}

impl Running {
    async fn start(doors: Doors) -> Self {
        let router = Router::new().route("/", get(|| async { "hello" }));
        let router = router.route("/echo", post(echo)).route("/flood", get(flood));
        let server = Arc::new(Server::new(router, doors, TrustedProxies::default()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let ended = async move { ended.await.unwrap() };
            server.serve(listener, ended).await.unwrap();
        });
        Self { address, end, serving }
    }

    async fn connect(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// Asks it to end, and waits until it has.
    async fn stop(mut self) {
        self.end.send(()).unwrap();
        self.serving.join_next().await.unwrap().unwrap();
    }
}

/// All that comes until the other side closes.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut all = Vec::new();
    // A reset is an end too.
    let _cut_or_closed = stream.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test(start_paused = true)]
async fn heads_that_do_not_end_are_cut() {
    let running = Running::start(doors()).await;
    let start = Instant::now();
    let mut nothing = running.connect("").await;
    let mut half = running.connect("GET / HTTP/1.1\r\nhost: a\r\nx-slow: ").await;
    assert_eq!((rest(&mut nothing).await, rest(&mut half).await), (String::new(), String::new()));
    let took = start.elapsed();
    assert!(took >= doors().header_timeout && took <= doors().header_timeout * 2, "{took:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_unused_connection_outlives_the_time_for_heads() {
    let running = Running::start(doors()).await;
    let mut stream = running.connect("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let start = Instant::now();
    let answer = rest(&mut stream).await;
    assert!(answer.ends_with("hello"), "{answer}");
    assert!(start.elapsed() >= doors().keep_alive, "{:?}", start.elapsed());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_coming_is_told_so() {
    let running = Running::start(doors()).await;
    let start = Instant::now();
    let mut stream =
        running.connect("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n12345").await;
    let answer = rest(&mut stream).await;
    assert!(answer.ends_with("Slow"), "{answer}");
    assert!(start.elapsed() >= doors().body_timeout && start.elapsed() < doors().body_timeout * 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_dribbles_for_ever_is_cut_too() {
    let running = Running::start(doors()).await;
    let head = "POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 500\r\n\r\n";
    let (mut reader, mut writer) = running.connect(head).await.into_split();
    let start = Instant::now();
    let mut answer = String::new();
    {
        let mut reading = pin!(rest(&mut reader));
        loop {
            tokio::select! {
                biased;
                text = &mut reading => {
                    answer.push_str(&text);
                    break;
                }
                () = sleep(Duration::from_secs(1)) => {
                    let _until_it_is_cut = writer.write_all(b"x").await;
                }
            }
        }
    }
    assert!(answer.contains("Slow") || answer.is_empty(), "{answer}");
    assert!(start.elapsed() < Duration::from_mins(2), "{:?}", start.elapsed());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_cut() {
    let running = Running::start(doors()).await;
    let mut stream = running.connect("GET /flood HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut first = [0; 16];
    stream.read_exact(&mut first).await.unwrap();
    // The server ends although the client is still there and its answer has no end: only because the client was cut.
    let start = Instant::now();
    running.stop().await;
    let took = start.elapsed();
    assert!(took >= doors().write_timeout && took <= doors().write_timeout * 2, "{took:?}");
    drop(stream);
}

#[tokio::test]
async fn there_are_so_many_places_and_no_more() {
    let running = Running::start(Doors { connections: 2, ..doors() }).await;
    let ask = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = running.connect(ask).await;
        let mut first = [0; 15];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        held.push(stream);
    }
    let mut third = running.connect("").await;
    let answer = rest(&mut third).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after"), "{answer}");
    drop(held);
    running.stop().await;
}

#[tokio::test]
async fn fifty_requests_at_once_on_one_connection_are_answered_in_order() {
    let running = Running::start(doors()).await;
    let one = |length: usize| {
        let body = "x".repeat(length);
        format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    let mut all: String = (1..=49).map(one).collect();
    all.push_str("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let answers = rest(&mut running.connect(&all).await).await;
    let places: Vec<_> = (1..=49).map(|length| answers.find(&format!("\r\n\r\n{length} bytes"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{answers}");
    assert!(answers.ends_with("hello"));
    running.stop().await;
}

#[tokio::test]
async fn heads_have_their_limits() {
    let running = Running::start(doors()).await;
    let long = format!("GET / HTTP/1.1\r\nhost: a\r\nx-long: {}\r\n\r\n", "x".repeat(MOST_HEAD as usize));
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x-many: 1\r\n".repeat(MOST_HEADERS));
    for head in [long, many] {
        let answer = rest(&mut running.connect(&head).await).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    running.stop().await;
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Whether the frames that came end with a GOAWAY of this code.
fn goes_away(mut frames: &[u8], code: u32) -> bool {
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = frames {
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let Some((payload, after)) = rest.split_at_checked(length) else { return false };
        if *kind == 7 && payload[4..8] == code.to_be_bytes() {
            return true;
        }
        frames = after;
    }
    false
}

/// Sends a flood over HTTP/2 while reading; all that came back until the end.
async fn flooded(running: &Running, flood: Vec<u8>) -> Vec<u8> {
    let (mut reader, mut writer) = running.connect("").await.into_split();
    let sending = async move {
        // The server closes in the middle of it.
        let _until_it_is_cut = writer.write_all(&[PREFACE, &frame(4, 0, 0, &[]), &flood].concat()).await;
        writer
    };
    let mut came = Vec::new();
    let reading = async {
        let _cut_or_closed = reader.read_to_end(&mut came).await;
    };
    drop(tokio::join!(sending, reading));
    came
}

#[tokio::test]
async fn streams_that_are_opened_and_reset_at_once_end_the_connection() {
    let running = Running::start(doors()).await;
    // :method GET, :scheme http, :path /, :authority a
    let head = [0x82, 0x86, 0x84, 0x41, 0x01, b'a'];
    let flood: Vec<u8> = (0..4_000_u32)
        .flat_map(|number| {
            let id = number * 2 + 1;
            [frame(1, 5, id, &head), frame(3, 0, id, &8_u32.to_be_bytes())].concat()
        })
        .collect();
    let came = flooded(&running, flood).await;
    assert!(goes_away(&came, 11), "ENHANCE_YOUR_CALM is said: {came:?}");
    running.stop().await;
}

#[tokio::test]
async fn a_head_that_is_continued_for_ever_ends_the_connection() {
    let running = Running::start(doors()).await;
    // Literal headers that are not indexed: `x: ` and 200 bytes.
    let field: Vec<u8> = [&[0x00, 0x01, b'x', 0x7f, 0x49][..], &[b'y'; 200]].concat();
    let piece = field.repeat(40);
    let mut flood = frame(1, 1, 1, &piece);
    for _ in 0..2_000 {
        flood.extend(frame(9, 0, 1, &piece));
    }
    let came = flooded(&running, flood).await;
    assert!(goes_away(&came, 11), "ENHANCE_YOUR_CALM is said: {came:?}");
    running.stop().await;
}

fn pem(name: &str) -> std::path::PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "src/upstream/tests/tls", name].iter().collect()
}

#[tokio::test]
async fn tls_is_spoken_from_files_and_http2_agreed_on() {
    let tls = Some(TlsFiles { certificate: pem("server.pem"), key: pem("server.key") });
    let running = Running::start(Doors { tls, ..doors() }).await;
    for (offered, agreed) in [(&["h2", "http/1.1"][..], "h2"), (&["http/1.1"], "http/1.1")] {
        let mut roots = rustls::RootCertStore::empty();
        let ca = rustls::pki_types::CertificateDer::from_pem_file(pem("ca.pem")).unwrap();
        roots.add(ca).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider);
        let mut config = builder
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let tcp = running.connect("").await;
        let mut stream = connector.connect("localhost".try_into().unwrap(), tcp).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(agreed.as_bytes()));
        if agreed == "http/1.1" {
            stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
            assert!(rest(&mut stream).await.ends_with("hello"));
        }
    }
    running.stop().await;
}

#[test]
fn a_certificate_is_taken_over_when_it_changes_and_kept_when_the_new_one_is_broken() {
    let folder = tempfile::TempDir::new().unwrap();
    let files = TlsFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    let put = |certificate: &[u8]| std::fs::write(&files.certificate, certificate).unwrap();
    assert!(Tls::open(files.clone()).unwrap_err().to_string().contains("cert.pem"));
    let good = std::fs::read(pem("server.pem")).unwrap();
    put(&good);
    std::fs::copy(pem("server.key"), &files.key).unwrap();
    let tls = Tls::open(files.clone()).unwrap();
    let first = tls.config();
    assert!(!tls.refresh(false).unwrap() && Arc::ptr_eq(&first, &tls.config()));
    assert!(tls.refresh(true).unwrap() && !Arc::ptr_eq(&first, &tls.config()));
    let second = tls.config();
    put(b"broken");
    assert!(tls.refresh(true).is_err() && Arc::ptr_eq(&second, &tls.config()));
    put(&good);
    assert!(tls.refresh(true).unwrap());
}
