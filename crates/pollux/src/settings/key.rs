//! One setting as data.

use super::Kind;

/// A setting: its names, its default, what it means.
#[derive(Debug)]
pub struct Key {
    /// The heading it stands under.
    pub section: &'static str,
    /// The name in `pollux.toml`, in the admin API, and of the field.
    pub name: &'static str,
    /// The long flag without dashes. Secrets have none, because command lines are public.
    pub flag: Option<&'static str>,
    /// Its environment variables, the preferred one first.
    pub env: &'static [&'static str],
    /// What holds when nothing is written; empty for nothing.
    pub default: &'static str,
    /// Whether the value may be quoted in messages.
    pub quotable: bool,
    /// What values it takes, if it can be turned while the gateway runs.
    pub kind: Option<Kind>,
    /// What it means.
    pub doc: &'static [&'static str],
}

impl Key {
    /// What it means, line by line.
    pub fn doc_lines(&self) -> impl Iterator<Item = &'static str> {
        self.doc.iter().map(|line| line.trim())
    }

    /// What it means, in one line.
    pub fn doc(&self) -> String {
        self.doc_lines().collect::<Vec<_>>().join(" ")
    }
}

/// Declares the settings that can be turned at run time: `Values` with one documented field each, and `KEYS`, the same
/// as data.
macro_rules! live {
    ($(section $section:literal {$(
        $(#[doc = $doc:literal])+
        $name:ident: $type:ty = $default:literal, $flag:literal, [$($env:literal),+], $kind:expr;
    )*})*) => {
        /// One snapshot: every setting, valid, and never changed again.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Values {
            $($($(#[doc = $doc])+ pub $name: $type,)*)*
        }

        /// Every setting that can be turned at run time, in the order of the reference page.
        pub const KEYS: &[Key] = &[$($(
            Key {
                section: $section,
                name: stringify!($name),
                flag: Some($flag),
                env: &[$($env),+],
                default: $default,
                quotable: true,
                kind: Some($kind),
                doc: &[$($doc),+],
            },
        )*)*];

        impl Values {
            /// Reads every setting from its text, and notes every problem there is.
            pub fn read<'a>(
                mut text: impl FnMut(&'static Key) -> std::borrow::Cow<'a, str>,
                mut note: impl FnMut(&'static Key, Bad),
            ) -> Option<Self> {
                $($(
                    let declared = key(stringify!($name))?;
                    let $name = <$type as Setting>::parse(&text(declared), &$kind);
                    let $name = $name.map_err(|bad| note(declared, bad)).ok();
                )*)*
                match ($($($name,)*)*) {
                    ($($(Some($name),)*)*) => Some(Self { $($($name,)*)* }),
                    _ => None,
                }
            }

            /// Every setting as JSON.
            pub fn json(&self) -> Map<String, Value> {
                let mut all = Map::new();
                $($(all.insert(stringify!($name).to_owned(), Setting::json(&self.$name));)*)*
                all
            }

            /// Sets one setting from JSON. What is wrong is noted with a pointer below the setting.
            pub(super) fn set(&mut self, name: &str, value: &Value, note: &mut dyn FnMut(String, Bad)) {
                match name {
                    $($(stringify!($name) => {
                        if let Some(value) = <$type as Setting>::read(value, &$kind, note) {
                            self.$name = value;
                        }
                    })*)*
                    _ => note(String::new(), stranger()),
                }
            }
        }
    };
}

pub(super) use live;
