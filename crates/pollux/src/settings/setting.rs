//! How each type of value is read and shown.

use std::time::Duration;

use pool::Strategy;
use serde_json::Value;

use super::kind::Kind;
use super::parse;
use super::problem::Bad;

/// A value that a setting can have.
pub(super) trait Setting: Sized {
    /// Reads it from text: a flag, the environment, the file.
    fn parse(text: &str, kind: &Kind) -> Result<Self, Bad>;

    /// Shows it as JSON; what is shown can be read again.
    fn json(&self) -> Value;

    /// Reads it from JSON. What is wrong is noted with a pointer below the setting.
    fn read(value: &Value, kind: &Kind, note: &mut dyn FnMut(String, Bad)) -> Option<Self> {
        let read = kind.text_of(value).and_then(|text| Self::parse(&text, kind));
        read.map_err(|bad| note(String::new(), bad)).ok()
    }
}

/// A declaration whose kind does not fit its type; a test reads every default, so that none is left.
fn misdeclared() -> Bad {
    Bad::new("cannot be read", "report this as a mistake in Pollux")
}

impl Setting for bool {
    fn parse(text: &str, _: &Kind) -> Result<Self, Bad> {
        parse::switch(text)
    }

    fn json(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Setting for i64 {
    fn parse(text: &str, kind: &Kind) -> Result<Self, Bad> {
        match kind {
            Kind::Whole { least, most } => parse::whole(text, *least, *most),
            _ => Err(misdeclared()),
        }
    }

    fn json(&self) -> Value {
        Value::from(*self)
    }
}

impl Setting for u32 {
    fn parse(text: &str, kind: &Kind) -> Result<Self, Bad> {
        Self::try_from(i64::parse(text, kind)?).map_err(|_| misdeclared())
    }

    fn json(&self) -> Value {
        Value::from(*self)
    }
}

impl Setting for Option<u32> {
    fn parse(text: &str, kind: &Kind) -> Result<Self, Bad> {
        let Kind::WholeOrOff { least, most } = kind else { return Err(misdeclared()) };
        if text == "off" {
            return Ok(None);
        }
        let number = parse::whole(text, *least, *most).ok().and_then(|number| u32::try_from(number).ok());
        number.map(Some).ok_or_else(|| {
            Bad::new(
                format!("is neither off nor a whole number from {least} to {most}"),
                "write for example off or 8",
            )
        })
    }

    fn json(&self) -> Value {
        self.map_or_else(|| Value::from("off"), Value::from)
    }
}

impl Setting for Duration {
    fn parse(text: &str, kind: &Kind) -> Result<Self, Bad> {
        match kind {
            Kind::Time { least_ms, unit } => parse::time(text, *least_ms, unit),
            _ => Err(misdeclared()),
        }
    }

    fn json(&self) -> Value {
        Value::from(parse::written(*self))
    }
}

impl Setting for Option<Duration> {
    fn parse(text: &str, kind: &Kind) -> Result<Self, Bad> {
        match kind {
            Kind::TimeOrOff { least_ms } => parse::time_or_off(text, *least_ms),
            _ => Err(misdeclared()),
        }
    }

    fn json(&self) -> Value {
        Value::from(self.map_or_else(|| "off".to_owned(), parse::written))
    }
}

impl Setting for String {
    fn parse(text: &str, kind: &Kind) -> Result<Self, Bad> {
        match kind {
            Kind::Model => parse::model(text),
            Kind::Text { most } if text.chars().count() > *most => {
                Err(Bad::new(format!("is longer than {most} characters"), "shorten it"))
            }
            Kind::Text { .. } if text.contains('\0') => Err(Bad::new("holds a NUL character", "take it out")),
            Kind::Text { .. } => Ok(text.to_owned()),
            _ => Err(misdeclared()),
        }
    }

    fn json(&self) -> Value {
        Value::from(self.as_str())
    }
}

impl Setting for Strategy {
    fn parse(text: &str, _: &Kind) -> Result<Self, Bad> {
        match text.replace('-', "_").as_str() {
            "headroom" => Ok(Self::Headroom),
            "least_used" => Ok(Self::LeastUsed),
            "round_robin" => Ok(Self::RoundRobin),
            "fill_first" => Ok(Self::FillFirst),
            _ => Err(Bad::new("is not a strategy", "write headroom, least_used, round_robin or fill_first")),
        }
    }

    fn json(&self) -> Value {
        Value::from(match self {
            Self::Headroom => "headroom",
            Self::LeastUsed => "least_used",
            Self::RoundRobin => "round_robin",
            Self::FillFirst => "fill_first",
        })
    }
}
