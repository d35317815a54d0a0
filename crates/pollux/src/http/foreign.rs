//! Schemas of what the pure crates say: they have no wire documents in their manifests.

use super::about::{Said, list};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};

/// One of these words.
pub(super) fn words(words: &[&str]) -> Said {
    let words = words.iter().map(|word| (*word).to_owned());
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

/// A whole number from 0.
fn whole() -> Said {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).minimum(Some(0)).into()
}

fn number() -> Said {
    ObjectBuilder::new().schema_type(Type::Number).into()
}

fn record(fields: &[(&str, Said)]) -> Said {
    let object = fields.iter().fold(ObjectBuilder::new(), |object, (name, schema)| {
        object.property(*name, schema.clone()).required(*name)
    });
    object.into()
}

/// `pool::Tier`.
pub(super) fn tier() -> Said {
    words(&["free", "paid", "unknown"])
}

/// `pool::Grade`.
pub(super) fn grade() -> Said {
    words(&["minute", "day", "not_offered", "hard", "soft", "suspect"])
}

/// `pool::Why`: a word, or `{"too_large": N}`.
pub(super) fn why() -> Said {
    let word = words(&[
        "minute",
        "day",
        "not_offered",
        "bench",
        "soft",
        "probe",
        "model",
        "busy",
        "no_key",
        "disabled",
        "tried",
        "tier",
        "not_owner",
        "share",
    ]);
    let large = record(&[("too_large", whole())]);
    Schema::from(OneOfBuilder::new().item(word).item(large)).into()
}

/// `pool::Gauge`.
pub(super) fn gauge() -> Said {
    words(&["rpm", "tpm", "rpd", "tpd"])
}

/// `pool::kinship::Confidence`.
pub(super) fn confidence() -> Said {
    words(&["possible", "likely", "certain"])
}

/// `dialect::model::Family`.
pub(super) fn family() -> Said {
    words(&["gen2", "gen25", "gen3", "gen4", "gemma", "image", "speech", "embedding", "other"])
}

/// `pool::kinship::Sign`.
pub(super) fn sign() -> Said {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let object = ObjectBuilder::new()
        .property("sign", words(&["same_number", "met_together"]))
        .required("sign")
        .property("number", text)
        .property("times", whole());
    object.into()
}

/// `pool::holds::Whose`.
pub(super) fn whose() -> Said {
    words(&["key", "project", "model"])
}

/// A list of `pool::DayShare`.
pub(super) fn day() -> Said {
    let text = ObjectBuilder::new().schema_type(Type::String).into();
    list(record(&[("model", text), ("used", whole()), ("limit", whole())]))
}

/// `pool::Calibration`.
pub(super) fn calibration() -> Said {
    record(&[("factor", number()), ("error", number()), ("seen", whole())])
}

/// `pool::Burn`.
pub(super) fn burn() -> Said {
    record(&["capacity", "left", "unlimited", "used", "last_minute"].map(|name| (name, whole())))
}

/// `dialect::model::Rates`; null if nothing is known.
pub(super) fn rates() -> Said {
    let limit = || {
        let kinds = SchemaType::from_iter([Type::Integer, Type::Null]);
        RefOr::from(ObjectBuilder::new().schema_type(kinds).minimum(Some(0)))
    };
    let kinds = SchemaType::from_iter([Type::Object, Type::Null]);
    let object = ["rpm", "tpm", "rpd"]
        .iter()
        .fold(ObjectBuilder::new().schema_type(kinds), |object, name| object.property(*name, limit()));
    object.into()
}
