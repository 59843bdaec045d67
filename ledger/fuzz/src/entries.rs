//! Entry lines behind a sound log.

use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::LazyLock};
use trial_core::ids::{Hash, Seq};
use trial_ledger::{
    body, canon,
    envelope::Envelope,
    fault::Fault,
    key::Secret,
    tip::Tip,
    verifier::{Verifier, Way},
};

/// How many lines of an input are read: more say nothing that these do not.
const MOST_LINES: usize = 24;

/// A small sound log with people and their keys, to which the input is appended.
pub struct Beginning {
    /// Its lines.
    pub lines: Vec<Envelope>,
    tip: Tip,
    secrets: BTreeMap<String, Secret>,
}

/// The small log.
pub static BEGINNING: LazyLock<Beginning> = LazyLock::new(|| {
    let log = include_str!("../../../tests/vectors/sound/people.jsonl");
    let index: Value = serde_json::from_str(include_str!("../../../tests/vectors/logs.json")).expect("JSON");
    let lines: Vec<_> = log.lines().map(|line| Envelope::new(line.as_bytes())).collect();
    let tip = Verifier::new(lines.iter().cloned().map(Ok), &lines).finish().expect("a sound log");
    let seed = |hex: &str| hex.parse::<Hash>().expect("32 bytes in hexadecimal").0;
    let seeds = index["seeds"].as_object().expect("seeds by name").iter();
    let secrets = seeds.map(|(name, hex)| (name.clone(), Secret::from_seed(&seed(hex.as_str().expect("text")))));
    Beginning { secrets: secrets.collect(), lines, tip }
});

/// Entry lines, appended to a sound log: each is verified or has one fault at its place, in whatever way it is verified,
/// and the whole says the same.
///
/// A line that begins with `+name ` goes on with members of a body as JSON, which that person signs with what is left out
/// filled in: so that more is reached than what needs no key.
pub fn entries(bytes: &[u8]) {
    judged(bytes);
}

/// The log that an input makes, up to its first fault.
pub fn judged(bytes: &[u8]) -> Vec<Envelope> {
    let (mut lines, mut tip) = (BEGINNING.lines.clone(), BEGINNING.tip.clone());
    let mut first_fault: Option<Fault> = None;
    for piece in bytes.split(|byte| *byte == b'\n').take(MOST_LINES) {
        let line = forged(piece, &tip).unwrap_or_else(|| Envelope::new(piece));
        lines.push(line.clone());
        let mut verifier = Verifier::after(tip.clone(), [Ok(line.clone())], &lines);
        let judged = verifier.next().expect("one line, one verdict");
        assert!(verifier.next().is_none());
        let plain = Verifier::after(tip.clone(), [Ok(line.clone())], &lines).by(Way::Plain).next();
        assert_eq!(Some(&judged), plain.as_ref(), "the quick and the plain way");
        match judged {
            Ok(verified) => {
                assert_eq!(verified.envelope(), &line);
                assert_eq!((verified.entry().seq, verified.entry().hash), (tip.next(), line.leaf_hash()));
                assert_eq!(canon::check(line.as_bytes()), Ok(()));
                tip = verifier.finish().expect("no fault");
            }
            Err(fault) => {
                assert_eq!(fault.seq, Some(tip.next()), "{fault}");
                first_fault = Some(fault);
                break;
            }
        }
    }
    let log = lines.clone();
    // What follows the first fault is judged too, and must not bring anything down.
    lines.extend(BEGINNING.lines[3..6].iter().cloned());
    let appended = lines[BEGINNING.lines.len()..].iter().cloned().map(Ok);
    let mut whole = Verifier::after(BEGINNING.tip.clone(), appended, &lines);
    let sound = whole.by_ref().take_while(Result::is_ok).count() as u64;
    assert_eq!(Seq(BEGINNING.tip.size() + sound), tip.next());
    let found = whole.finish().expect_err("old lines at the end");
    if let Some(fault) = first_fault {
        assert_eq!(found.seq, fault.seq, "{found}, {fault}");
    }
    log
}

/// The line that a person signs over the members of a body, if the piece says so.
fn forged(piece: &[u8], tip: &Tip) -> Option<Envelope> {
    let (name, members) = std::str::from_utf8(piece).ok()?.strip_prefix('+')?.split_once(' ')?;
    let secret = BEGINNING.secrets.get(name)?;
    let given: Map<String, Value> = serde_json::from_str(members).ok()?;
    let member = tip.roster().get(secret.key())?;
    let mut signer = json!({
        "key": secret.key(), "meaning": "authorship", "name": member.name, "organisation": member.organisation,
        "role": member.role
    });
    if let Some(site) = &member.site {
        signer["site"] = json!(site);
    }
    let mut body = json!({
        "v": body::VERSION, "ledger": tip.genesis(), "seq": tip.next(), "prev": tip.head(),
        "recorded_at": tip.recorded_at(), "signer": signer
    });
    for (name, value) in given {
        body[name] = value;
    }
    let bytes = canon::to_vec(&body).ok()?;
    let others = body["countersigners"].as_array().into_iter().flatten();
    let others = others.filter_map(|other| BEGINNING.secrets.values().find(|s| other["key"] == json!(s.key())));
    let message = body::message(&bytes);
    Some(body::line(&bytes, others.chain([secret]).map(|secret| (secret.key(), secret.sign(&message)))))
}
