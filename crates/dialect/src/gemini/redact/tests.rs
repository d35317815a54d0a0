//! Nothing planted survives; what is no secret stays.

use proptest::prelude::*;

use super::*;

#[test]
fn secrets_are_blotted() {
    let table = [
        ("key AIzaSyA1234567890abcdefghijklmnopqrstuvw.", "key ***."),
        ("cut AIzaSyA12", "cut ***"),
        ("xAIzaSyA1234567890abc", "x***"),
        ("AQ.Ab8RN6J-x_yz0123456789abc", "***"),
        ("'IQ.Ab8RN6Jxyz'", "'***'"),
        ("wordAQ.Ab8RN6J0123456789abcdef", "word***"),
        ("Consumer 'api_key:AIzaSyABC' has been suspended.", "Consumer 'api_key:***' has been suspended."),
        ("Consumer 'api_key:some-other-form' has", "Consumer 'api_key:***' has"),
        (r"Consumer \u0027api_key:secret.form\u0027", r"Consumer \u0027api_key:***\u0027"),
        (r#"{"api_key": "secret"}"#, r#"{"api_key": "***"}"#),
        (r#"{\"apiKey\":\"secret\"}"#, r#"{\"apiKey\":\"***\"}"#),
        ("x-goog-api-key: secret", "x-goog-api-key: ***"),
        ("https://h/v1beta/models?key=abc.def&alt=sse", "https://h/v1beta/models?key=***&alt=sse"),
        ("https://h/?alt=sse&KEY=abc", "https://h/?alt=sse&KEY=***"),
        (r"https://h/?alt\u003dsse\u0026key\u003dabc", r"https://h/?alt\u003dsse\u0026key\u003d***"),
        ("https%3A%2F%2Fh%3Fkey%3Dabc", "https%3A%2F%2Fh%3Fkey%3D***"),
        ("in projects/123456789/locations", "in projects/***/locations"),
        (r"projects\/123", r"projects\/***"),
        ("Bearer sk-pollux-a1B2", "Bearer ***"),
        ("two AIzaSyA1234 and sk-pollux-x", "two *** and ***"),
        ("密钥AIzaSyA1234密钥", "密钥***密钥"),
    ];
    for (text, clean) in table {
        assert_eq!(redact(text), clean, "{text}");
        assert_eq!(redact(clean), clean, "a second time");
    }
}

#[test]
fn prose_is_left_alone_without_a_copy() {
    for text in [
        "",
        "The model is overloaded. Please try again later.",
        "API key not valid. Please pass a valid API key.",
        "Please pass an API key: see the docs",
        "see the FAQ.Section on keys, the IQ. test",
        "the projects/ page, monkey=banana, turkey: bird",
        "AIza… keys are refused",
        "sk-pollux- is our prefix",
    ] {
        let clean = redact(text);
        assert_eq!(clean, text);
        assert!(matches!(clean, Cow::Borrowed(_)), "{text}");
    }
}

fn planted() -> impl Strategy<Value = String> {
    prop_oneof![
        "AIza[0-9A-Za-z_-]{10,60}",
        "AQ\\.[0-9A-Za-z_-]{20,80}",
        "IQ\\.[0-9A-Za-z_-]{20,80}",
        "sk-pollux-[0-9A-Za-z_-]{8,40}",
    ]
}

proptest! {
    #[test]
    fn a_planted_key_never_survives(before in "\\PC{0,20}", key in planted(), after in "\\PC{0,20}") {
        let clean = redact(&format!("{before}{key}{after}")).into_owned();
        let body = &key[key.len() - 8..];
        prop_assert!(!clean.contains(body) || before.contains(body) || after.contains(body), "{}", clean);
        let json = serde_json::to_string(&format!("{before}{key}{after}")).unwrap();
        prop_assert!(!redact(&json).contains(&key));
    }

    #[test]
    fn any_text_survives_the_scanner(text in "(AIza|AQ\\.|key=|key:|api_|\\?|projects/|[0-9]|\\PC){0,40}") {
        let clean = redact(&text);
        prop_assert_eq!(matches!(clean, Cow::Owned(_)), clean != text);
        prop_assert!(clean == text || clean.contains(BLOT));
    }
}
