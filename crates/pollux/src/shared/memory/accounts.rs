//! Users' accounts in this process's memory. Each decision is one short lock.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pool::account::{Account, Base, Caps, Held, Standing, Sum, When};

use crate::shared::{Take, Verdict};

/// As many as users that called since the start, or used something before.
#[derive(Debug, Default)]
pub(super) struct Accounts(Mutex<HashMap<String, Account>>);

impl Accounts {
    pub(super) fn take(&self, take: &Take<'_>) -> Verdict {
        let Take { user, caps, need, when } = take;
        let mut accounts = self.lock();
        let account = of(&mut accounts, user);
        let outcome = account.take(caps, *need, when);
        Verdict { outcome, standing: account.standing(caps, when) }
    }

    pub(super) fn settle(&self, user: &str, held: &Held, actual: Option<Sum>) {
        if let Some(account) = self.lock().get_mut(user) {
            account.settle(held, actual);
        }
    }

    pub(super) fn standing(&self, user: &str, caps: &Caps, when: &When) -> Vec<Standing> {
        self.lock()
            .get(user)
            .map_or_else(|| Account::default().standing(caps, when), |account| account.standing(caps, when))
    }

    pub(super) fn open(&self, user: &str, base: &Base, when: &When) {
        of(&mut self.lock(), user).open(base, when);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of<'a>(accounts: &'a mut HashMap<String, Account>, user: &str) -> &'a mut Account {
    accounts.entry(user.to_owned()).or_default()
}
