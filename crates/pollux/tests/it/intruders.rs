//! Those who try to get in without a key, or with one that opens another door.

use http_body_util::Full;
use hyper::Method;
use hyper::body::Bytes;
use pollux::http::{Guard, Mounted, mounted};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bed::{ADMIN, Bed, Plan};

/// Headers by which some gateways let themselves be told who is calling or what is meant.
const PRETENCES: &[&[(&str, &str)]] = &[
    &[],
    &[("x-forwarded-for", "127.0.0.1"), ("x-real-ip", "127.0.0.1"), ("forwarded", "for=127.0.0.1")],
    &[("x-original-url", "/health"), ("x-rewrite-url", "/health")],
    &[("x-http-method-override", "GET"), ("x-method-override", "GET")],
    &[
        ("x-forwarded-user", "admin"),
        ("x-remote-user", "admin"),
        ("x-auth-request-email", "admin@example.com"),
    ],
    &[("authorization", "Bearer "), ("cookie", "pollux=; __Host-pollux=' OR 1=1 --")],
    &[("authorization", "Bearer null")],
    &[("authorization", "Basic YWRtaW46YWRtaW4=")],
    &[("authorization", "Bearer ' OR '1'='1"), ("x-api-key", "\" OR \"\"=\""), ("x-goog-api-key", "%00")],
];

fn filled(path: &str) -> String {
    let piece = |piece: &str| if piece.starts_with('{') { "x".to_owned() } else { piece.to_owned() };
    path.split('/').map(piece).collect::<Vec<_>>().join("/")
}

fn closed() -> Vec<Mounted> {
    mounted().into_iter().filter(|route| route.guard != Guard::Open).collect()
}

#[tokio::test]
async fn no_pretence_opens_a_closed_route() {
    let bed = Plan::default().start().await;
    let routes = closed();
    assert!(routes.len() > 50, "{}", routes.len());
    for route in &routes {
        let path = filled(&route.path);
        for headers in PRETENCES {
            let reply = bed.send(route.method.clone(), &path, headers, "{}").await;
            assert!(matches!(reply.status, 401 | 403 | 429), "{route:?} {headers:?} {}", reply.status);
        }
    }
    bed.stop().await;
}

#[tokio::test]
async fn a_key_of_one_kind_opens_no_door_of_the_other() {
    let bed = Plan::default().start().await;
    let user = format!("Bearer {}", bed.user_key);
    let admin = format!("Bearer {ADMIN}");
    for route in closed() {
        let wrong = if route.guard == Guard::User { &admin } else { &user };
        let reply =
            bed.send(route.method.clone(), &filled(&route.path), &[("authorization", wrong)], "{}").await;
        assert!(matches!(reply.status, 401 | 403), "{route:?} {}", reply.status);
    }
    bed.stop().await;
}

/// Other ways to write a path.
fn twisted(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches('/');
    vec![
        format!("//{inner}"),
        format!("/./{inner}"),
        format!("/%2e/{inner}"),
        format!("/health/../{inner}"),
        format!("/health/%2e%2e/{inner}"),
        format!("/health/..%2f{inner}"),
        format!("{path}/"),
        format!("{path}%00"),
        format!("{path};x=1"),
        format!("{path}%20"),
        format!("{path}?key={ADMIN}&api_key={ADMIN}&token={ADMIN}"),
        path.replacen("/admin", "/ADMIN", 1),
        path.replacen("/admin", "/%61dmin", 1),
        path.replacen("/v1", "/V1", 1),
        path.replace('/', "%2F").replacen("%2F", "/", 1),
    ]
}

#[tokio::test]
async fn no_spelling_of_a_path_goes_around_its_guard() {
    let bed = Plan::default().start().await;
    for route in closed().into_iter().filter(|route| route.method == Method::GET) {
        for path in twisted(&filled(&route.path)) {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE] {
                let reply = bed.send(method.clone(), &path, &[], "").await;
                assert!(matches!(reply.status, 400..=499), "{method} {path} {}", reply.status);
            }
        }
    }
    bed.stop().await;
}

async fn raw(bed: &Bed, text: &str) -> String {
    let mut stream = TcpStream::connect(bed.base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let _cut_or_closed = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_request_whose_length_is_ambiguous_hides_no_second_one() {
    let bed = Plan::default().start().await;
    let hidden = format!("GET /admin/keys HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {ADMIN}\r\n\r\n");
    let length = hidden.len() + 5;
    let cases = [
        format!("content-length: {length}\r\ncontent-length: 0\r\n\r\n0\r\n\r\n"),
        format!("content-length: 0\r\ncontent-length: {length}\r\n\r\n0\r\n\r\n"),
        "content-length: 0, 5\r\n\r\n".to_owned(),
        "content-length: +0\r\n\r\n".to_owned(),
        "content-length: 0x0\r\n\r\n".to_owned(),
        "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n".to_owned(),
        "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n".to_owned(),
        "transfer-encoding : chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "transfer-encoding: chunked\r\n\r\n-1\r\n\r\n".to_owned(),
        "transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n".to_owned(),
        "x: 1\r\n\rcontent-length: 0\r\n\r\n".to_owned(),
    ];
    for case in cases {
        let text = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n{case}{hidden}");
        let answer = raw(&bed, &text).await;
        assert!(!answer.contains("HTTP/1.1 2"), "{case:?}\n{answer}");
    }
    bed.stop().await;
}

#[tokio::test]
async fn bombs_are_refused_and_nothing_is_unpacked() {
    let bed = Plan::default().start().await;
    let key = format!("Bearer {}", bed.user_key);
    let deep = "[".repeat(200_000);
    let deep_object = "{\"a\":".repeat(200_000);
    let number = format!("{{\"model\":\"gemini-3.5-flash\",\"max_tokens\":{}}}", "9".repeat(100_000));
    let exponent = "{\"model\":\"gemini-3.5-flash\",\"temperature\":1e999999999,\"messages\":[]}".to_owned();
    let surrogate = "{\"model\":\"\\ud800\",\"messages\":[]}".to_owned();
    let many = format!("{{{}\"model\":\"x\"}}", "\"model\":\"x\",".repeat(100_000));
    let admin = format!("Bearer {ADMIN}");
    for body in [deep, deep_object, number, exponent, surrogate, many] {
        for (path, bearer) in
            [("/v1/chat/completions", &key), ("/v1/messages", &key), ("/admin/users", &admin)]
        {
            let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
            let reply = bed.send(Method::POST, path, &headers, body.clone()).await;
            assert!(matches!(reply.status, 400..=499), "{path} {} {:.80}", reply.status, body);
        }
    }
    // The head of a gzip stream that would become ten gigabytes.
    let zipped: Full<Bytes> =
        Full::new(Bytes::from_static(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xec, 0xc1]));
    let request = hyper::Request::post(format!("{}/v1/chat/completions", bed.base))
        .header("authorization", key)
        .header("content-encoding", "gzip")
        .body(zipped);
    assert_eq!(bed.request(request.unwrap()).await, 400);
    bed.stop().await;
}

/// What ends a text, a statement or a line, and what looks like nothing.
const METACHARACTERS: &[&str] = &[
    "'",
    "\"",
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    "1) UNION SELECT 1,2,3 --",
    "%",
    "_",
    "\\",
    "\u{0}",
    "\r\nx-injected: 1",
    "\u{202e}drowssap",
    "\u{200b}",
    "${jndi:ldap://a}",
    "-1",
    "99999999999999999999",
];

/// What lists can be asked for.
const FILTERS: &[(&str, &[&str])] = &[
    ("/admin/keys", &["limit", "after", "state", "project"]),
    ("/admin/users", &["limit", "after", "name"]),
    ("/admin/projects", &["limit", "after"]),
    ("/admin/audit", &["limit", "after", "operator", "action", "object", "from", "to"]),
    (
        "/admin/requests",
        &["limit", "after", "user", "model", "outcome", "project", "key", "from", "to", "status"],
    ),
    ("/admin/attempts", &["limit", "after", "key", "project", "model", "outcome", "from", "to"]),
    ("/admin/usage", &["by", "limit", "after", "user", "model", "outcome", "from", "to"]),
];

#[tokio::test]
async fn filters_take_text_as_text() {
    let bed = Plan::default().start().await;
    let bearer = format!("Bearer {ADMIN}");
    for (path, names) in FILTERS {
        for name in *names {
            for value in METACHARACTERS {
                let value = percent(value);
                let reply = bed
                    .send(Method::GET, &format!("{path}?{name}={value}"), &[("authorization", &bearer)], "")
                    .await;
                assert!(reply.status < 500, "{path}?{name}={value}: {}", reply.body);
                assert!(reply.header("x-injected").is_none());
            }
        }
    }
    let users = bed.send(Method::GET, "/admin/users", &[("authorization", &bearer)], "").await;
    assert_eq!(users.status, 200, "the table is still there");
    bed.stop().await;
}

fn percent(text: &str) -> String {
    percent_encoding::percent_encode(text.as_bytes(), percent_encoding::NON_ALPHANUMERIC).to_string()
}
