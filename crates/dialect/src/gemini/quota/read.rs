//! Reads a quota out of an error's details, and out of its message where the details are missing.

use std::time::Duration;

use serde_json::Value;

use super::{Measure, Quota, Violation, Window, duration};

/// A retry delay of this length can only mean a day quota, whatever else the body leaves out.
const SURELY_A_DAY: Duration = Duration::from_hours(1);

impl Quota {
    /// Reads the quota of a 429. Without any violation in `details` or `message` the list is empty.
    pub fn read(message: &str, details: &[Value]) -> Self {
        let retry_delay = retry_info(details).or_else(|| delay_in_message(message));
        let told = lines_in_message(message);
        let mut violations: Vec<Violation> = quota_failures(details)
            .chain(error_infos(details))
            .map(|violation| completed(violation, &told))
            .collect();
        if violations.is_empty() {
            violations = told;
        }
        if retry_delay.is_some_and(|delay| delay >= SURELY_A_DAY) {
            for violation in violations.iter_mut().filter(|violation| violation.quota_id.is_none()) {
                violation.window = Window::Day;
            }
        }
        let free_tier = free_tier(message, details);
        Self { violations, retry_delay, free_tier }
    }
}

fn of_kind<'a>(details: &'a [Value], kind: &'static str) -> impl Iterator<Item = &'a Value> {
    details.iter().filter(move |detail| {
        detail.get("@type").and_then(Value::as_str).is_some_and(|name| name.ends_with(kind))
    })
}

/// The delay from `RetryInfo`, a text or (as some recorders write it) `{seconds, nanos}`.
fn retry_info(details: &[Value]) -> Option<Duration> {
    of_kind(details, "RetryInfo").find_map(|detail| match detail.get("retryDelay")? {
        Value::String(text) => duration::parse(text),
        other => other.get("seconds").and_then(number).map(Duration::from_secs),
    })
}

fn delay_in_message(message: &str) -> Option<Duration> {
    const PHRASE: &str = "retry in ";
    let at = find_ignoring_case(message, PHRASE)?;
    duration::parse_prefix(message.get(at + PHRASE.len()..)?)
}

fn find_ignoring_case(text: &str, phrase: &str) -> Option<usize> {
    // ASCII case only, so that positions stay those of `text`.
    text.to_ascii_lowercase().find(phrase)
}

fn quota_failures(details: &[Value]) -> impl Iterator<Item = Violation> {
    of_kind(details, "QuotaFailure").filter_map(|detail| detail.get("violations")?.as_array()).flatten().map(
        |found| {
            let text = |key: &str| found.get(key).and_then(Value::as_str);
            let dimensions = found.get("quotaDimensions");
            let model = dimensions.and_then(|all| all.get("model")).and_then(Value::as_str);
            violation(text("quotaId"), text("quotaMetric"), found.get("quotaValue").and_then(number), model)
        },
    )
}

/// The style before 2025 (E23): everything in `ErrorInfo.metadata`.
fn error_infos(details: &[Value]) -> impl Iterator<Item = Violation> {
    of_kind(details, "ErrorInfo")
        .filter(|detail| detail.get("reason").and_then(Value::as_str) == Some("RATE_LIMIT_EXCEEDED"))
        .filter_map(|detail| detail.get("metadata"))
        .filter(|metadata| metadata.get("quota_limit").is_some() || metadata.get("quota_metric").is_some())
        .map(|metadata| {
            let text = |key: &str| metadata.get(key).and_then(Value::as_str);
            let limit = metadata.get("quota_limit_value").and_then(number);
            violation(text("quota_limit"), text("quota_metric"), limit, text("model"))
        })
}

/// Lines like `* Quota exceeded for metric: …, limit: 20, model: gemini-…`, in bodies since late 2025.
fn lines_in_message(message: &str) -> Vec<Violation> {
    const PHRASE: &str = "quota exceeded for metric:";
    message
        .lines()
        .filter_map(|line| {
            let fields = line.get(find_ignoring_case(line, PHRASE)? + PHRASE.len()..)?;
            let mut fields = fields.split(',').map(str::trim);
            let metric = fields.next();
            let (mut limit, mut model) = (None, None);
            for field in fields {
                match field.split_once(':') {
                    Some(("limit", value)) => limit = value.trim().parse().ok(),
                    Some(("model", value)) => model = value.split_whitespace().next(),
                    _ => {}
                }
            }
            Some(violation(None, metric, limit, model))
        })
        .collect()
}

fn violation(id: Option<&str>, metric: Option<&str>, limit: Option<u64>, model: Option<&str>) -> Violation {
    let name = format!("{} {}", id.unwrap_or_default(), metric.unwrap_or_default()).to_ascii_lowercase();
    Violation {
        window: if name.contains("perday") || name.contains("per_day") {
            Window::Day
        } else {
            Window::Minute
        },
        measure: if name.contains("token") { Measure::InputTokens } else { Measure::Requests },
        limit,
        model: model.filter(|model| !model.is_empty()).map(str::to_owned),
        quota_id: id.map(str::to_owned),
    }
}

/// Fills what the details left out from the message, where it speaks of the same measure.
fn completed(mut violation: Violation, told: &[Violation]) -> Violation {
    // Two lines of one measure may be its minute and its day: then the message does not say which is meant.
    let mut same = told.iter().filter(|line| line.measure == violation.measure);
    if let (Some(line), None) = (same.next(), same.next()) {
        violation.limit = violation.limit.or(line.limit);
        violation.model = violation.model.or_else(|| line.model.clone());
    }
    violation
}

fn free_tier(message: &str, details: &[Value]) -> bool {
    let mentions = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.contains("_free_tier_") || text.contains("freetier")
    };
    let named = of_kind(details, "QuotaFailure").chain(of_kind(details, "ErrorInfo"));
    mentions(message) || named.into_iter().any(|detail| mentions(&detail.to_string()))
}

/// A number, also written as a text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn failure(violations: &Value) -> Value {
        json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": violations})
    }

    #[test]
    fn a_full_body_with_minute_and_day() {
        let details = [
            json!({"@type": "type.googleapis.com/google.rpc.Help", "links": []}),
            failure(&json!([
                {"quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_input_token_count",
                 "quotaId": "GenerateContentInputTokensPerModelPerMinute-FreeTier",
                 "quotaDimensions": {"location": "global", "model": "gemini-3.8-flash"}, "quotaValue": "250000"},
                {"quotaId": "generateRequestsPERDAYPerProjectPerModel-FREETIER", "quotaValue": 20}
            ])),
            json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "26.5s"}),
        ];
        let quota = Quota::read("You exceeded your current quota.", &details);
        assert_eq!(quota.window(), Window::Day);
        assert_eq!(quota.retry_delay, Some(Duration::from_millis(26_500)));
        assert!(quota.free_tier);
        let [tokens, requests] = &quota.violations[..] else { panic!("{quota:?}") };
        assert_eq!(
            (tokens.window, tokens.measure, tokens.limit),
            (Window::Minute, Measure::InputTokens, Some(250_000))
        );
        assert_eq!(tokens.model.as_deref(), Some("gemini-3.8-flash"));
        assert_eq!(
            (requests.window, requests.measure, requests.limit),
            (Window::Day, Measure::Requests, Some(20))
        );
        assert_eq!(requests.quota_id.as_deref(), Some("generateRequestsPERDAYPerProjectPerModel-FREETIER"));
    }

    #[test]
    fn the_message_fills_what_the_details_leave_out() {
        let message = "You exceeded your current quota. \n* Quota exceeded for metric: \
                       generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 20, model: \
                       gemini-3.8-flash\nPlease retry in 1m12s.";
        let alone = Quota::read(message, &[]);
        assert_eq!(alone.retry_delay, Some(Duration::from_secs(72)));
        assert!(alone.free_tier);
        assert_eq!(alone.violations[0].limit, Some(20));
        assert_eq!(alone.violations[0].model.as_deref(), Some("gemini-3.8-flash"));
        assert_eq!(alone.violations[0].quota_id, None);

        let both = Quota::read(message, &[failure(&json!([{"quotaId": "XPerDayPerProject"}]))]);
        assert_eq!(both.violations.len(), 1);
        assert_eq!((both.window(), both.violations[0].limit), (Window::Day, Some(20)));
    }

    #[test]
    fn two_lines_of_one_measure_fill_nothing() {
        let message = "* Quota exceeded for metric: a_requests, limit: 0\n* Quota exceeded for metric: b_requests, limit: 9";
        let quota = Quota::read(message, &[failure(&json!([{"quotaId": "RequestsPerMinute"}]))]);
        assert_eq!(quota.violations[0].limit, None);
        assert!(!quota.is_not_offered());
        assert!(Quota::read(message, &[]).is_not_offered());
    }

    #[test]
    fn the_old_style_and_odd_shapes() {
        let old = json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED",
            "metadata": {"quota_limit": "GenerateContentRequestsPerMinutePerProjectPerRegion",
                         "quota_metric": "generativelanguage.googleapis.com/generate_content_requests",
                         "quota_limit_value": "0", "consumer": "projects/1"}});
        assert!(Quota::read("Quota exceeded", &[old]).is_not_offered());

        let odd = [failure(&json!([{}, 7])), failure(&json!("none")), json!(3), json!({"@type": 3})];
        let quota = Quota::read("", &odd);
        assert_eq!(quota.violations.len(), 2);
        assert_eq!(quota.window(), Window::Minute);
        assert_eq!(Quota::read("", &[]), Quota::default());
    }

    #[test]
    fn a_delay_of_hours_means_a_day() {
        let message = "* Quota exceeded for metric: x_requests, limit: 20\nPlease RETRY in 23h59m1.5s.";
        let quota = Quota::read(message, &[]);
        assert_eq!(quota.window(), Window::Day);
        assert_eq!(quota.retry_delay, Some(Duration::from_millis(86_341_500)));
    }
}
