//! The keyring among other replicas: what its pool reserves, the others must agree to; what its pool finds out, they hear.

use pool::fleet::Answer;
use pool::{Cost, Moment, Opening, Why};

use super::Keyring;
use super::lease::Lease;
use super::ring::{Ring, Wish};
use crate::shared::{Away, Correction, Fleet, Reserved};
use crate::store::record::ProjectId;
use crate::telemetry::names;

/// When a call may ask again that is refused because the others are out of reach.
const ASK_AGAIN_MS: i64 = 1_000;

/// What the other replicas know of a reservation.
#[derive(Debug)]
pub(super) struct Claimed {
    model: String,
    mark: Moment,
    day: i32,
}

impl Keyring {
    /// A lease that all replicas agree to. One that they had used up is given back, which teaches the pool, and another
    /// is taken.
    pub(super) async fn agreed_lease(&self, wish: &Wish<'_>, deadline: Moment) -> Result<Lease, Opening> {
        let mut wish = *wish;
        loop {
            self.ring.refuse_alone()?;
            let mut lease = Ring::lease_by(&self.ring, &wish, deadline).await?;
            if !self.ring.shared.fleet().is_shared() || self.ring.agree(&mut lease).await.is_ok() {
                return Ok(lease);
            }
            lease.give_back();
            // It has waited for its turn already.
            wish.again = true;
        }
    }
}

impl Ring {
    /// While the others are out of reach, calls are refused if that is what the operator wants.
    fn refuse_alone(&self) -> Result<(), Opening> {
        let away = matches!(self.shared.fleet(), Fleet::Away(_));
        if away && self.settings().now().redis_away.refuses() {
            return Err(Opening::At(self.now().plus_ms(ASK_AGAIN_MS), Why::Away));
        }
        Ok(())
    }

    /// Asks the others for what the pool has reserved. `Err` if they say no, or cannot be asked any more.
    async fn agree(&self, lease: &mut Lease) -> Result<(), Away> {
        let Some(claim) = lease.claim() else { return Ok(()) };
        let project = lease.project_name().to_owned();
        if let Fleet::Away(_) = self.shared.fleet() {
            // The pool keeps to its share; the others hear of it afterwards.
            self.shared.count(&project, &claim);
            return Ok(());
        }
        let Reserved { mark, answer } = self.shared.reserve(&project, &claim, self.now()).await?;
        if let Some(mark) = mark {
            self.hear(lease, &claim.model, &answer);
            lease.claimed = Some(Box::new(Claimed { model: claim.model, mark, day: claim.day }));
            return Ok(());
        }
        metrics::counter!(names::CLAIMS_REFUSED).increment(1);
        // The reservation is still in the pool, and not in what they counted.
        let Cost { requests, tokens } = claim.cost;
        let mut told = answer;
        told.minute.requests += u64::from(requests);
        told.minute.tokens += tokens;
        told.day.requests += u64::from(requests);
        told.day.tokens += tokens;
        self.hear(lease, &claim.model, &told);
        Err(Away)
    }

    fn hear(&self, lease: &Lease, model: &str, answer: &Answer) {
        self.pool().hear(lease.project(), model, answer, self.now());
    }

    /// Tells the others what a reservation really took.
    pub(super) fn correct(&self, project: &ProjectId, claimed: &Claimed, (was, is): (Cost, Cost)) {
        let Claimed { model, mark, day } = claimed;
        self.shared.correct(&Correction {
            project: project.as_str(),
            model,
            mark: *mark,
            day: *day,
            was,
            is,
        });
    }
}
