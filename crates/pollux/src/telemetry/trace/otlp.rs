//! Trees as an `ExportTraceServiceRequest` of OTLP 1.x. The numbers are those of the fields in `trace.proto`,
//! `common.proto` and `resource.proto`. What looks like a key is blotted out, as in the log.

use dialect::gemini::redact::redact;

use super::context::Parent;
use super::protobuf::Message;
use super::tree::{Kind, Span, Tree, Value};

/// The request that brings these trees.
pub(super) fn request(service: &str, trees: &[Tree]) -> Vec<u8> {
    let mut request = Message::default();
    request.message(1, |resource_spans| {
        resource_spans.message(1, |resource| {
            let says = [("service.name", service), ("service.version", env!("CARGO_PKG_VERSION"))];
            for (key, text) in says {
                attribute(resource, 1, (key, &Value::from(text)));
            }
        });
        resource_spans.message(2, |scope_spans| {
            scope_spans.message(1, |scope| {
                scope.bytes(1, b"pollux");
                scope.bytes(2, env!("CARGO_PKG_VERSION").as_bytes());
            });
            for tree in trees {
                for (number, span) in tree.spans().iter().enumerate() {
                    let link = tree.link().filter(|_| number == 0);
                    scope_spans.message(2, |message| write(message, tree.trace(), span, link));
                }
            }
        });
    });
    request.into_bytes()
}

fn write(message: &mut Message, trace: u128, span: &Span, link: Option<Parent>) {
    let Span { id, parent, name, kind, start, end, attributes, failed } = span;
    message.bytes(1, &trace.to_be_bytes());
    message.bytes(2, &id.to_be_bytes());
    if let Some(parent) = parent {
        message.bytes(4, &parent.to_be_bytes());
    }
    message.bytes(5, redact(name).as_bytes());
    message.varint(
        6,
        match kind {
            Kind::Internal => 1,
            Kind::Server => 2,
            Kind::Client => 3,
        },
    );
    message.fixed64(7, *start);
    message.fixed64(8, end.unwrap_or(*start));
    for (key, value) in attributes {
        attribute(message, 9, (*key, value));
    }
    if let Some(Parent { trace, span, sampled }) = link {
        message.message(13, |message| {
            message.bytes(1, &trace.to_be_bytes());
            message.bytes(2, &span.to_be_bytes());
            message.fixed32(6, u32::from(sampled));
        });
    }
    if *failed {
        message.message(15, |status| status.varint(3, 2));
    }
    // Sampled: otherwise it would not be here.
    message.fixed32(16, 1);
}

fn attribute(message: &mut Message, field: u32, (key, value): (&str, &Value)) {
    message.message(field, |pair| {
        pair.bytes(1, key.as_bytes());
        pair.message(2, |any| write_value(any, value));
    });
}

fn write_value(any: &mut Message, value: &Value) {
    match value {
        Value::Text(text) => any.bytes(1, redact(text).as_bytes()),
        Value::Flag(flag) => any.varint(2, u64::from(*flag)),
        Value::Whole(number) => any.varint(3, number.cast_unsigned()),
        Value::Real(number) => any.fixed64(4, number.to_bits()),
        Value::Texts(texts) => any.message(5, |array| {
            for text in texts {
                array.message(1, |any| any.bytes(1, redact(text).as_bytes()));
            }
        }),
    }
}
