//! One setting as data, and the macro that declares a setting once for all its uses.

/// A setting: its names, its default, what it means.
#[derive(Debug)]
pub(super) struct Key {
    /// The heading it stands under.
    pub(super) section: &'static str,
    /// The name in `pollux.toml`, and of the field in `Config`.
    pub(super) name: &'static str,
    /// The long flag without dashes. Secrets have none, because command lines are public.
    pub(super) flag: Option<&'static str>,
    /// Its environment variables, the preferred one first.
    pub(super) env: &'static [&'static str],
    /// What holds when nothing is written; empty for nothing.
    pub(super) default: &'static str,
    /// Whether the value may be quoted in messages.
    pub(super) quotable: bool,
    /// What it means.
    doc: &'static [&'static str],
}

impl Key {
    #[expect(clippy::too_many_arguments, reason = "called by the macro below only, once per declaration")]
    pub(super) const fn new(
        section: &'static str,
        name: &'static str,
        (flag, quotable): (Option<&'static str>, bool),
        env: &'static [&'static str],
        default: &'static str,
        doc: &'static [&'static str],
    ) -> Self {
        Self { section, name, flag, env, default, quotable, doc }
    }

    /// What it means, line by line.
    pub(super) fn doc_lines(&self) -> impl Iterator<Item = &'static str> {
        self.doc.iter().map(|line| line.trim())
    }

    /// What it means, in one line.
    pub(super) fn doc(&self) -> String {
        self.doc_lines().collect::<Vec<_>>().join(" ")
    }
}

/// Declares the settings: `Config` with one documented field each, and `KEYS`, the same as data.
///
/// How a value may be given: `open "flag"` anywhere; `masked "flag"` anywhere, but it may hold a password and is never
/// quoted; `secret` by file and environment only.
macro_rules! settings {
    ($(section $section:literal {$(
        $(#[doc = $doc:literal])+
        $name:ident: $type:ty = $default:literal, $access:ident $($flag:literal)?, [$($env:literal),+], $parse:expr;
    )*})*) => {
        /// What holds: every setting, valid, and never changed again.
        #[derive(Clone, Debug)]
        pub struct Config {
            $($($(#[doc = $doc])+ pub $name: $type,)*)*
            /// What looks like a mistake but may be none; for the log.
            pub warnings: Vec<String>,
        }

        /// Every setting, in the order of the reference page.
        pub(super) const KEYS: &[Key] = &[$($(
            Key::new(
                $section,
                stringify!($name),
                (settings!(@flag $($flag)?), settings!(@quotable $access)),
                &[$($env),+],
                $default,
                &[$($doc),+],
            ),
        )*)*];

        impl Config {
            /// Reads every setting, and every problem there is.
            pub(super) fn read(raw: &RawConfig) -> Result<Self, Vec<Problem>> {
                let mut problems = Vec::new();
                $($(let $name = raw.value(stringify!($name), $parse, &mut problems);)*)*
                match ($($($name,)*)*) {
                    ($($(Some($name),)*)*) => Ok(Self { $($($name,)*)* warnings: raw.warnings().to_vec() }),
                    _ => Err(problems),
                }
            }
        }
    };
    (@flag) => { None };
    (@flag $flag:literal) => { Some($flag) };
    (@quotable open) => { true };
    (@quotable masked) => { false };
    (@quotable secret) => { false };
}

pub(super) use settings;
