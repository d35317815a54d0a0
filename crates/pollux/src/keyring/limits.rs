//! What an operator declares about limits. Of a declared and a learned limit the smaller holds (`pool`'s rule).

use pool::{Gauge, Limits, Moment, Provenance};

use super::Keyring;
use super::keeping::{gauge_of, words};
use crate::store::StoreError;
use crate::store::record::{self, Limit, LimitFilter};

/// Who says so, as it is stored.
pub(super) const OPERATOR: &str = "operator";
/// Who says so, as it is stored.
pub(super) const GOOGLE: &str = "google";

/// A limit as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownLimit {
    /// Whose; none for what holds for all projects.
    pub project: Option<record::ProjectId>,
    /// The model, as Google's quotas call it.
    pub model: String,
    /// Which limit.
    pub gauge: Gauge,
    /// Its value; 0 means that the model is not offered.
    pub value: u64,
    /// How it is known.
    pub provenance: Provenance,
    /// Since when.
    pub since: Moment,
}

impl Keyring {
    /// Declares what a model's bucket allows, of one project or of all, in place of what was declared before. Nothing
    /// declared is no limit from here; what Google taught holds either way.
    pub async fn declare_limits(
        &self,
        project: Option<&record::ProjectId>,
        model: &str,
        limits: Limits,
    ) -> Result<(), StoreError> {
        let _one_at_a_time = self.ring.changing.lock().await;
        if let Some(id) = project {
            // Says plainly that there is no such project.
            self.store.project(id).await?;
        }
        let now = self.now();
        let row = |gauge, value| KnownLimit {
            project: project.cloned(),
            model: model.to_owned(),
            gauge,
            value,
            provenance: Provenance::Declared,
            since: now,
        };
        let gone: Vec<Limit> = Gauge::ALL.map(|gauge| row(gauge, 0).into()).into();
        let said = Gauge::ALL.into_iter().filter_map(|gauge| Some((gauge, limits.on(gauge)?)));
        let said: Vec<Limit> = said.map(|(gauge, value)| row(gauge, value).into()).collect();
        self.store.replace_limits(&gone, &said).await?;
        let handle = project.map(|id| self.ring.roster_mut().put_project(id));
        self.ring.declared().insert((handle, model.to_owned()));
        self.ring.pool().set_limits(handle, model, limits, Provenance::Declared);
        self.ring.give_turns(model);
        Ok(())
    }

    /// One page of limits, declared and learned, those of all projects first.
    pub async fn limits(
        &self,
        filter: &LimitFilter,
        after: Option<&KnownLimit>,
        limit: usize,
    ) -> Result<Vec<KnownLimit>, StoreError> {
        let after = after.cloned().map(Limit::from);
        let rows = self.store.list_limits(filter, after.as_ref(), limit).await?;
        Ok(rows.into_iter().filter_map(KnownLimit::read).collect())
    }
}

impl KnownLimit {
    /// A stored limit; none if it is of a kind that this program does not know.
    pub(super) fn read(row: Limit) -> Option<Self> {
        let Limit { project, model, measure, window, value, provenance, learned_at } = row;
        let provenance = match provenance.as_str() {
            GOOGLE => Provenance::Learned { at: learned_at },
            _ => Provenance::Declared,
        };
        let (gauge, value) = (gauge_of(&measure, &window)?, u64::try_from(value).ok()?);
        Some(Self { project, model, gauge, value, provenance, since: learned_at })
    }
}

impl From<KnownLimit> for Limit {
    fn from(known: KnownLimit) -> Self {
        let KnownLimit { project, model, gauge, value, provenance, since } = known;
        let (measure, window) = words(gauge);
        let provenance = match provenance {
            Provenance::Learned { .. } => GOOGLE,
            Provenance::Declared | Provenance::TierDefault => OPERATOR,
        };
        Self {
            project,
            model,
            measure: measure.to_owned(),
            window: window.to_owned(),
            value: i64::try_from(value).unwrap_or(i64::MAX),
            provenance: provenance.to_owned(),
            learned_at: since,
        }
    }
}
