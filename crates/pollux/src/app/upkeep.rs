//! The jobs of a gateway, and the same work done by a command: backups, restores, cleaning up.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use super::{KEY_FILE, master_key, open_store};
use crate::clock::{Clock, Moment};
use crate::config::Config;
use crate::jobs::{self, Alerts, Backups, Channel, Cleaned, Cleanup, Jobs, KeepAlive, Plan, Post, Work};
use crate::settings::Live;
use crate::shared::Shared;
use crate::store::backup::{self, Manifest, Restored};
use crate::store::{Store, check_master_key};

const CLEAN_UP: Plan = Plan {
    name: "clean-up",
    about: "Forgets calls, what was said in them, usage events and turns of keys that are older than the settings say.",
    every: Some(Duration::from_hours(1)),
    jitter: Duration::from_mins(5),
    once: true,
};

const KEEP_ALIVE: Plan = Plan {
    name: "keep-alive",
    about: "Calls the gateway by its public address, so that a free host does not put it to sleep; looks each minute whether that is due.",
    every: Some(Duration::from_mins(1)),
    jitter: Duration::ZERO,
    once: false,
};

const ALERTS: Plan = Plan {
    name: "alerts",
    about: "Looks whether something wants attention, and tells those who are to be told.",
    every: Some(Duration::from_mins(1)),
    jitter: Duration::ZERO,
    once: true,
};

const BACK_UP: Plan = Plan {
    name: "backup",
    about: "Copies the database while it is in use, checks the copy, and gives up the oldest copies.",
    every: None,
    jitter: Duration::from_mins(10),
    once: false,
};

/// What runs beside the calls, besides what keeps the rooms themselves in order. `on_disk` says whether the store is the
/// SQLite file of the configuration.
pub(super) async fn jobs(
    config: &Config,
    (store, shared): (&Arc<dyn Store>, &Arc<dyn Shared>),
    clock: &Arc<dyn Clock>,
    (settings, on_disk): (Live, bool),
    alerts: &Arc<Alerts>,
) -> anyhow::Result<Arc<Jobs>> {
    let cleanup = Cleanup { store: Arc::clone(store), settings: settings.clone() };
    let mut work: Vec<(Plan, Box<dyn Work>)> =
        vec![(CLEAN_UP, Box::new(cleanup)), (ALERTS, Box::new(jobs::Watch(Arc::clone(alerts))))];
    if let Some(url) = &config.external_url {
        work.push((KEEP_ALIVE, Box::new(KeepAlive::new(url, settings))));
    }
    let database = config.database_path().filter(|_| on_disk);
    let backups = database.map(|database| Arc::new(backups(config, database)));
    if let Some(backups) = &backups {
        let plan = Plan { every: config.backup_every, ..BACK_UP };
        work.push((plan, Box::new(jobs::BackUp(Arc::clone(backups)))));
    }
    Ok(Arc::new(Jobs::open(work, backups, (store, shared), clock).await?))
}

/// Who is told of alerts.
///
/// # Errors
/// When an address of e-mail makes no sense.
pub(super) fn channels(config: &Config) -> anyhow::Result<Vec<Channel>> {
    let webhook = config.alert_webhook.clone();
    let webhook = webhook.map(|url| Channel::Webhook { url, secret: config.alert_webhook_secret.clone() });
    let telegram = config.alert_telegram.clone().map(|(bot, chat)| Channel::Telegram { bot, chat });
    let feishu = config.alert_feishu.clone().map(Channel::Feishu);
    let dingtalk = config.alert_dingtalk.clone();
    let dingtalk = dingtalk.map(|url| Channel::DingTalk(url, config.alert_dingtalk_secret.clone()));
    let wecom = config.alert_wecom.clone().map(Channel::WeCom);
    let email = config.alert_email.as_ref().map(|mail| Post::new(&mail.server, &mail.from, &mail.to));
    let email = email
        .transpose()
        .map_err(anyhow::Error::msg)
        .context("alert_email")?
        .map(|post| Channel::Email(Box::new(post)));
    Ok([webhook, telegram, feishu, dingtalk, wecom, email].into_iter().flatten().collect())
}

fn backups(config: &Config, database: PathBuf) -> Backups {
    Backups {
        database,
        folder: config.backup_dir.clone().unwrap_or_else(|| config.data_dir.join("backups")),
        keep: config.backup_keep,
    }
}

/// The database file; PostgreSQL has tools of its own.
fn sqlite(config: &Config) -> anyhow::Result<PathBuf> {
    config.database_path().context("the database is PostgreSQL: use pg_dump and pg_restore")
}

/// Copies the database to `target`, also while a gateway uses it.
///
/// # Errors
/// When there is no database, or the copy is not right.
pub async fn back_up(config: &Config, target: &Path, now: Moment) -> anyhow::Result<Manifest> {
    let database = sqlite(config)?;
    anyhow::ensure!(database.exists(), "there is no database at {}", database.display());
    Ok(backup::write(&database, target, now).await?)
}

/// Puts a backup in the place of the database; without a moment it is only checked.
///
/// # Errors
/// When the backup cannot be used, or a gateway uses the database.
pub async fn restore(config: &Config, from: &Path, at: Option<Moment>) -> anyhow::Result<Restored> {
    let key = config.data_dir.join(KEY_FILE);
    // A new key would open nothing of what is in the backup.
    anyhow::ensure!(
        config.master_key.is_some() || key.exists(),
        "there is no master key; set the POLLUX_MASTER_KEY of the gateway that made the backup, or put its file \
         `{KEY_FILE}` at {}",
        key.display()
    );
    let master = master_key(config)?;
    let restored = backup::restore(from, &sqlite(config)?, &master, at).await;
    restored.with_context(|| format!("{} was not restored", from.display()))
}

/// Forgets calls and usage events that are older than `keep`, also while a gateway runs.
///
/// # Errors
/// When the store cannot be used.
pub async fn clean_up(config: &Config, keep: Duration, clock: Arc<dyn Clock>) -> anyhow::Result<Cleaned> {
    let master = master_key(config)?;
    let store = open_store(config, &*clock).await?;
    check_master_key(&*store, &master).await?;
    let before = jobs::back(clock.now(), keep);
    let before = jobs::Before { calls: before, events: before, bodies: before };
    let cleaned = jobs::sweep(&*store, before).await;
    store.close().await;
    Ok(cleaned?)
}
