//! One example of each event, as it stands in `schemas/examples`: what templates, help pages and tests show.
//!
//! Promises an example for every event: without its file this does not compile.

use serde_json::Value;
use trial_core::event::EventKind;

/// The text of the example file.
pub fn text(kind: EventKind) -> &'static str {
    match kind {
        EventKind::TrialOpened => include_str!("../../schemas/examples/trial_opened.json"),
        EventKind::ProtocolActivated => include_str!("../../schemas/examples/protocol_activated.json"),
        EventKind::SiteActivated => include_str!("../../schemas/examples/site_activated.json"),
        EventKind::DictionaryAdopted => include_str!("../../schemas/examples/dictionary_adopted.json"),
        EventKind::KeyGranted => include_str!("../../schemas/examples/key_granted.json"),
        EventKind::KeyRevoked => include_str!("../../schemas/examples/key_revoked.json"),
        EventKind::ConsentGiven => include_str!("../../schemas/examples/consent_given.json"),
        EventKind::SubjectScreened => include_str!("../../schemas/examples/subject_screened.json"),
        EventKind::SubjectEnrolled => include_str!("../../schemas/examples/subject_enrolled.json"),
        EventKind::ScreenFailed => include_str!("../../schemas/examples/screen_failed.json"),
        EventKind::SubjectWithdrawn => include_str!("../../schemas/examples/subject_withdrawn.json"),
        EventKind::EvaluabilityRuled => include_str!("../../schemas/examples/evaluability_ruled.json"),
        EventKind::DoseTaken => include_str!("../../schemas/examples/dose_taken.json"),
        EventKind::DoseMissed => include_str!("../../schemas/examples/dose_missed.json"),
        EventKind::DosingChanged => include_str!("../../schemas/examples/dosing_changed.json"),
        EventKind::RadiotherapyPlanned => include_str!("../../schemas/examples/radiotherapy_planned.json"),
        EventKind::FractionDelivered => include_str!("../../schemas/examples/fraction_delivered.json"),
        EventKind::FractionMissed => include_str!("../../schemas/examples/fraction_missed.json"),
        EventKind::AdverseEventReported => include_str!("../../schemas/examples/adverse_event_reported.json"),
        EventKind::AdverseEventUpdated => include_str!("../../schemas/examples/adverse_event_updated.json"),
        EventKind::SeriousEventReported => include_str!("../../schemas/examples/serious_event_reported.json"),
        EventKind::DltRuled => include_str!("../../schemas/examples/dlt_ruled.json"),
        EventKind::DeathRecorded => include_str!("../../schemas/examples/death_recorded.json"),
        EventKind::TumourAssessed => include_str!("../../schemas/examples/tumour_assessed.json"),
        EventKind::ProgressionRecorded => include_str!("../../schemas/examples/progression_recorded.json"),
        EventKind::FollowedUp => include_str!("../../schemas/examples/followed_up.json"),
        EventKind::LaboratoryMeasured => include_str!("../../schemas/examples/laboratory_measured.json"),
        EventKind::EscalationDecided => include_str!("../../schemas/examples/escalation_decided.json"),
        EventKind::MtdDeclared => include_str!("../../schemas/examples/mtd_declared.json"),
        EventKind::DeviationRecorded => include_str!("../../schemas/examples/deviation_recorded.json"),
        EventKind::SignedOff => include_str!("../../schemas/examples/signed_off.json"),
        EventKind::CheckpointWitnessed => include_str!("../../schemas/examples/checkpoint_witnessed.json"),
        EventKind::EntryCorrected => include_str!("../../schemas/examples/entry_corrected.json"),
        EventKind::EntryVoided => include_str!("../../schemas/examples/entry_voided.json"),
        EventKind::ValueRedacted => include_str!("../../schemas/examples/value_redacted.json"),
    }
}

/// The example as a value.
pub fn example(kind: EventKind) -> Value {
    serde_json::from_str(text(kind)).expect("tests read every example")
}
