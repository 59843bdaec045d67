//! Authority: which role may sign which event. Data, read as of each entry's position.
//!
//! Monitors never write clinical facts (ISO 14155 9.2.4.5) and a sponsor never edits a site's (ICH E6(R3) 3.16.1(i)).

use crate::{entry::Role, event::EventKind};

use EventKind as E;
use Role as R;

const SITE: &[Role] = &[R::Investigator, R::Coordinator];

/// Who may sign each event. A correction or a voided entry additionally needs the authority over what it changes.
const MATRIX: &[(EventKind, &[Role])] = &[
    (E::TrialOpened, &[R::Sponsor]),
    (E::ProtocolActivated, &[R::Sponsor]),
    (E::SiteActivated, &[R::Sponsor]),
    (E::DictionaryAdopted, &[R::Sponsor, R::DataManager]),
    (E::KeyGranted, &[R::Sponsor]),
    (E::KeyRevoked, &[R::Sponsor]),
    (E::ConsentGiven, SITE),
    (E::SubjectScreened, SITE),
    (E::SubjectEnrolled, SITE),
    (E::ScreenFailed, SITE),
    (E::SubjectWithdrawn, SITE),
    (E::EvaluabilityRuled, &[R::Investigator, R::SafetyCommittee]),
    (E::DoseTaken, &[R::Investigator, R::Coordinator, R::Pharmacist]),
    (E::DoseMissed, &[R::Investigator, R::Coordinator, R::Pharmacist]),
    (E::DosingChanged, &[R::Investigator, R::Coordinator, R::Pharmacist]),
    (E::RadiotherapyPlanned, &[R::Investigator, R::Physicist]),
    (E::FractionDelivered, &[R::RadiationTherapist]),
    (E::FractionMissed, &[R::RadiationTherapist]),
    (E::AdverseEventReported, SITE),
    (E::AdverseEventUpdated, SITE),
    (E::SeriousEventReported, SITE),
    (E::DltRuled, &[R::Investigator, R::SafetyCommittee]),
    (E::DeathRecorded, SITE),
    (E::TumourAssessed, &[R::Radiologist]),
    (E::ProgressionRecorded, &[R::Investigator, R::Radiologist]),
    (E::FollowedUp, SITE),
    (E::LaboratoryMeasured, &[R::Investigator, R::Coordinator, R::DataManager]),
    (E::EscalationDecided, &[R::SafetyCommittee]),
    (E::MtdDeclared, &[R::SafetyCommittee]),
    (
        E::DeviationRecorded,
        &[
            R::Investigator,
            R::Coordinator,
            R::Pharmacist,
            R::RadiationTherapist,
            R::Physicist,
            R::Radiologist,
            R::Monitor,
        ],
    ),
    (E::SignedOff, &[R::Investigator]),
    (E::CheckpointWitnessed, &[R::Sponsor, R::Monitor]),
    (E::EntryCorrected, CORRECTORS),
    (E::EntryVoided, CORRECTORS),
    (E::ValueRedacted, &[R::Investigator]),
];

const CORRECTORS: &[Role] = &[
    R::Investigator,
    R::Coordinator,
    R::Pharmacist,
    R::RadiationTherapist,
    R::Physicist,
    R::Radiologist,
    R::DataManager,
    R::Monitor,
    R::SafetyCommittee,
];

/// The roles that may sign an event of this type.
pub fn roles(kind: EventKind) -> &'static [Role] {
    MATRIX.iter().find(|(k, _)| *k == kind).map_or(&[], |(_, roles)| *roles)
}

/// Whether a role may sign an event of this type.
pub fn may_sign(role: Role, kind: EventKind) -> bool {
    roles(kind).contains(&role)
}

/// The role of which another person must sign an event of this type too.
///
/// A redaction needs the investigator, who answers for the record, and whoever looks after personal data: it cannot be
/// undone, and nobody may do it alone.
pub fn countersigned_by(kind: EventKind) -> Option<Role> {
    (kind == E::ValueRedacted).then_some(R::DataManager)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_somebody_who_may_sign_it_and_stands_once_in_the_matrix() {
        for kind in EventKind::ALL {
            assert!(!roles(*kind).is_empty(), "{kind}");
            assert_eq!(MATRIX.iter().filter(|(k, _)| k == kind).count(), 1, "{kind}");
        }
    }

    #[test]
    fn monitors_write_no_clinical_facts_and_sponsors_no_facts_of_a_site() {
        for kind in EventKind::ALL {
            let clinical = matches!(kind.group(), "subjects" | "treatment" | "safety" | "response");
            assert!(!(clinical && may_sign(Role::Monitor, *kind)), "{kind}");
            assert!(!(clinical && may_sign(Role::Sponsor, *kind)), "{kind}");
        }
        assert!(!may_sign(Role::Sponsor, EventKind::EntryCorrected));
    }
}
