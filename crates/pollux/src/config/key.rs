//! The macro that declares a fixed setting once for all its uses.

/// Declares the settings that are fixed at the start: `Config` with one documented field each, and `FIXED`, the same
/// as data.
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
            /// The starting values of what can be turned while the gateway runs.
            pub settings: Configured,
            /// What looks like a mistake but may be none; for the log.
            pub warnings: Vec<String>,
        }

        /// Every fixed setting, in the order of the reference page.
        const FIXED: &[Key] = &[$($(
            Key {
                section: $section,
                name: stringify!($name),
                flag: settings!(@flag $($flag)?),
                env: &[$($env),+],
                default: $default,
                quotable: settings!(@quotable $access),
                kind: None,
                doc: &[$($doc),+],
            },
        )*)*];

        impl Config {
            /// Reads every setting, and every problem there is.
            pub(super) fn read(raw: &RawConfig) -> Result<Self, Vec<Problem>> {
                let mut problems = Vec::new();
                $($(let $name = raw.value(stringify!($name), $parse, &mut problems);)*)*
                let settings = raw.settings(&mut problems);
                match ($($($name,)*)* settings) {
                    ($($(Some($name),)*)* Some(settings)) => Ok(Self { $($($name,)*)* settings, warnings: raw.warnings().to_vec() }),
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
