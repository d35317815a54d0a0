//! The scripts: each decision is one of them, run by the server in one step.

use redis::Script;

/// One script, and what it is given.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) which: Which,
    pub(super) keys: Vec<String>,
    pub(super) args: Vec<String>,
}

/// Which script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Reserves in a user's account.
    Take,
    /// Corrects what was reserved there.
    Settle,
    /// Reads an account.
    Standing,
    /// Takes over what was written down of one.
    Open,
    /// Reserves in a bucket.
    Reserve,
    /// Corrects what was reserved there.
    Correct,
    /// Says that a replica is there, and who else is.
    Beat,
    /// Takes or keeps the lead in a matter.
    Lead,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Scripts([Script; 8]);

/// A script's text, of the parts it is made of.
macro_rules! lua {
    ($($part:literal),+) => {
        Script::new(concat!($(include_str!(concat!("lua/", $part, ".lua")), "\n"),+))
    };
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self([
            lua!("minute", "account", "take"),
            lua!("minute", "account", "settle"),
            lua!("minute", "account", "standing"),
            lua!("minute", "account", "open"),
            lua!("minute", "bucket", "reserve"),
            lua!("minute", "bucket", "correct"),
            lua!("beat"),
            lua!("lead"),
        ])
    }

    pub(super) fn get(&self, which: Which) -> &Script {
        let Self([take, settle, standing, open, reserve, correct, beat, lead]) = self;
        match which {
            Which::Take => take,
            Which::Settle => settle,
            Which::Standing => standing,
            Which::Open => open,
            Which::Reserve => reserve,
            Which::Correct => correct,
            Which::Beat => beat,
            Which::Lead => lead,
        }
    }

    pub(super) fn all(&self) -> &[Script] {
        &self.0
    }
}
