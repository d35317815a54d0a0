//! The real store, and answers from it that take no virtual time.
//!
//! SQLite works in threads of its own, and how long they take is nobody's choice. So whoever asks this store stands
//! still until the answer is there: to the simulation it came at once, and always in the same order.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::Thread;

use async_trait::async_trait;
use pollux::clock::Moment;
use pollux::store::*;
// Everything, so that whoever adds a method need not come here for its types.
use pollux::store::{record::*, usage::*};
use tokio::runtime::Handle;

/// A store that answers at once.
#[derive(Debug)]
pub(super) struct AtOnce {
    inner: Arc<dyn Store>,
    /// Where its own tasks and time-outs run: in real time, beside the simulation.
    outside: Handle,
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl AtOnce {
    pub(super) fn new(inner: Arc<dyn Store>, outside: Handle) -> Self {
        Self { inner, outside }
    }

    /// Stands still until the store has answered.
    fn answer<T>(&self, asking: impl Future<Output = T>) -> T {
        let _beside = self.outside.enter();
        let waker = Arc::new(Unpark(std::thread::current())).into();
        let mut context = Context::from_waker(&waker);
        let mut asking = pin!(tokio::task::unconstrained(asking));
        loop {
            if let Poll::Ready(answer) = asking.as_mut().poll(&mut context) {
                return answer;
            }
            std::thread::park();
        }
    }
}

/// Hands every method on that has no body in its trait. The list is made: `POLLUX_BLESS=1 cargo test -p tidy --test ports`.
macro_rules! at_once {
    ($($port:ident { $(fn $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)* })*) => { $(
        #[async_trait]
        impl $port for AtOnce {
            $(async fn $name(&self, $($argument: $kind),*) -> $answer {
                self.answer(self.inner.$name($($argument),*))
            })*
        }
    )* };
}

at_once! {
    Keys {
        fn insert_keys(keys: &[NewKey], now: Moment) -> Result<Vec<Stored>>;
        fn list_keys(after: Option<&KeyId>, limit: usize) -> Result<Vec<KeyRow>>;
        fn find_keys(filter: &KeyFilter, after: Option<&KeyId>, limit: usize) -> Result<Vec<KeyRow>>;
        fn key(id: &KeyId) -> Result<KeyRow>;
        fn enable_key(id: &KeyId, enabled: bool, now: Moment) -> Result<()>;
        fn move_key(id: &KeyId, project: &ProjectId, now: Moment) -> Result<()>;
        fn describe_key(id: &KeyId, words: &KeyWords, now: Moment) -> Result<()>;
        fn set_key_state(id: &KeyId, state: &KeyState, now: Moment) -> Result<()>;
        fn delete_key(id: &KeyId, now: Moment) -> Result<()>;
    }
    Timeline {
        fn add_turns(turns: &[Turn]) -> Result<()>;
        fn list_turns(owners: &[&str]) -> Result<Vec<Turn>>;
        fn delete_turns_before(before: Moment, at_most: usize) -> Result<u64>;
    }
    Bodies {
        fn add_bodies(rows: &[BodiesRow]) -> Result<()>;
        fn bodies(call: &str) -> Result<Option<BodiesRow>>;
        fn delete_bodies_before(before: Moment, at_most: usize) -> Result<u64>;
    }
    Projects {
        fn project_by_label(label: &str, now: Moment) -> Result<ProjectRow>;
        fn project(id: &ProjectId) -> Result<ProjectRow>;
        fn list_projects(after: Option<&ProjectId>, limit: usize) -> Result<Vec<ProjectRow>>;
        fn update_project(row: &ProjectRow, now: Moment) -> Result<()>;
    }
    Users {
        fn insert_user(user: &NewUser, now: Moment) -> Result<UserRow>;
        fn user(id: &UserId) -> Result<UserRow>;
        fn user_by_lookup(lookup: &[u8; 32]) -> Result<Option<UserRow>>;
        fn list_users(after: Option<&UserId>, limit: usize) -> Result<Vec<UserRow>>;
        fn update_user(row: &UserRow, now: Moment) -> Result<()>;
        fn enable_user(id: &UserId, enabled: bool, now: Moment) -> Result<()>;
        fn rotate_user(id: &UserId, lookup: &[u8; 32], hint: &str, now: Moment) -> Result<()>;
        fn delete_user(id: &UserId, now: Moment) -> Result<()>;
        fn touch_users(seen: &[(UserId, Moment)]) -> Result<()>;
    }
    Settings {
        fn settings_version(version: Option<i64>) -> Result<Option<SettingsVersion>>;
        fn add_settings_version(version: &SettingsVersion) -> Result<()>;
        fn list_settings_versions(before: Option<i64>, limit: usize) -> Result<Vec<SettingsVersion>>;
        fn meta(name: &str) -> Result<Option<String>>;
        fn put_meta(name: &str, value: &str) -> Result<()>;
        fn init_meta(name: &str, value: &str) -> Result<String>;
        fn ping() -> Result<()>;
        fn close() -> ();
    }
    Counters {
        fn add_to_days(counts: &[DayCount]) -> Result<()>;
        fn load_day(day: &str) -> Result<Vec<DayCount>>;
        fn replace_limits(gone: &[Limit], limits: &[Limit]) -> Result<()>;
        fn list_limits(filter: &LimitFilter, after: Option<&Limit>, limit: usize) -> Result<Vec<Limit>>;
    }
    Sessions {
        fn insert_operator(row: &OperatorRow) -> Result<()>;
        fn operator(id: &str) -> Result<OperatorRow>;
        fn operator_by_name(name: &str) -> Result<Option<OperatorRow>>;
        fn list_operators(after: Option<&str>, limit: usize) -> Result<Vec<OperatorRow>>;
        fn update_operator(row: &OperatorRow, now: Moment) -> Result<()>;
        fn touch_operator(id: &str, at: Moment) -> Result<()>;
        fn delete_operator(id: &str, now: Moment) -> Result<()>;
        fn insert_session(row: &SessionRow) -> Result<()>;
        fn session(lookup: &[u8; 32]) -> Result<Option<SessionRow>>;
        fn list_sessions(after: Option<&str>, limit: usize) -> Result<Vec<SessionRow>>;
        fn touch_session(id: &str, seen_at: Moment, confirmed_at: Moment) -> Result<()>;
        fn delete_session(id: &str) -> Result<()>;
        fn delete_sessions(operator: Option<&str>) -> Result<u64>;
        fn forget_sessions(created_before: Moment, seen_before: Moment) -> Result<u64>;
    }
    Resources {
        fn put_resources(rows: &[ResourceRow]) -> Result<()>;
        fn resources_named(user: &UserId, names: &[&str]) -> Result<Vec<ResourceRow>>;
        fn resource_of_anybody(name: &str) -> Result<Option<ResourceRow>>;
        fn list_resources(of: (&UserId, Option<&str>), after: Option<(Moment, &str)>, now: Moment, limit: usize) -> Result<Vec<ResourceRow>>;
        fn forget_resource(user: &UserId, name: &str) -> Result<()>;
        fn count_resources(project: &ProjectId, now: Moment) -> Result<Vec<(String, u64)>>;
        fn forget_expired_resources(before: Moment, at_most: usize) -> Result<u64>;
    }
    Audit {
        fn insert_audit(rows: &[AuditRow]) -> Result<()>;
        fn list_audit(filter: &AuditFilter, before: Option<&str>, limit: usize) -> Result<Vec<AuditRow>>;
        fn forget_audit(before: Moment) -> Result<u64>;
    }
    Usage {
        fn usage_mark(journal: &str) -> Result<u64>;
        fn take_over(journal: &str, batch: &[Sequenced]) -> Result<u64>;
        fn usage_by_user(since: Option<Moment>, after: Option<&UserId>, limit: usize) -> Result<Vec<(UserId, Sums)>>;
        fn usage_sum(filter: &UsageFilter) -> Result<Sums>;
        fn usage_sums(filter: &UsageFilter, by: By, after: Option<&Group>, limit: usize) -> Result<Vec<(Group, Sums)>>;
        fn list_calls(filter: &CallFilter, after: Option<&Place>, limit: usize) -> Result<Vec<Record>>;
        fn call(id: &str) -> Result<Record>;
        fn list_attempts(filter: &AttemptFilter, after: Option<&Place>, limit: usize) -> Result<Vec<AttemptRow>>;
        fn delete_events_before(before: Moment, at_most: usize) -> Result<u64>;
        fn delete_calls_before(before: Moment, at_most: usize) -> Result<u64>;
    }
}
