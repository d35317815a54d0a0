//! A collector of traces that keeps what it is sent, and reads it by the field numbers of OTLP.
//!
//! It shares nothing with what writes them.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use hyper::body::Bytes;
use hyper::{HeaderMap, StatusCode};
use pollux::lifecycle::Lifecycle;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::bed::Plan;

pub(crate) struct Collector {
    address: String,
    received: mpsc::UnboundedReceiver<Received>,
}

/// One request.
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Clone)]
struct Answering {
    status: StatusCode,
    sender: mpsc::UnboundedSender<Received>,
}

/// A span as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Span {
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) kind: u64,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) links: Vec<String>,
    pub(crate) failed: bool,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        Self::answering(StatusCode::OK).await
    }

    /// One that answers everything like this.
    pub(crate) async fn answering(status: StatusCode) -> Self {
        let (sender, received) = mpsc::unbounded_channel();
        let routes =
            Router::new().route("/base/v1/traces", post(take)).with_state(Answering { status, sender });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/base", listener.local_addr().unwrap());
        Lifecycle::new().spawn("collector", async move { axum::serve(listener, routes).await.unwrap() });
        Self { address, received }
    }

    /// A plan whose gateway sends its traces here.
    pub(crate) fn asked_by(&self, plan: Plan) -> Plan {
        plan.set("OTEL_EXPORTER_OTLP_ENDPOINT", &*self.address)
            .set("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20of-the-collector, x-tenant=t")
            .set("OTEL_SERVICE_NAME", "bed")
            .set("OTEL_BSP_SCHEDULE_DELAY", "5")
    }

    /// The next request; the time is only there for a test that would otherwise hang.
    pub(crate) async fn next(&mut self) -> Received {
        let waiting = tokio::time::timeout(Duration::from_mins(1), self.received.recv());
        waiting.await.unwrap().unwrap()
    }
}

async fn take(State(answering): State<Answering>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let _the_test_may_be_over = answering.sender.send(Received { headers, body });
    answering.status
}

impl Received {
    /// The attributes of the resource, and all spans.
    pub(crate) fn read(&self) -> (BTreeMap<String, String>, Vec<Span>) {
        let (mut resource, mut spans) = (BTreeMap::new(), Vec::new());
        for resource_spans in inside(&self.body, 1) {
            for message in inside(&resource_spans, 1) {
                resource.extend(attributes(&message, 1));
            }
            for scope_spans in inside(&resource_spans, 2) {
                spans.extend(inside(&scope_spans, 2).iter().map(|message| span(message)));
            }
        }
        (resource, spans)
    }
}

fn span(message: &[u8]) -> Span {
    let mut span = Span { attributes: attributes(message, 9), ..Span::default() };
    for (number, field) in fields(message) {
        match (number, field) {
            (1, Field::Bytes(bytes)) => span.trace = hex(&bytes),
            (2, Field::Bytes(bytes)) => span.id = hex(&bytes),
            (4, Field::Bytes(bytes)) => span.parent = hex(&bytes),
            (5, Field::Bytes(bytes)) => span.name = text(&bytes),
            (6, Field::Number(kind)) => span.kind = kind,
            (7, Field::Number(start)) => span.start = start,
            (8, Field::Number(end)) => span.end = end,
            (13, Field::Bytes(link)) => span.links.extend(inside(&link, 1).iter().map(|bytes| hex(bytes))),
            (15, Field::Bytes(status)) => {
                span.failed = matches!(fields(&status)[..], [(3, Field::Number(2))]);
            }
            _ => {}
        }
    }
    span
}

fn attributes(message: &[u8], number: u64) -> BTreeMap<String, String> {
    let pair = |pair: &Vec<u8>| {
        let value = inside(pair, 2).concat();
        (text(&inside(pair, 1).concat()), any(&value))
    };
    inside(message, number).iter().map(pair).collect()
}

fn any(value: &[u8]) -> String {
    match &fields(value)[..] {
        [(1, Field::Bytes(bytes))] => text(bytes),
        [(2, Field::Number(flag))] => (*flag == 1).to_string(),
        [(3, Field::Number(number))] => number.to_string(),
        [(4, Field::Number(bits))] => f64::from_bits(*bits).to_string(),
        [(5, Field::Bytes(array))] => {
            inside(array, 1).iter().map(|item| any(item)).collect::<Vec<_>>().join(",")
        }
        other => panic!("no value: {other:?}"),
    }
}

#[derive(Clone, Debug)]
enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

/// The fields of a message by the Protocol Buffers encoding guide.
fn fields(mut rest: &[u8]) -> Vec<(u64, Field)> {
    let mut found = Vec::new();
    while !rest.is_empty() {
        let tag = varint(&mut rest);
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut rest)),
            1 => Field::Number(u64::from_le_bytes(take_bytes(&mut rest, 8).try_into().unwrap())),
            2 => {
                let length = usize::try_from(varint(&mut rest)).unwrap();
                Field::Bytes(take_bytes(&mut rest, length).to_vec())
            }
            5 => Field::Number(u32::from_le_bytes(take_bytes(&mut rest, 4).try_into().unwrap()).into()),
            wire => panic!("wire type {wire}"),
        };
        found.push((tag >> 3, field));
    }
    found
}

/// What stands in the fields of this number.
fn inside(message: &[u8], number: u64) -> Vec<Vec<u8>> {
    let of_number = fields(message).into_iter().filter(|(field, _)| *field == number);
    of_number
        .filter_map(|(_, field)| match field {
            Field::Bytes(bytes) => Some(bytes),
            Field::Number(_) => None,
        })
        .collect()
}

fn varint(rest: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take_bytes(rest, 1)[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return number;
        }
    }
    panic!("a number without an end")
}

fn take_bytes<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(length);
    *rest = left;
    taken
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(digit.into(), 16).unwrap()).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
