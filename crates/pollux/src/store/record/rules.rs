//! What a user may do, and how much of it: kept as one JSON object beside the user.

use pool::account::Caps;
use serde::{Deserialize, Serialize};

/// What a user may do, and how much of it. By default everything, without a limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Models it may ask for: ids, with `*` for any text; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Addresses and networks it may call from; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// How far its limits and budgets go.
    #[serde(skip_serializing_if = "Caps::is_none")]
    pub caps: Caps,
    /// Whose calls go first when there is no room for all.
    #[serde(skip_serializing_if = "Priority::is_normal")]
    pub priority: Priority,
    /// What is said in each of its calls besides what it says itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub injection: Option<Injection>,
    /// Whether what is said in its calls is kept for a while.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub log_bodies: bool,
}

/// Whose calls go first when there is no room for all.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Others may pass.
    Low,
    /// In turn.
    #[default]
    Normal,
    /// Several turns for each of the others.
    High,
}

/// A text that is said in each call of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Injection {
    /// Where it is said.
    pub position: InjectionPosition,
    /// The text.
    pub content: String,
}

/// Where an injected text is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InjectionPosition {
    /// In the system instruction, before what is there.
    System,
    /// Before what the user said first.
    UserPrefix,
    /// After what the user said last.
    UserSuffix,
}

impl Priority {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Low, Self::Normal, Self::High];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
    fn is_normal(&self) -> bool {
        *self == Self::Normal
    }
}

impl InjectionPosition {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::System, Self::UserPrefix, Self::UserSuffix];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::UserPrefix => "user_prefix",
            Self::UserSuffix => "user_suffix",
        }
    }
}

#[cfg(test)]
mod tests {
    use pool::account::Limit;

    use super::*;

    #[test]
    fn what_is_usual_is_not_written() {
        assert_eq!(serde_json::to_string(&Rules::default()).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<Rules>("{}").unwrap(), Rules::default());
    }

    #[test]
    fn rules_are_read_as_they_are_written() {
        let rules = Rules {
            models: vec!["gemini-2.5-*".to_owned()],
            addresses: vec!["10.0.0.0/8".to_owned()],
            caps: Caps::NONE.with(Limit::Rpm, Some(5)).with(Limit::CostDay, Some(1_500_000)),
            priority: Priority::High,
            log_bodies: true,
            injection: Some(Injection {
                position: InjectionPosition::UserSuffix,
                content: "Be brief.".to_owned(),
            }),
        };
        let text = serde_json::to_string(&rules).unwrap();
        insta::assert_snapshot!(text, @r#"{"models":["gemini-2.5-*"],"addresses":["10.0.0.0/8"],"caps":{"rpm":5,"usd_day":1500000},"priority":"high","injection":{"position":"user_suffix","content":"Be brief."},"log_bodies":true}"#);
        assert_eq!(serde_json::from_str::<Rules>(&text).unwrap(), rules);
        // What a newer program wrote must not be passed over: it may be a limit.
        assert!(serde_json::from_str::<Rules>(r#"{"hours":"9-17"}"#).is_err());
    }

    #[test]
    fn names_are_those_of_the_wire() {
        for priority in Priority::ALL {
            assert_eq!(serde_json::to_value(priority).unwrap(), priority.name());
        }
        for position in InjectionPosition::ALL {
            assert_eq!(serde_json::to_value(position).unwrap(), position.name());
        }
    }
}
