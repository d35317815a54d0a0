//! Incidents: when several projects fail alike within seconds, the model is to blame, not they.

use crate::Moment;
use crate::roster::ProjectId;

/// So many distinct projects …
const PROJECTS: usize = 3;
/// … within so many milliseconds make an incident.
const WITHIN_MS: i64 = 10_000;
/// An incident is over when the model's bench ended so long ago without another failure.
const QUIET_MS: i64 = 60_000;
/// More failures than this need not be remembered.
const REMEMBERED: usize = 16;

/// Failures that may be the model's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Throttled,
    Overloaded,
    Key,
    KeyModel,
}

/// What a model remembers of failures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Incident {
    recent: Vec<(Kind, ProjectId, Moment)>,
    live: Option<Live>,
}

#[derive(Clone, Copy, Debug)]
struct Live {
    kind: Kind,
    step: u8,
    benched_until: Moment,
}

/// What a failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The one who failed is to blame.
    Own,
    /// The model is to blame; this is its so-many-th bench.
    Model { step: u8 },
    /// The model is to blame and benched already.
    Known,
}

impl Incident {
    pub(crate) fn see(&mut self, kind: Kind, project: ProjectId, now: Moment) -> Meaning {
        if let Some(live) =
            self.live.filter(|live| live.kind == kind && now.since(live.benched_until) < QUIET_MS)
        {
            return if now < live.benched_until {
                Meaning::Known
            } else {
                Meaning::Model { step: live.step.saturating_add(1) }
            };
        }
        self.recent.retain(|(_, _, at)| (0..WITHIN_MS).contains(&now.since(*at)));
        self.recent.retain(|(other, known, _)| (*other, *known) != (kind, project));
        self.recent.truncate(REMEMBERED);
        self.recent.push((kind, project, now));
        let alike = self.recent.iter().filter(|(other, ..)| *other == kind).count();
        if alike >= PROJECTS { Meaning::Model { step: 0 } } else { Meaning::Own }
    }

    /// The projects whose own benches of this kind were the model's fault.
    pub(crate) fn begin(&mut self, kind: Kind, step: u8, benched_until: Moment) -> Vec<ProjectId> {
        self.live = Some(Live { kind, step, benched_until });
        let wronged =
            self.recent.iter().filter(|(other, ..)| *other == kind).map(|(_, project, _)| *project).collect();
        self.recent.clear();
        wronged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn see(incident: &mut Incident, kind: Kind, project: u32, at: i64) -> Meaning {
        incident.see(kind, ProjectId(project), Moment(at))
    }

    #[test]
    fn three_distinct_projects_within_ten_seconds_make_an_incident() {
        let mut incident = Incident::default();
        assert_eq!(see(&mut incident, Kind::Throttled, 1, 0), Meaning::Own);
        assert_eq!(see(&mut incident, Kind::Throttled, 1, 1_000), Meaning::Own);
        assert_eq!(see(&mut incident, Kind::KeyModel, 3, 1_500), Meaning::Own);
        assert_eq!(see(&mut incident, Kind::Throttled, 2, 2_000), Meaning::Own);
        assert_eq!(see(&mut incident, Kind::Throttled, 3, 9_000), Meaning::Model { step: 0 });
        let wronged = incident.begin(Kind::Throttled, 0, Moment(14_000));
        assert_eq!(wronged, [ProjectId(1), ProjectId(2), ProjectId(3)]);
        assert_eq!(see(&mut incident, Kind::Throttled, 4, 10_000), Meaning::Known);
        assert_eq!(see(&mut incident, Kind::Throttled, 4, 15_000), Meaning::Model { step: 1 });
    }

    #[test]
    fn slow_or_unlike_failures_make_none() {
        let mut incident = Incident::default();
        for project in 0..20 {
            assert_eq!(
                see(&mut incident, Kind::Throttled, project, i64::from(project) * 5_001),
                Meaning::Own
            );
        }
    }

    #[test]
    fn an_incident_is_forgotten_after_a_quiet_minute() {
        let mut incident = Incident::default();
        incident.begin(Kind::Throttled, 0, Moment(5_000));
        assert_eq!(see(&mut incident, Kind::Throttled, 1, 65_000), Meaning::Own);
    }
}
