//! What an operator says a user may do: read from a body, and shown again.

use pool::account::{Caps, Limit};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::access::{Network, RulesChange};
use crate::http::admin::Problem;
use crate::http::admin::complaints::Complaints;
use crate::http::admin::fields::Fields;
use crate::store::record::{Injection, InjectionPosition, Priority};

/// Entries of a list.
const MOST: usize = 100;
/// Letters of a pattern.
const LONGEST_PATTERN: usize = 100;
/// Letters of an injected text.
const LONGEST_INJECTION: usize = 20_000;
/// The highest cap: more than anybody uses, and exact in every language that reads JSON.
const HIGHEST: u64 = 1_000_000_000_000_000;
const MICROS: u64 = 1_000_000;

/// The fields that this file reads.
pub(super) const FIELDS: [&str; 6] = ["models", "addresses", "limits", "priority", "injection", "log_bodies"];

/// A user's limits as they are shown; null is no limit. Money is in dollars.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserLimits)]
pub(super) struct ShownLimits {
    rpm: Option<u64>,
    tpm: Option<u64>,
    rpd: Option<u64>,
    concurrency: Option<u64>,
    tokens_day: Option<u64>,
    tokens_month: Option<u64>,
    tokens_total: Option<u64>,
    usd_day: Option<f64>,
    usd_month: Option<f64>,
    usd_total: Option<f64>,
}

impl From<Caps> for ShownLimits {
    fn from(caps: Caps) -> Self {
        let dollars = |limit| caps.get(limit).map(dollars);
        Self {
            rpm: caps.get(Limit::Rpm),
            tpm: caps.get(Limit::Tpm),
            rpd: caps.get(Limit::Rpd),
            concurrency: caps.get(Limit::Concurrency),
            tokens_day: caps.get(Limit::TokensDay),
            tokens_month: caps.get(Limit::TokensMonth),
            tokens_total: caps.get(Limit::TokensTotal),
            usd_day: dollars(Limit::CostDay),
            usd_month: dollars(Limit::CostMonth),
            usd_total: dollars(Limit::CostTotal),
        }
    }
}

/// Micro-dollars in dollars. The nearest double is written with no more than six decimals.
#[expect(clippy::cast_precision_loss, reason = "exact up to nine thousand million dollars")]
pub(super) fn dollars(micros: u64) -> f64 {
    micros as f64 / MICROS as f64
}

/// What a body says about a user's rules; what it does not mention stays.
pub(super) fn read(fields: &Fields, complaints: &mut Complaints) -> RulesChange {
    RulesChange {
        models: complaints.take(list(fields, "models", pattern)).flatten(),
        addresses: complaints.take(list(fields, "addresses", network)).flatten(),
        caps: limits(fields, complaints),
        priority: complaints.take(priority(fields)).flatten(),
        injection: fields.mentions("injection").then(|| complaints.take(injection(fields)).flatten()),
        log_bodies: complaints.take(fields.truth("log_bodies")).flatten(),
    }
}

/// A list of texts, each of which has to pass; null is an empty list.
fn list(
    fields: &Fields,
    name: &'static str,
    entry: fn(&str) -> Result<String, (&'static str, &'static str)>,
) -> Result<Option<Vec<String>>, Problem> {
    let Some(value) = fields.value(name) else {
        return Ok(fields.mentions(name).then(Vec::new));
    };
    let entries = value.as_array().map(Vec::as_slice);
    let entries =
        entries.ok_or_else(|| Problem::wrong(name, "must be a list of texts", "write [] or null for all"))?;
    if entries.len() > MOST {
        return Err(Problem::field(name, "has more than 100 entries"));
    }
    let read = |value: &Value| {
        let text =
            value.as_str().map(str::trim).ok_or_else(|| Problem::field(name, "must be a list of texts"))?;
        entry(text).map_err(|(why, way_out)| {
            Problem::wrong(name, &format!("has an entry “{}” that {why}", shown(text)), way_out)
        })
    };
    entries.iter().map(read).collect::<Result<_, _>>().map(Some)
}

fn pattern(text: &str) -> Result<String, (&'static str, &'static str)> {
    let text = text.strip_prefix("models/").unwrap_or(text);
    let odd = |letter: char| letter.is_control() || letter.is_whitespace();
    if text.is_empty() || text.chars().count() > LONGEST_PATTERN || text.contains(odd) {
        return Err((
            "is no model",
            "write an id such as gemini-2.5-flash, or a pattern such as gemini-2.5-*",
        ));
    }
    Ok(text.to_owned())
}

fn network(text: &str) -> Result<String, (&'static str, &'static str)> {
    let address: Result<Network, _> = text.parse();
    let wrong =
        |_| ("is no address and no network", "write for example 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32");
    address.map(|network| network.to_string()).map_err(wrong)
}

/// An entry as it may stand in a message.
fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(60).collect()
}

fn limits(fields: &Fields, complaints: &mut Complaints) -> Vec<(Limit, Option<u64>)> {
    if fields.mentions("limits") && fields.value("limits").is_none() {
        return Limit::ALL.map(|limit| (limit, None)).to_vec();
    }
    let Some(Some(limits)) = complaints.take(fields.object("limits")) else { return Vec::new() };
    let mut caps = Vec::new();
    for (name, value) in limits {
        let Some(limit) = Limit::ALL.into_iter().find(|limit| limit.name() == name) else {
            let names = Limit::ALL.map(Limit::name).join(", ");
            let why = format!("has no limit called “{}”", shown(name));
            complaints.add(Problem::wrong("limits", &why, &format!("there are {names}")));
            continue;
        };
        if let Some(cap) = complaints.take(cap(limit, value)) {
            caps.push((limit, cap));
        }
    }
    caps
}

fn cap(limit: Limit, value: &Value) -> Result<Option<u64>, Problem> {
    if value.is_null() {
        return Ok(None);
    }
    let (cap, reason) = if limit.is_money() {
        (micros(value), "must be dollars from 0.000001 to 1000000000, with at most six decimals")
    } else {
        (value.as_u64(), "must be a whole number from 1 to 1000000000000000")
    };
    let cap = cap.filter(|cap| (1..=HIGHEST).contains(cap));
    let way_out = "write null for no limit; to let nothing through, disable the user";
    cap.map(Some).ok_or_else(|| Problem::wrong(path(limit), reason, way_out))
}

/// Dollars, as a number or as a text, in micro-dollars. Read as digits, so that nothing is rounded.
fn micros(value: &Value) -> Option<u64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // A number as large as this is written with an exponent, and is too large anyway.
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > 6 {
        return None;
    }
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(MICROS)?.checked_add(part)
}

fn path(limit: Limit) -> &'static str {
    match limit {
        Limit::Rpm => "limits.rpm",
        Limit::Tpm => "limits.tpm",
        Limit::Rpd => "limits.rpd",
        Limit::Concurrency => "limits.concurrency",
        Limit::TokensDay => "limits.tokens_day",
        Limit::TokensMonth => "limits.tokens_month",
        Limit::TokensTotal => "limits.tokens_total",
        Limit::CostDay => "limits.usd_day",
        Limit::CostMonth => "limits.usd_month",
        Limit::CostTotal => "limits.usd_total",
    }
}

fn priority(fields: &Fields) -> Result<Option<Priority>, Problem> {
    let Some(text) = fields.text("priority")? else {
        return Ok(fields.mentions("priority").then(Priority::default));
    };
    let found = Priority::ALL.into_iter().find(|priority| priority.name() == text);
    found.map(Some).ok_or_else(|| Problem::field("priority", "must be low, normal or high"))
}

fn injection(fields: &Fields) -> Result<Option<Injection>, Problem> {
    let Some(object) = fields.object("injection")? else { return Ok(None) };
    if object.keys().any(|name| name != "position" && name != "content") {
        return Err(Problem::field("injection", "may only have the fields `position` and `content`"));
    }
    let position = object.get("position").map_or(Ok("system"), |value| value.as_str().ok_or(()));
    let position = InjectionPosition::ALL.into_iter().find(|known| position == Ok(known.name()));
    let position = position
        .ok_or_else(|| Problem::field("injection.position", "must be system, user_prefix or user_suffix"))?;
    let content = object.get("content").and_then(Value::as_str).unwrap_or_default();
    if content.trim().is_empty() || content.chars().count() > LONGEST_INJECTION || content.contains('\0') {
        let reason = "must be a text of 1 to 20000 letters";
        return Err(Problem::wrong(
            "injection.content",
            reason,
            "write null for `injection` to inject nothing",
        ));
    }
    Ok(Some(Injection { position, content: content.to_owned() }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn money_is_read_to_the_micro_dollar() {
        for (value, expected) in [
            (json!(1), Some(1_000_000)),
            (json!(1.5), Some(1_500_000)),
            (json!(0.1), Some(100_000)),
            (json!("0.1"), Some(100_000)),
            (json!("0.000001"), Some(1)),
            (json!(0.000_001), None),
            (json!("0.0000001"), None),
            (json!(-1), None),
            (json!("1e3"), None),
            (json!("."), None),
            (json!("1."), Some(1_000_000)),
            (json!(""), None),
            (json!("99999999999999999999"), None),
            (json!(true), None),
        ] {
            // The smallest amounts have an exponent as numbers; as texts they can be written.
            assert_eq!(micros(&value), expected, "{value}");
        }
        assert_eq!(serde_json::to_string(&dollars(1_500_000)).unwrap(), "1.5");
        assert_eq!(serde_json::to_string(&dollars(100_001)).unwrap(), "0.100001");
    }

    #[test]
    fn addresses_are_kept_in_their_plainest_form() {
        assert_eq!(network("10.1.2.3/8").as_deref(), Ok("10.0.0.0/8"));
        assert_eq!(network("::ffff:10.0.0.1").as_deref(), Ok("10.0.0.1"));
        assert!(network("home").is_err() && pattern(" a").is_err() && pattern("").is_err());
        assert_eq!(pattern("models/gemini-*").as_deref(), Ok("gemini-*"));
    }
}
