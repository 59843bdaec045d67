//! `trial verify`: is every entry what its author signed, in its place, by somebody who might?

use crate::{
    against::{Against, Anchored, Contradiction},
    args::{Global, checkpoint::VerifyArgs},
    clock::stamp,
    contact::{Anchor, Disagreement, Held, Watch},
    error::{CliError, ErrorKind},
    output::Output,
    progress,
    render::sealed::Claim,
    session,
    snapshots::{Recomputed, Recomputing},
    suspect::{Suspects, sentence, suspects},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::Path;
use trial_core::{
    entry::Entry,
    event::{Clock, DataKind, Event, TrialOpened},
    ids::Hash,
};
use trial_ledger::{
    checkpoint::BadCheckpoint,
    fault::{Fault, FaultKind},
    ledger::{JOURNAL, Ledger, LedgerError, Notice, SealedReport},
    lines::read_lines,
    note::Note,
    tiles,
    tip::Tip,
    verifier::{Verifier, Way},
};

/// How many faults are told; the first is the one that matters.
const MOST_FAULTS: usize = 100;

/// What is claimed where nothing outside the ledger was compared.
const UNANCHORED: &str = "none: internal consistency only";

/// The verdict, as a monitor's script reads it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Verdict {
    /// `verified`, `unanchored`, `faulty` or `unknown`.
    verdict: &'static str,
    /// What judged the signatures: `reference` (ed25519-dalek alone), `portable` or `avx512ifma`.
    engine: Option<&'static str>,
    /// Sound entries.
    entries: u64,
    /// Leaf hash of the last of them.
    head: Option<Hash>,
    /// Their Merkle root.
    root: Option<String>,
    /// What was checked.
    claims: Claims,
    /// Each with its kind, its place, what was expected and found, and what it means.
    #[schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>")]
    faults: Vec<Fault>,
    /// Signed notes that prove the faults, to be kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<String>,
    /// What opening put in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<String>,
    /// The snapshots, each computed again from the entries: what rests on one from now on rests on this verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshots: Option<Recomputed>,
    /// Where the times come from.
    clock: Option<Clock>,
    /// Whose facts these are.
    data: Option<DataKind>,
}

/// What was checked, claim by claim: nothing here is a bare OK.
#[derive(Debug, Serialize, JsonSchema)]
struct Claims {
    /// Canonical form, signatures, links, sequence, ledger.
    integrity: &'static str,
    /// Each signer might sign it at its place.
    authority: &'static str,
    /// Recorded times never run backwards; first and last.
    time: Option<(String, String)>,
    /// What outside the ledger it was compared with.
    anchor: String,
    /// The checkpoints that it extends, with who signed them and when.
    anchors: Vec<Anchored>,
    /// Values redacted.
    redactions: u64,
    /// Entries in doubt: signed by a key that was revoked as stolen; no faults.
    suspects: Vec<Suspects>,
    /// Values that stand beside the log.
    sealed: Claim,
    /// Entries after the last anchor.
    unanchored: u64,
}

/// Verifies.
pub fn run(global: &Global, args: &VerifyArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    let path = args.path.as_deref().unwrap_or(&global.ledger);
    let in_tiles = path.is_dir() && tiles::is_tiles(path) && !path.join(JOURNAL).exists();
    let ledger = (path.is_dir() && !in_tiles).then_some(path);
    let seen = Seen::begin(Against::read(&args.against, &args.trust, ledger)?)?;
    let way = if args.reference { Way::Plain } else { Way::default() };
    let engine = way.name();
    let found = match path.is_dir() {
        true if in_tiles => tile_directory(path, way, seen, output)?,
        true => directory(path, way, seen, output)?,
        false => file(path, way, seen, output)?,
    };
    let found = Verdict { engine: Some(engine), ..found };
    let code = if found.faults.is_empty() { 0 } else { ErrorKind::No.exit_code() };
    if output.json {
        output.value(&found)?;
    } else {
        output.text(&text(&found))?;
    }
    Ok(code)
}

/// What is kept of the entries as they are verified. The verdict is about them, whatever they say.
struct Seen {
    watch: Watch,
    against: Against,
    told: Told,
}

/// What the verdict tells of them.
#[derive(Debug, Default)]
struct Told {
    times: Option<(DateTime<Utc>, DateTime<Utc>)>,
    redactions: u64,
    suspects: Vec<Suspects>,
}

impl Seen {
    fn begin(against: Against) -> Result<Seen, CliError> {
        Ok(Seen { watch: Watch::begin()?, against, told: Told::default() })
    }

    fn take(&mut self, entry: &Entry) {
        let at = entry.recorded_at;
        self.told.times = Some((self.told.times.map_or(at, |(first, _)| first), at));
        self.told.redactions += u64::from(matches!(entry.event, Event::ValueRedacted(_)));
        self.watch.see(entry);
        self.against.see(entry);
    }
}

fn directory(path: &Path, way: Way, mut seen: Seen, output: &mut Output<'_>) -> Result<Verdict, CliError> {
    let bar = progress::bar(session::lines_about(path), "verifying");
    let known = seen.watch.known().clone();
    let mut recomputing = Recomputing::begin(path, &known);
    let opened = Ledger::open_by(path, way, |verified| {
        bar.inc(1);
        seen.take(verified.entry());
        recomputing.take(verified.entry());
    });
    bar.finish_and_clear();
    let (ledger, notices) = match opened {
        Ok(opened) => opened,
        Err(LedgerError::Faulty(faults, _)) if faults.iter().any(|fault| fault.kind.is_proof()) => {
            return Ok(faulty(faults, path));
        }
        Err(e) => return Err(e.into()),
    };
    seen.told.suspects = suspects(ledger.tip().roster(), || ledger.entries())?;
    let notices = notices.iter().map(ToString::to_string).collect();
    let mut found = sound(ledger.tip(), seen, Held::Ledger, notices, output)?;
    if found.faults.is_empty() {
        let (snapshots, named) = recomputing.finish(&ledger, &known);
        found.notices.extend(named);
        found.snapshots = Some(snapshots).filter(|snapshots| snapshots.computed > 0);
    }
    Ok(with_sealed(found, ledger.tip(), ledger.check_sealed()?))
}

/// A static directory of tiles: each tile against the entries, then the entries as those of any log.
fn tile_directory(path: &Path, way: Way, mut seen: Seen, output: &mut Output<'_>) -> Result<Verdict, CliError> {
    let (entries, index, beside) = tiles::read_tiles(path)?;
    let bar = progress::bar(entries.size(), "verifying");
    let mut verifier = Verifier::new(entries, index).by(way);
    let mut faults = Vec::new();
    for judged in verifier.by_ref() {
        bar.inc(1);
        match judged {
            Ok(verified) => seen.take(verified.entry()),
            Err(fault) if faults.len() < MOST_FAULTS => faults.push(fault),
            Err(_) => {}
        }
    }
    bar.finish_and_clear();
    let beside = beside.take();
    let broken = !faults.is_empty();
    faults.extend(beside.faults.into_iter().take(MOST_FAULTS));
    match faults.iter().find(|fault| fault.kind.is_proof()).or(faults.first()) {
        Some(fault) if !fault.kind.is_proof() => {
            return Err(CliError::from(fault.clone()).hint("the copy is not whole, or cannot be read: fetch it again"));
        }
        Some(_) if broken => return Ok(faulty(faults, path)),
        Some(_) | None => {}
    }
    let tip = verifier.finish()?;
    if tip.roster().is_in_doubt() {
        let (entries, index, _) = tiles::read_tiles(path)?;
        seen.told.suspects = suspects(tip.roster(), || Verifier::new(entries, index))?;
    }
    // Whose key that is stands in the log: a checkpoint that the log's key did not sign is none of this log.
    if let Some(note) = &beside.checkpoint {
        let signed = Note::parse(note).map_err(BadCheckpoint::Note).and_then(|note| tip.checkpoint_of(note));
        faults.extend(signed.err().map(|why| {
            let expected = "the checkpoint beside the tiles, signed by the log's key";
            Fault::new(FaultKind::CheckpointInvalid, expected, why)
        }));
    }
    if !faults.is_empty() {
        faults.retain(|fault| fault.kind.is_proof());
        return Ok(verdict(&tip, seen.told, "faulty", "not compared: see the faults".to_owned(), tip.size(), faults));
    }
    let notice = match beside.checkpoint {
        Some(_) => "the root is that of the checkpoint beside the tiles, which the log's key has signed",
        None => "there is no checkpoint beside the tiles: a shorter copy would look the same",
    };
    sound(&tip, seen, Held::Copy, vec![notice.to_owned()], output)
}

fn file(path: &Path, way: Way, mut seen: Seen, output: &mut Output<'_>) -> Result<Verdict, CliError> {
    let unreadable = |e: std::io::Error| {
        CliError::unknown(format!("{}: {e}", path.display()))
            .hint("expected a ledger's directory, a journal or an export")
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    let (lines, index) = read_lines(path).map_err(unreadable)?;
    let tail = lines.tail();
    let bar = progress::bar(size / 900, "verifying");
    let mut verifier = Verifier::new(lines, index).by(way);
    let mut faults = Vec::new();
    for judged in verifier.by_ref() {
        bar.inc(1);
        match judged {
            Ok(verified) => seen.take(verified.entry()),
            Err(fault) if faults.len() < MOST_FAULTS => faults.push(fault),
            Err(_) => {}
        }
    }
    bar.finish_and_clear();
    match faults.first() {
        // What could not be read at first may be anything; what cannot be found again behind a proven fault is its echo.
        Some(fault) if !fault.kind.is_proof() => return Err(fault.clone().into()),
        Some(_) => return Ok(faulty(faults, path)),
        None => {}
    }
    let tip = verifier.finish()?;
    if tip.roster().is_in_doubt() {
        let (lines, index) = read_lines(path).map_err(unreadable)?;
        seen.told.suspects = suspects(tip.roster(), || Verifier::new(lines, index))?;
    }
    let bytes = tail.get().bytes;
    let notices = (bytes > 0).then(|| Notice::UnacknowledgedTail { bytes }.to_string()).into_iter().collect();
    sound(&tip, seen, Held::Copy, notices, output)
}

/// What stands beside the log belongs to the verdict: a chain may be whole whose values are not.
fn with_sealed(mut found: Verdict, tip: &Tip, report: SealedReport) -> Verdict {
    found.claims.sealed = Claim::new(tip, Some(&report));
    found.notices.extend(report.strange);
    if !report.faults.is_empty() {
        found.verdict = "faulty";
        found.faults.extend(report.faults);
    }
    found
}

/// The verdict on a log without a fault: what this user has seen of it decides what more can be said.
fn sound(
    tip: &Tip,
    seen: Seen,
    held: Held,
    notices: Vec<String>,
    output: &mut Output<'_>,
) -> Result<Verdict, CliError> {
    let Seen { watch, against, told } = seen;
    let mut found = match watch.meet(tip, held) {
        Ok(contact) => {
            output.notices(contact.notice.as_slice())?;
            let (word, anchor, since) = match contact.anchor {
                Anchor::Seen(pin) => {
                    let (since, when) = (tip.size() - pin.size, stamp(pin.seen));
                    ("verified", format!("extends the {} entries that you saw on {when}, unchanged", pin.size), since)
                }
                Anchor::First | Anchor::Unreadable => ("unanchored", UNANCHORED.to_owned(), tip.size()),
                Anchor::Beyond(pin) => {
                    let (missing, when) = (pin.size - tip.size(), stamp(pin.seen));
                    let anchor = format!("{UNANCHORED}; it lacks {missing} entries that you saw on {when}");
                    ("unanchored", anchor, tip.size())
                }
            };
            verdict(tip, told, word, anchor, since, Vec::new())
        }
        Err(Disagreement { fault, hint, missing: _ }) => {
            let anchor = "not what you saw before: see the faults".to_owned();
            let mut found = verdict(tip, told, "faulty", anchor, tip.size(), vec![*fault]);
            found.notices.push(hint);
            found
        }
    };
    found.anchor(against.compare(tip));
    found.notices.extend(notices);
    Ok(found)
}

/// What is said of entries that are sound in themselves.
fn verdict(
    tip: &Tip,
    told: Told,
    verdict: &'static str,
    anchor: String,
    unanchored: u64,
    faults: Vec<Fault>,
) -> Verdict {
    let opened: Option<&TrialOpened> = tip.opened();
    Verdict {
        verdict,
        entries: tip.size(),
        head: Some(tip.head()),
        root: Some(STANDARD.encode(tip.root().0)),
        engine: None,
        claims: Claims {
            integrity: "every entry is canonical, links to the one before it, and is signed by its author",
            authority: "every author was in the roster at that place and might sign that event",
            time: told.times.map(|(first, last)| (stamp(first), stamp(last))),
            anchor,
            anchors: Vec::new(),
            redactions: told.redactions,
            suspects: told.suspects,
            sealed: Claim::new(tip, None),
            unanchored,
        },
        faults,
        evidence: Vec::new(),
        notices: Vec::new(),
        snapshots: None,
        clock: opened.map(|o| o.clock),
        data: opened.map(|o| o.data),
    }
}

impl Verdict {
    /// Takes in what the comparison with checkpoints gave.
    fn anchor(&mut self, compared: Result<Vec<Anchored>, Contradiction>) {
        match compared {
            Ok(anchors) => {
                let told: Vec<String> = anchors.iter().map(Anchored::told).collect();
                if let Some(largest) = anchors.iter().map(|anchor| anchor.size).max() {
                    let before = if self.verdict == "verified" { vec![self.claims.anchor.clone()] } else { Vec::new() };
                    self.claims.anchor = [before, told].concat().join("; ");
                    self.claims.unanchored = self.claims.unanchored.min(self.entries - largest);
                    if self.faults.is_empty() {
                        self.verdict = "verified";
                    }
                }
                self.claims.anchors = anchors;
            }
            Err(found) => {
                self.verdict = "faulty";
                self.claims.anchor = "not what was signed: see the faults".to_owned();
                self.faults.extend(found.faults);
                self.evidence = found.evidence;
                self.notices.extend(found.hint.map(str::to_owned));
            }
        }
    }
}

/// Only what is proven is told: behind a gap, a correction may not find its entry again, which proves nothing more.
fn faulty(mut faults: Vec<Fault>, path: &Path) -> Verdict {
    faults.retain(|fault| fault.kind.is_proof());
    let sound = faults.iter().filter_map(|fault| fault.seq).min().map_or(0, |seq| seq.0);
    let journal = if path.is_dir() { path.join(JOURNAL) } else { path.to_owned() };
    Verdict {
        verdict: "faulty",
        entries: sound,
        head: None,
        root: None,
        engine: None,
        claims: Claims {
            integrity: "broken: see the faults; the entries before the first of them are sound",
            authority: "not told beyond the first fault",
            time: None,
            anchor: "none".to_owned(),
            anchors: Vec::new(),
            redactions: 0,
            suspects: Vec::new(),
            sealed: Claim::none(),
            unanchored: sound,
        },
        faults,
        evidence: Vec::new(),
        notices: vec![format!("keep a copy of {} as evidence", journal.display())],
        snapshots: None,
        clock: None,
        data: None,
    }
}

/// What is wrong with entries that are sound in themselves.
fn outside(found: &Verdict) -> &'static str {
    let unproven = |fault: &Fault| matches!(fault.kind, FaultKind::WitnessQuorumNotMet | FaultKind::CheckpointInvalid);
    if found.faults.iter().all(unproven) {
        "lack the signatures that were asked for"
    } else {
        "are not what they were compared with"
    }
}

fn text(found: &Verdict) -> String {
    let mut lines = Vec::new();
    if found.faults.is_empty() {
        lines.push(format!("sound: {} entries, each checked", found.entries));
    } else if found.faults[0].kind.is_of_sealed_values() {
        lines.push(format!("FAULTY: the chain is whole ({} entries), the values beside it are not", found.entries));
    } else if found.head.is_some() {
        lines.push(format!("FAULTY: {} entries, sound in themselves, {}", found.entries, outside(found)));
    } else {
        lines.push(format!("FAULTY: {} sound entries before the first fault", found.entries));
    }
    if found.faults.is_empty() {
        lines.push(format!("integrity   {}", found.claims.integrity));
        lines.push(format!("authority   {}", found.claims.authority));
        if let Some((first, last)) = &found.claims.time {
            lines.push(format!("time        recorded {first} to {last}, never backwards"));
        }
        lines.extend(found.claims.sealed.lines());
        lines.extend(sentence(&found.claims.suspects).map(|sentence| format!("suspect     {sentence}")));
        lines.extend(found.claims.suspects.iter().map(|suspects| format!("            {}", suspects.text())));
        lines.extend(found.claims.anchor.split("; ").map(|anchor| format!("anchor      {anchor}")));
        if found.verdict == "verified" {
            lines.push(format!("unanchored  {} entries since", found.claims.unanchored));
        }
        lines.extend(found.snapshots.as_ref().map(|snapshots| format!("snapshots   {snapshots}")));
        lines.extend(found.head.map(|head| format!("head        {head}")));
        lines.extend(found.root.as_ref().map(|root| format!("root        {root}")));
    } else {
        for fault in &found.faults {
            let place = fault.seq.map_or_else(String::new, |seq| format!(" at entry {seq}"));
            lines.push(format!("{}{place}", fault.kind));
            lines.push(format!("  expected  {}", fault.expected));
            lines.push(format!("  found     {}", fault.found));
            lines.push(format!("  meaning   {}", fault.meaning));
        }
    }
    if found.engine == Some(Way::Plain.name()) {
        lines.push("engine      reference: one check after the other, signatures by ed25519-dalek alone".to_owned());
    }
    for note in &found.evidence {
        lines.push("evidence    a signed note, to be kept:".to_owned());
        lines.extend(note.lines().map(|line| format!("  {line}")));
    }
    lines.extend(found.notices.iter().map(|notice| format!("note        {notice}")));
    if found.clock == Some(Clock::Simulated) {
        lines.push("clock       SIMULATED CLOCK: the recorded times were given by hand".to_owned());
    }
    if found.data == Some(DataKind::Synthetic) {
        lines.push("data        SYNTHETIC DATA: these facts are invented".to_owned());
    }
    lines.join("\n") + "\n"
}
