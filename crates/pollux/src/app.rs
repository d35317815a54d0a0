//! The composition root: the only place that names concrete backends.
//!
//! Top to bottom: store, access, shared, upstream, settings, keyring, relay, router.
//!
//! Invariant: everything that can fail at start fails here, before anything is served.

mod migrate;
mod replica;
mod surroundings;
mod upkeep;
mod writers;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use axum::Router;
use tokio_util::sync::CancellationToken;

use self::writers::Writers;
use crate::access::Access;
use crate::audit::Audit;
use crate::bodies::Bodies;
use crate::calllog::{self, CallLog};
use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::config::{Config, Database};
use crate::http::{self, Closing, Fixed, Gateway, Parts, Requests, Server};
use crate::id::Dice;
use crate::jobs::{AlertRooms, Alerts, Jobs};
use crate::journal::{self, Journal, Shipper};
use crate::keyring::{self, Keeper, Keyring, WordsChange};
use crate::lifecycle::Lifecycle;
use crate::limits::Limits;
use crate::media::{Internet, Media};
use crate::operators::{self, AdminRule, Operators};
use crate::relay::{self, Relay};
use crate::resources::Resources;
use crate::secret::{MasterKey, Secret};
use crate::settings::{Live, Settings};
use crate::shared::Shared;
use crate::store::record::Origin;
use crate::store::{PostgresSettings, SqlStore, SqliteSettings, Store, check_master_key};
use crate::telemetry::call::Watcher;
use crate::telemetry::{CpuShare, Metrics, trace};
use crate::upstream::{Pipes, Upstream};

pub use migrate::{Migrated, migrate};
pub use surroundings::Surroundings;
pub use upkeep::{back_up, clean_up, restore};

/// The file that holds the master key when none is given.
const KEY_FILE: &str = "master.key";

/// A gateway that is ready to serve.
pub struct App {
    /// Every route.
    pub router: Router,
    /// An admin token that was made at this start; it cannot be read again.
    pub fresh_admin_token: Option<Secret>,
    /// Keys that the pool holds.
    pub keys: usize,
    /// The rooms, for those who want to reach them without HTTP.
    pub gateway: Gateway,
    store: Arc<dyn Store>,
    books: Option<Books>,
    keeper: Keeper,
    writers: Writers,
}

/// Opens every room.
///
/// # Errors
/// When the data directory, the database or the master key cannot be used, or a setting makes no sense upstream.
pub async fn build(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<App> {
    build_in(Surroundings::real(clock), config).await
}

/// The same in these surroundings.
///
/// # Errors
/// As [`build`].
pub async fn build_in(surroundings: Surroundings, config: &Config) -> anyhow::Result<App> {
    let Surroundings { clock, dice, pipes, store } = surroundings;
    let master = master_key(config)?;
    let (store, journal, books) = opened_books(store, config, &master, &*clock).await?;

    let (operators, fresh_admin_token) = operators(config, &store, &master, &clock).await?;
    let access = open_access(config, &store, &master, (&clock, &dice)).await?;

    let (shared, replica) = replica::shared(config, &*clock).await?;
    let upstream = Arc::new(open_upstream(config, pipes.as_ref())?);
    let settings = Settings::open(Arc::clone(&store), Arc::clone(&clock), config.settings.clone()).await?;
    let rooms = keyring_rooms((&store, &upstream, &shared), (&clock, &dice), settings.live());
    let (keyring, keeper, resources) = open_keyring(rooms, master, config).await?;
    let (calls, call_writer) = call_log(config, &clock)?;
    let relay = relay::Rooms {
        keyring: Arc::clone(&keyring),
        upstream: Arc::clone(&upstream),
        shared: Arc::clone(&shared),
        clock: Arc::clone(&clock),
        dice: dice.clone(),
        calls,
        journal: journal.clone(),
        settings: settings.live(),
    };
    let (bodies, body_writer) = Bodies::new(settings.live(), Arc::clone(&clock));
    let (watcher, exporter) = watching(config, (&clock, &dice), &journal)?;
    let (alerts, jobs) =
        open_jobs(config, (&keyring, &clock), (&store, &shared), settings.live(), books.is_some()).await?;
    let gateway = Gateway::new(Parts {
        access,
        operators,
        audit: Audit::new(Arc::clone(&store), Arc::clone(&clock), config.audit_days),
        keyring,
        relay: Relay::new(relay),
        resources,
        media: open_media()?,
        jobs,
        store: Arc::clone(&store),
        catalog: Catalog::default(),
        limits: opened_limits(config, (&shared, &clock), &*store).await?,
        shared,
        replica,
        started: clock.now(),
        leaving: OnceLock::new(),
        clock,
        dice,
        settings: Arc::new(settings),
        fixed: fixed(config),
        cpu: CpuShare::default(),
        metrics: Metrics::install(),
        watcher,
        upstream,
        journal,
        alerts,
        bodies,
        requests: Requests::default(),
        closing: Closing::default(),
    });
    let (router, keys) = (http::router(&gateway), gateway.keyring.ready_keys());
    let writers = Writers { calls: call_writer, bodies: body_writer, traces: exporter };
    Ok(App { router, fresh_admin_token, keys, gateway, store, books, keeper, writers })
}

impl App {
    /// Starts what runs beside the calls, until the soft stop or, where calls are noted, until `served`: nobody can
    /// call any more. Gives the routes to whoever serves them, and the store to whoever closes it at the end.
    pub fn start(self, lifecycle: &Lifecycle, served: &CancellationToken) -> (Router, Arc<dyn Store>) {
        let Self { router, keeper, store, books, gateway, writers, .. } = self;
        gateway.leaving.get_or_init(|| lifecycle.leaving());
        let soft = lifecycle.soft();
        lifecycle.spawn("keeper", keeper.run(soft.clone().cancelled_owned()));
        let shared = Arc::clone(&gateway.shared);
        let served_to_the_end = served.clone();
        lifecycle.spawn("fleet", async move { shared.tend(served_to_the_end).await });
        let jobs = Arc::clone(&gateway.jobs);
        lifecycle.spawn("follow", {
            let (gateway, soft) = (gateway.clone(), soft.clone());
            async move { gateway.follow(soft.cancelled_owned()).await }
        });
        lifecycle.spawn("tend users", async move { gateway.tend_users(soft.cancelled_owned()).await });
        for job in jobs.all() {
            let (job, soft) = (Arc::clone(job), lifecycle.soft());
            lifecycle.spawn(job.plan().name, async move { job.tend(soft.cancelled_owned()).await });
        }
        if let Some((writer, shipper)) = books {
            lifecycle.spawn("journal", writer.run(served.clone()));
            lifecycle.spawn("journal shipper", shipper.run(Arc::clone(&store), served.clone()));
        }
        writers.start(lifecycle, &store, served);
        (router, store)
    }

    /// Serves on `listener` until the lifecycle stops, and closes the store when everything has ended.
    ///
    /// # Errors
    /// When the listener breaks.
    pub async fn serve(
        self,
        listener: tokio::net::TcpListener,
        lifecycle: &Lifecycle,
        drain: std::time::Duration,
    ) -> anyhow::Result<crate::lifecycle::Ending> {
        self.serve_on(vec![listener], lifecycle, drain).await
    }

    /// The same on several listeners, all alike.
    ///
    /// # Errors
    /// When a listener breaks.
    pub async fn serve_on(
        self,
        listeners: Vec<tokio::net::TcpListener>,
        lifecycle: &Lifecycle,
        drain: std::time::Duration,
    ) -> anyhow::Result<crate::lifecycle::Ending> {
        // Calls may end as long as the listener has connections, after the soft stop too.
        let served = CancellationToken::new();
        let Fixed { doors, trusted_proxies, .. } = self.gateway.fixed.clone();
        let (router, store) = self.start(lifecycle, &served);
        let door = Arc::new(Server::new(router, doors, trusted_proxies)?);
        let serving = listeners
            .into_iter()
            .map(|listener| Arc::clone(&door).serve(listener, lifecycle.soft().cancelled_owned()));
        let serving = futures_util::future::join_all(serving);
        lifecycle.spawn("serve", async move {
            for error in serving.await.into_iter().filter_map(Result::err) {
                tracing::error!(%error, "the listener broke");
            }
            served.cancel();
        });
        let ending = lifecycle.shutdown(drain).await;
        store.close().await;
        Ok(ending)
    }
}

/// Those who write the journal and hand it to the store.
type Books = (journal::Writer, Shipper);

/// The store, and the journal beside it; a store of the surroundings goes without.
async fn opened_books(
    given: Option<Arc<dyn Store>>,
    config: &Config,
    master: &MasterKey,
    clock: &dyn Clock,
) -> anyhow::Result<(Arc<dyn Store>, Journal, Option<Books>)> {
    let with_journal = given.is_none();
    let store = opened_store(given, config, master, clock).await?;
    let (journal, books) =
        if with_journal { opened_journal(config, &*store).await? } else { (Journal::default(), None) };
    Ok((store, journal, books))
}

/// Opens the journal, and hands the store what an earlier run left in it.
async fn opened_journal(config: &Config, store: &dyn Store) -> anyhow::Result<(Journal, Option<Books>)> {
    let folder = config.data_dir.join("journal");
    let shown = folder.display().to_string();
    let settings =
        journal::Settings { folder, sync: config.journal_sync, at_most: config.journal_max_mb << 20 };
    let (journal, writer, mut shipper) =
        journal::open(&settings).with_context(|| format!("cannot use the journal in {shown}"))?;
    let taken = shipper.catch_up(store).await.context("cannot take over what an earlier run wrote down")?;
    if taken > 0 {
        tracing::info!(calls = taken, "took over calls that an earlier run had written down");
    }
    Ok((journal, Some((writer, shipper))))
}

fn make_data_dir(config: &Config) -> anyhow::Result<()> {
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("cannot make the data directory {}", config.data_dir.display()))
}

async fn open_access(
    config: &Config,
    store: &Arc<dyn Store>,
    master: &MasterKey,
    (clock, dice): (&Arc<dyn Clock>, &Dice),
) -> anyhow::Result<Access> {
    let access = Access::open(Arc::clone(store), master, Arc::clone(clock)).await?;
    with_environment_users(access.with_dice(dice.clone()), config).await
}

fn keyring_rooms(
    (store, upstream, shared): (&Arc<dyn Store>, &Arc<Upstream>, &Arc<dyn Shared>),
    (clock, dice): (&Arc<dyn Clock>, &Dice),
    settings: Live,
) -> keyring::Rooms {
    keyring::Rooms {
        store: Arc::clone(store),
        upstream: Arc::clone(upstream),
        clock: Arc::clone(clock),
        dice: dice.clone(),
        settings,
        shared: Arc::clone(shared),
    }
}

async fn open_keyring(
    rooms: keyring::Rooms,
    master: MasterKey,
    config: &Config,
) -> anyhow::Result<(Arc<Keyring>, Keeper, Resources)> {
    let keyring::Rooms { store, clock, .. } = rooms.clone();
    let sessions = Resources::lookup(&master);
    let (keyring, keeper) = Keyring::open(rooms, master).await?;
    add_environment_keys(&keyring, config).await?;
    let keyring = Arc::new(keyring);
    let resources = Resources::new(store, Arc::clone(&keyring), clock, sessions);
    Ok((keyring, keeper, resources))
}

/// What runs beside the calls, and who is told when something wants attention.
async fn open_jobs(
    config: &Config,
    (keyring, clock): (&Arc<Keyring>, &Arc<dyn Clock>),
    (store, shared): (&Arc<dyn Store>, &Arc<dyn Shared>),
    settings: Live,
    with_journal: bool,
) -> anyhow::Result<(Arc<Alerts>, Arc<Jobs>)> {
    let rooms =
        AlertRooms { keyring: Arc::clone(keyring), store: Arc::clone(store), settings: settings.clone() };
    let alerts = Arc::new(Alerts::new(rooms, upkeep::channels(config)?));
    let jobs = upkeep::jobs(config, (store, shared), clock, (settings, with_journal), &alerts).await?;
    Ok((alerts, jobs))
}

fn open_media() -> anyhow::Result<Media> {
    let internet = Internet::new().context("cannot set up the way to the internet")?;
    Ok(Media::new(Arc::new(internet)))
}

fn watching(
    config: &Config,
    (clock, dice): (&Arc<dyn Clock>, &Dice),
    journal: &Journal,
) -> anyhow::Result<(Watcher, Option<trace::Exporter>)> {
    let (tracer, exporter) = trace::open(&config.traces(), dice.clone()).context("cannot set up traces")?;
    let watcher = Watcher::new(tracer, Arc::clone(clock));
    let kept = journal.health().is_some();
    Ok((if kept { watcher.with_ledger(Arc::new(journal.clone())) } else { watcher }, exporter))
}

fn open_upstream(config: &Config, pipes: Option<&Arc<dyn Pipes>>) -> anyhow::Result<Upstream> {
    Upstream::over(&config.upstream(), pipes).context("cannot set up the way to Google")
}

/// Makes a new admin token in the store and ends all sessions. A gateway that is running notices within a minute.
///
/// # Errors
/// As [`build`].
pub async fn reset_admin_token(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Secret> {
    let master = master_key(config)?;
    let store = open_store(config, &*clock).await?;
    check_master_key(&*store, &master).await?;
    let rule = AdminRule::Token(None);
    let (operators, fresh) = Operators::open(Arc::clone(&store), &master, clock, rule).await?;
    let token = match fresh {
        Some(token) => token,
        None => operators.reset_token().await?,
    };
    operators.end_sessions(None).await?;
    store.close().await;
    Ok(token)
}

async fn operators(
    config: &Config,
    store: &Arc<dyn Store>,
    master: &MasterKey,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<(Operators, Option<Secret>)> {
    let rule = if config.admin_auth { AdminRule::Token(config.admin_token.clone()) } else { AdminRule::Off };
    let (operators, fresh) = Operators::open(Arc::clone(store), master, Arc::clone(clock), rule).await?;
    let settings = operators::Settings { idle: config.session_idle, absolute: config.session_length };
    Ok((operators.with(settings), fresh))
}

/// The master key; the data directory, where it may lie, is made if there is none.
fn master_key(config: &Config) -> anyhow::Result<MasterKey> {
    make_data_dir(config)?;
    if let Some(text) = &config.master_key {
        return MasterKey::from_text(text).context("POLLUX_MASTER_KEY cannot be used");
    }
    let path = config.data_dir.join(KEY_FILE);
    let (key, fresh) = MasterKey::from_file(&path).context("the master key file cannot be used")?;
    if fresh {
        tracing::info!(path = %path.display(), "made a master key; back it up together with the database");
    }
    Ok(key)
}

/// The store of the surroundings, or else the one that the configuration names.
async fn opened_store(
    given: Option<Arc<dyn Store>>,
    config: &Config,
    master: &MasterKey,
    clock: &dyn Clock,
) -> anyhow::Result<Arc<dyn Store>> {
    let store = match given {
        Some(store) => store,
        None => open_store(config, clock).await?,
    };
    check_master_key(&*store, master).await?;
    Ok(store)
}

async fn open_store(config: &Config, clock: &dyn Clock) -> anyhow::Result<Arc<dyn Store>> {
    if let Database::Postgres(address) = &config.database_url {
        let connections = u32::try_from(config.database_connections).unwrap_or(u32::MAX);
        let settings = PostgresSettings { connections, ..PostgresSettings::default() };
        let store = SqlStore::open_postgres(address, settings, clock.now()).await?;
        store.begin_use().await?;
        return Ok(Arc::new(store));
    }
    let path = config.database_path().unwrap_or_default();
    if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let store = SqlStore::open_sqlite(&path, SqliteSettings::default(), clock.now()).await?;
    store.begin_use().await?;
    Ok(Arc::new(store))
}

/// Keys of the environment are merged at every start, so that they are not lost on a disk that is.
async fn add_environment_keys(keyring: &Keyring, config: &Config) -> anyhow::Result<()> {
    if config.gemini_api_keys.is_empty() {
        return Ok(());
    }
    let lines: Vec<&str> = config.gemini_api_keys.iter().map(Secret::expose).collect();
    let addition = keyring.add(&lines.join("\n"), &WordsChange::default(), Origin::Environment).await?;
    let fresh = addition.keys.iter().filter(|key| !key.duplicate).count();
    tracing::info!(fresh, known = addition.keys.len() - fresh, "read keys from GEMINI_API_KEYS");
    for malformed in &addition.malformed {
        tracing::warn!(
            key = malformed.hint,
            reason = malformed.reason,
            "an entry of GEMINI_API_KEYS is no key"
        );
    }
    Ok(())
}

/// Users whose keys are written in the configuration come in on a fresh disk too.
async fn with_environment_users(access: Access, config: &Config) -> anyhow::Result<Access> {
    for user in &config.user_keys {
        let adopted = access.adopt_user(&user.name, &user.key).await;
        if adopted.with_context(|| format!("POLLUX_USER_KEYS: cannot add the user {}", user.name))? {
            tracing::info!(name = user.name, "made a user of POLLUX_USER_KEYS");
        }
    }
    Ok(access)
}

fn call_log(config: &Config, clock: &Arc<dyn Clock>) -> anyhow::Result<(CallLog, Option<calllog::Writer>)> {
    let Some(path) = &config.call_log else { return Ok((CallLog::default(), None)) };
    let opened = CallLog::open(path, Arc::clone(clock));
    let (log, writer) = opened.with_context(|| format!("cannot open the call log {}", path.display()))?;
    Ok((log, Some(writer)))
}

/// Users' limits, with what was spent before.
async fn opened_limits(
    config: &Config,
    (shared, clock): (&Arc<dyn Shared>, &Arc<dyn Clock>),
    store: &dyn Store,
) -> anyhow::Result<Limits> {
    let limits = Limits::new(Arc::clone(shared), Arc::clone(clock), config.limits_time_zone.clone());
    limits.load(store).await.context("cannot read what users have spent")?;
    Ok(limits)
}

fn fixed(config: &Config) -> Fixed {
    Fixed {
        doors: config.doors(),
        max_body: config.max_body_mb << 20,
        heartbeat_every: Fixed::HEARTBEAT_EVERY,
        trusted_proxies: config.proxies_in_front(),
        external_url: config.external_url.clone(),
        database: config.database_path(),
        sim_faults: config.allow_sim_faults,
    }
}

impl fmt::Debug for App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("App").field("keys", &self.keys).finish_non_exhaustive()
    }
}
