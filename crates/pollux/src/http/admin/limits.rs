//! What buckets allow, as declared and as learned: `/admin/limits`, `/admin/projects/{id}/limits/{model}`.

pub(super) mod declare;
pub(super) mod forget;
pub(super) mod list;

use pool::{Gauge, Provenance};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::foreign;

use crate::clock;
use crate::http::Gateway;
use crate::keyring::KnownLimit;

/// A limit as its operator sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limit)]
pub(super) struct Entry {
    /// Whose; null for what holds for all projects.
    project: Option<String>,
    model: String,
    /// `rpm`, `tpm`, `rpd` or `tpd`.
    #[schema(schema_with = foreign::gauge)]
    limit: Gauge,
    /// 0 means that the model is not offered.
    value: u64,
    /// `declared` here, or `learned` from an answer of Google's.
    known_from: &'static str,
    since: String,
    /// When a learned limit is not believed any more.
    until: Option<String>,
    /// What projects usually have. Not enforced.
    usual: Option<Usual>,
}

/// What projects of a tier usually have; null is no limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsualLimits)]
struct Usual {
    free: Option<u64>,
    paid: Option<u64>,
}

impl Entry {
    fn new(gateway: &Gateway, known: KnownLimit) -> Self {
        let KnownLimit { project, model, gauge, value, provenance, since } = known;
        let usual = gateway.catalog.usual_limits(&model);
        Self {
            project: project.map(|id| id.as_str().to_owned()),
            limit: gauge,
            value,
            known_from: word(provenance),
            since: clock::iso(since),
            until: provenance.ends_at().map(clock::iso),
            usual: usual.and_then(|usual| Usual::of(usual, gauge)),
            model,
        }
    }
}

impl Usual {
    fn of(limits: &dialect::model::Limits, gauge: Gauge) -> Option<Self> {
        let dialect::model::Limits { free, paid } = limits;
        match gauge {
            Gauge::Rpm => Some(Self { free: free.rpm, paid: paid.rpm }),
            Gauge::Tpm => Some(Self { free: free.tpm, paid: paid.tpm }),
            Gauge::Rpd => Some(Self { free: free.rpd, paid: paid.rpd }),
            Gauge::Tpd => None,
        }
    }
}

/// How a limit is known, as it is written.
pub(super) fn word(provenance: Provenance) -> &'static str {
    match provenance {
        Provenance::Declared => "declared",
        Provenance::TierDefault => "tier_default",
        Provenance::Learned { .. } => "learned",
    }
}
