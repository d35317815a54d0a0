//! The settings as flags of a command, made from the table of settings.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use clap::error::Error;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::keys::keys;
use crate::settings::Key;

const CONFIG: &str = "config";

/// What was said on the command line. `#[command(flatten)]` it into a command.
#[derive(Clone, Default)]
pub struct Flags {
    config: Option<PathBuf>,
    values: BTreeMap<&'static str, String>,
}

impl Flags {
    /// The configuration file that was named.
    pub fn config(&self) -> Option<PathBuf> {
        self.config.clone()
    }

    /// The text given for a setting, by its name in `pollux.toml`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Says `text` for a setting that has a flag; for commands that fix some settings, as `demo` does.
    #[must_use]
    pub fn with(mut self, name: &str, text: impl Into<String>) -> Self {
        if let Some(key) = keys().find(|key| key.name == name && key.flag.is_some()) {
            self.values.insert(key.name, text.into());
        }
        self
    }
}

impl fmt::Debug for Flags {
    /// Names only: a database address may hold a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.values.keys()).finish()
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        if let Some(path) = matches.get_one::<PathBuf>(CONFIG) {
            self.config = Some(path.clone());
        }
        for key in keys().filter(|key| key.flag.is_some()) {
            if let Some(text) = matches.get_one::<String>(key.name) {
                self.values.insert(key.name, text.clone());
            }
        }
        Ok(())
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new(CONFIG)
            .long(CONFIG)
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("The configuration file [env: POLLUX_CONFIG] [default: pollux.toml, if there is one]");
        command.arg(file).args(keys().filter_map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn argument(key: &Key) -> Option<Arg> {
    let mut help = format!("{} [env: {}]", key.doc(), key.env.join(", "));
    if !key.default.is_empty() {
        help.push_str(" [default: ");
        help.push_str(key.default);
        help.push(']');
    }
    let arg = Arg::new(key.name).long(key.flag?).value_name("VALUE").help_heading(key.section);
    Some(arg.help(help).allow_hyphen_values(false))
}
