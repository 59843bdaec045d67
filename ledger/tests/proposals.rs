//! A proposal: an entry line that collects signatures, and becomes an entry only whole and only in its place.
#![allow(clippy::unwrap_used)]

mod sample;

use proptest::prelude::*;
use sample::{Chain, at, edited, faults, fraction, json_of, secret, signed};
use trial_core::entry::Meaning;
use trial_ledger::{
    envelope::Envelope,
    fault::FaultKind::*,
    proposal::{NoProposal, NotAsked, Proposal},
    tip::Draft,
};

fn draft(others: &[&str]) -> Draft {
    let countersigners = others.iter().map(|name| (secret(name).key(), Meaning::Approval)).collect();
    Draft { countersigners, ..Draft::new(fraction(1)) }
}

fn proposed(chain: &Chain, others: &[&str]) -> Proposal {
    chain.tip.propose(draft(others), &secret("therapist"), at(8), &()).unwrap()
}

fn read(envelope: &Envelope) -> Result<Proposal, NoProposal> {
    Proposal::read(envelope.as_bytes())
}

#[test]
fn it_becomes_the_next_entry_when_all_whom_it_names_have_signed_in_any_order() {
    for order in [["investigator", "monitor"], ["monitor", "investigator"]] {
        let mut chain = Chain::sample();
        let mut proposal = proposed(&chain, &["investigator", "monitor"]);
        let body = proposal.body().clone();
        for name in order {
            assert_eq!(chain.tip.accept(&proposal, &()).unwrap_err().kind, CountersignatureMissing);
            assert_eq!(chain.tip.size(), 8);
            proposal = read(proposal.envelope()).unwrap().sign(&secret(name)).unwrap();
        }
        assert_eq!(proposal.missing().count(), 0);
        let entry = chain.tip.accept(&proposal, &()).unwrap();
        assert_eq!((entry.envelope(), proposal.body()), (proposal.envelope(), &body));
        chain.entries.push(entry);
        assert!(faults(&chain.lines()).is_empty());
    }
}

#[test]
fn it_is_judged_like_an_entry_in_all_but_the_missing_signatures() {
    let chain = Chain::sample();
    let refused = |draft: Draft, author: &str| chain.tip.propose(draft, &secret(author), at(8), &()).unwrap_err().kind;
    assert_eq!(refused(draft(&["therapist"]), "therapist"), CountersignatureMissing, "oneself");
    assert_eq!(refused(draft(&["coordinator"]), "therapist"), SiteOutOfScope, "a countersigner of another site");
    assert_eq!(refused(draft(&["stranger"]), "therapist"), UnknownSigner);
    assert_eq!(refused(draft(&["investigator"]), "monitor"), RoleNotAllowed);
    let early = chain.tip.propose(draft(&["investigator"]), &secret("therapist"), at(6), &());
    assert_eq!(early.unwrap_err().kind, TimeRegression);
}

#[test]
fn it_fits_one_place_of_one_ledger() {
    let mut chain = Chain::sample();
    let proposal = proposed(&chain, &["investigator"]).sign(&secret("investigator")).unwrap();
    let other = Chain::opened("T-2");
    assert!(other.tip.examine(&proposal, &()).is_err());
    assert!(chain.tip.examine(&proposal, &()).is_ok());
    chain.add("therapist", fraction(2));
    assert_eq!(chain.tip.examine(&proposal, &()).unwrap_err().kind, SeqDuplicate);
    assert!(chain.tip.accept(&proposal, &()).is_err());
}

#[test]
fn only_those_whom_it_names_sign_it_and_each_once() {
    let proposal = proposed(&Chain::sample(), &["investigator"]);
    let stranger = secret("stranger");
    assert_eq!(proposal.sign(&stranger), Err(NotAsked::Unnamed(stranger.key())));
    let author = secret("therapist");
    assert_eq!(proposal.sign(&author), Err(NotAsked::Signed(author.key())));
}

#[test]
fn a_signature_that_does_not_hold_or_that_nobody_asked_for_is_no_part_of_it() {
    let chain = Chain::sample();
    let proposal = proposed(&chain, &["investigator"]);
    let (line, body) = (proposal.envelope(), proposal.body());
    assert!(matches!(read(&edited(line, "2.50", "2.51")), Err(NoProposal::Signature(_))));
    assert!(matches!(read(&signed(body, &["therapist", "monitor"])), Err(NoProposal::Signature(_))));
    let mut forged = json_of(line);
    forged["signatures"][0]["key"] = secret("investigator").key().to_string().into();
    let forged = Envelope::new(trial_ledger::canon::to_vec(&forged).unwrap());
    assert_eq!(read(&forged), Err(NoProposal::Signature("investigator".into())));
    // One that its author has not signed yet can be read, and waits.
    let unsigned = read(&signed(body, &["investigator"])).unwrap();
    assert_eq!(unsigned.missing().map(|who| who.name.as_str()).collect::<Vec<_>>(), ["therapist"]);
    assert!(chain.tip.examine(&unsigned, &()).is_ok());
}

#[test]
fn it_has_one_spelling_and_the_size_of_an_entry() {
    let proposal = proposed(&Chain::sample(), &["investigator"]);
    let line = proposal.envelope().as_bytes();
    assert_eq!(Proposal::read(&[line, b"\n"].concat()).unwrap(), proposal);
    for other in
        [[b" ", line].concat(), [line, b"\n\n"].concat(), [line, b"\r\n"].concat(), line[1..].to_vec(), Vec::new()]
    {
        assert!(matches!(Proposal::read(&other), Err(NoProposal::Form(_))), "{}", String::from_utf8_lossy(&other));
    }
    assert_eq!(Proposal::read(&[b'x'; 20_000]), Err(NoProposal::TooLong));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic_and_no_change_goes_unseen(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let proposal = proposed(&Chain::sample(), &["investigator"]).sign(&secret("investigator")).unwrap();
        let mut bytes = proposal.envelope().as_bytes().to_vec();
        for (place, byte) in edits {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        if bytes != proposal.envelope().as_bytes() {
            prop_assert!(Proposal::read(&bytes).is_err());
        }
        let _ = Proposal::read(&bytes[..cut.index(bytes.len())]);
    }
}
