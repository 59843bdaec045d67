use super::*;
use crate::{
    checkpoint::{Checkpoint, Origin, SignedCheckpoint},
    cosignature::cosign,
    key::Secret,
};
use serde_json::Value;

/// A checkpoint and its cosignature by another implementation.
fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/golden_chain.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn seed(file: &Value, name: &str) -> Secret {
    let mut seed = [0; 32];
    hex::decode_to_slice(file["seeds"][name].as_str().unwrap(), &mut seed).unwrap();
    Secret::from_seed(&seed)
}

fn text<'a>(file: &'a Value, member: &str) -> &'a str {
    file["checkpoint"][member].as_str().unwrap()
}

fn vkeys(file: &Value, members: &[&str]) -> Vkeys {
    Vkeys::new(members.iter().map(|member| text(file, member).parse().unwrap())).unwrap()
}

#[test]
fn the_golden_checkpoint_and_its_cosignature_are_reproduced_byte_for_byte() {
    let file = golden();
    let origin: Origin = text(&file, "origin").parse().unwrap();
    let log = origin.vkey(seed(&file, "log").public());
    assert_eq!(log.to_string(), text(&file, "log_vkey"));
    let name: KeyName = "monitor.example".parse().unwrap();
    let witness = Vkey::new(name.clone(), SignatureType::Cosignature, seed(&file, "witness").public());
    assert_eq!(witness.to_string(), text(&file, "witness_vkey"));

    let root = file["merkle_roots_base64_by_size"][5].as_str().unwrap();
    let checkpoint = Checkpoint { origin, size: 5, root: crate::hash::from_base64(root).unwrap() };
    let mut made = checkpoint.sign(&seed(&file, "log"));
    assert_eq!(made.note().to_string(), text(&file, "note"));
    let time = file["checkpoint"]["cosignature_time"].as_u64().unwrap();
    made.add(cosign(made.note().text(), name, &seed(&file, "witness"), time));
    assert_eq!(made.note().to_string(), text(&file, "cosigned_note"));
}

#[test]
fn the_golden_notes_are_read_and_hold_under_their_keys() {
    let file = golden();
    let note = Note::parse(text(&file, "cosigned_note").as_bytes()).unwrap();
    assert_eq!(note.to_string(), text(&file, "cosigned_note"));
    let signed = note.signed_by(&vkeys(&file, &["log_vkey", "witness_vkey"])).unwrap();
    assert_eq!(signed.iter().map(|s| s.time).collect::<Vec<_>>(), [None, Some(1_480_000_000)]);
    assert_eq!(signed[1].key.to_string(), file["public_keys"]["witness"].as_str().unwrap());
    let opened = SignedCheckpoint::open(note.clone(), &vkeys(&file, &["log_vkey"])).unwrap();
    assert_eq!(opened.checkpoint().size, 5);
    // Whoever knows none of the keys knows nothing: no error, and nobody has signed.
    assert_eq!(note.signed_by(&Vkeys::default()), Ok(vec![]));
}

#[test]
fn every_flipped_bit_of_a_cosigned_note_is_noticed() {
    let file = golden();
    let whole = text(&file, "cosigned_note").as_bytes().to_vec();
    let keys = vkeys(&file, &["log_vkey", "witness_vkey"]);
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut bent = whole.clone();
            bent[at] ^= 1 << bit;
            let both = Note::parse(&bent).and_then(|note| note.signed_by(&keys)).map(|signed| signed.len());
            assert!(both.is_err() || both.as_ref().is_ok_and(|n| *n < 2), "byte {at}, bit {bit}: {both:?}");
        }
    }
}

#[test]
fn the_last_empty_line_divides_text_and_signatures() {
    let file = golden();
    let line = text(&file, "note").lines().last().unwrap().to_owned();
    let note = Note::parse(format!("one\n\ntwo\n\n{line}\n").as_bytes()).unwrap();
    assert_eq!((note.text(), note.lines().len()), ("one\n\ntwo\n", 1));
    assert_eq!(Note::parse(format!("one\n\n\n{line}\n").as_bytes()).unwrap().text(), "one\n\n");
    // A text that ends in what looks like a signature cannot be moved over to the signatures.
    let note = Note::parse(format!("one\n\n{line}\n\n{line}\n").as_bytes()).unwrap();
    assert_eq!((note.text(), note.lines().len()), (format!("one\n\n{line}\n").as_str(), 1));
}

#[test]
fn what_is_not_spelled_as_a_note_is_refused() {
    let file = golden();
    let good = text(&file, "note");
    let refused = |from: &str, to: &str| {
        assert!(good.contains(from), "{from:?}");
        Note::parse(good.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    let malformed = |why: BadNote| assert!(matches!(why, BadNote::Malformed(_)), "{why:?}");
    assert_eq!(Note::parse(b""), Err(BadNote::NoNewline));
    assert_eq!(Note::parse(good.trim_end().as_bytes()), Err(BadNote::NoNewline));
    assert_eq!(Note::parse(b"text\n"), Err(BadNote::NoEmptyLine));
    assert_eq!(Note::parse(b"text\n\n"), Err(BadNote::NoSignature));
    assert_eq!(Note::parse(&[good.as_bytes(), b"\xff\n"].concat()), Err(BadNote::NotUtf8));
    assert_eq!(Note::parse(good.replace('\n', "\r\n").as_bytes()), Err(BadNote::Control));
    assert_eq!(refused("\n5\n", "\n5\t\n"), BadNote::Control);
    malformed(refused("\u{2014} ", "- "));
    malformed(refused("\u{2014} ", "\u{2014}"));
    malformed(refused("\u{2014} ", "\u{2014}\u{a0}"));
    malformed(refused("\u{2014} ", "\u{2014}  "));
    malformed(refused("\u{2014} sponsor.example/NCT00000000 ", "\u{2014} "));
    malformed(refused("\u{2014} sponsor", "\u{2014} spon+sor"));
    malformed(refused("\u{2014} sponsor", "\u{2014} spon\u{2003}sor"));
    malformed(refused("TQFg8=\n", "TQFg9=\n"));
    malformed(refused("TQFg8=\n", "TQFg8\n"));
    malformed(refused("TQFg8=\n", "TQFg8=\nmore\n"));
    malformed(refused("TQFg8=\n", "TQFg8= \n"));
    malformed(Note::parse("text\n\n\u{2014} name AAAAAA==\n".as_bytes()).unwrap_err());
}

#[test]
fn a_known_key_whose_signature_does_not_hold_spoils_the_note_and_an_unknown_line_does_not() {
    let file = golden();
    let keys = vkeys(&file, &["log_vkey"]);
    let good = text(&file, "note");
    let line = good.lines().last().unwrap();
    let bent = line.replacen("Ct0OH7", "Ct0OH8", 1);
    assert_ne!(line, bent);
    let spoiled = Note::parse(format!("{good}{bent}\n").as_bytes()).unwrap().signed_by(&keys);
    assert!(matches!(spoiled, Err(BadNote::BadSignature(..))), "{spoiled:?}");
    let known: SignatureLine = line.parse().unwrap();
    for stranger in [
        // The name alone, the id alone, and an ML-DSA-44 cosignature (type 0x06), which is longer.
        SignatureLine { id: [1, 2, 3, 4], ..known.clone() },
        SignatureLine { name: "other.example".parse().unwrap(), ..known.clone() },
        SignatureLine { name: "w.example".parse().unwrap(), id: [9; 4], signature: vec![7; 2428] },
    ] {
        let note = Note::parse(format!("{good}{stranger}\n").as_bytes()).unwrap();
        assert_eq!(note.lines().len(), 2);
        assert_eq!(note.signed_by(&keys).unwrap().len(), 1);
    }
}

#[test]
fn sixty_four_signatures_are_read_and_more_are_not() {
    let file = golden();
    let good = text(&file, "note");
    let stranger = |i: u8| SignatureLine { name: "w.example".parse().unwrap(), id: [i; 4], signature: vec![i; 72] };
    let with = |n: u8| good.to_owned() + &(0..n).map(|i| format!("{}\n", stranger(i))).collect::<String>();
    let keys = vkeys(&file, &["log_vkey"]);
    for n in [15, 63] {
        assert_eq!(Note::parse(with(n).as_bytes()).unwrap().signed_by(&keys).unwrap().len(), 1);
    }
    assert_eq!(Note::parse(with(64).as_bytes()), Err(BadNote::TooLong));
    assert_eq!(Note::parse(&vec![b'\n'; MOST_BYTES + 1]), Err(BadNote::TooLong));
}

#[test]
fn a_key_that_was_made_to_collide_with_an_id_signs_nothing() {
    // As if another key had been ground until its id fits: the line names log and id, the bytes are of the other key.
    let file = golden();
    let good = text(&file, "note");
    let known: SignatureLine = good.lines().last().unwrap().parse().unwrap();
    let (body, _) = good.split_once("\n\n").unwrap();
    let body = format!("{body}\n");
    let forged = SignatureLine { signature: seed(&file, "witness").sign(body.as_bytes()).to_vec(), ..known };
    let mut note = Note::unsigned(body).unwrap();
    note.add(forged);
    assert!(matches!(note.signed_by(&vkeys(&file, &["log_vkey"])), Err(BadNote::BadSignature(..))));
}

#[test]
fn a_cosignature_with_another_time_or_over_another_text_does_not_hold() {
    let secret = Secret::from_seed(&[7; 32]);
    let name: KeyName = "w.example".parse().unwrap();
    let keys = Vkeys::new([Vkey::new(name.clone(), SignatureType::Cosignature, secret.public())]).unwrap();
    let holds = |text: &str, line: SignatureLine| {
        let mut note = Note::unsigned(text).unwrap();
        note.add(line);
        note.signed_by(&keys).is_ok()
    };
    let line = cosign("a\n1\nb\n", name.clone(), &secret, 5);
    assert!(holds("a\n1\nb\n", line.clone()));
    assert!(!holds("a\n2\nb\n", line.clone()));
    let mut later = line.clone();
    later.signature[7] += 1;
    assert!(!holds("a\n1\nb\n", later));
    assert!(!holds("a\n1\nb\n", SignatureLine { signature: line.signature[8..].to_vec(), ..line.clone() }));
    // The time is below 2^63, whatever was signed.
    assert!(holds("a\n1\nb\n", cosign("a\n1\nb\n", name.clone(), &secret, (1 << 63) - 1)));
    assert!(!holds("a\n1\nb\n", cosign("a\n1\nb\n", name, &secret, 1 << 63)));
    // The signature of an entry or of a checkpoint is none over a time.
    let plain = SignatureLine { signature: secret.sign(b"a\n1\nb\n").to_vec(), ..line };
    assert!(!holds("a\n1\nb\n", plain));
}

#[test]
fn a_verifier_key_has_one_spelling_and_its_id_belongs_to_it() {
    let file = golden();
    let log = text(&file, "log_vkey");
    assert_eq!(log.parse::<Vkey>().unwrap().to_string(), log);
    let refused = |from: &str, to: &str| {
        assert!(log.contains(from), "{from:?}");
        log.replacen(from, to, 1).parse::<Vkey>().unwrap_err()
    };
    assert_eq!(refused("sponsor", "sponsos"), BadVkey::Id);
    assert_eq!(refused("+0976", "+0977"), BadVkey::Id);
    assert_eq!(refused("09760fcc", "09760FCC"), BadVkey::Id);
    assert_eq!(refused("sponsor.example/NCT00000000", ""), BadVkey::Name);
    assert_eq!(refused("sponsor.example", "sponsor example"), BadVkey::Name);
    assert_eq!(refused("+AW/", "+AW"), BadVkey::Shape);
    assert_eq!(refused("+AW/", "+Bm/"), BadVkey::UnknownType(0x06));
    assert_eq!(refused("+AW/", "+AW/AAAA"), BadVkey::Shape);
    // y = 1, the neutral point: anybody can sign under it.
    let weak = format!("w.example+00000000+AQEA{}", "A".repeat(40));
    assert_eq!(weak.parse::<Vkey>(), Err(BadVkey::Refused(crate::key::KeyRefused::Weak)));
}

#[test]
fn no_public_key_is_taken_under_two_names_or_types() {
    let secret = Secret::from_seed(&[7; 32]);
    let key = |name: &str, kind| Vkey::new(name.parse().unwrap(), kind, secret.public());
    let two = |one: Vkey, other: Vkey| Vkeys::new([one, other]).unwrap_err();
    let name = |name: &str| name.parse::<KeyName>().unwrap();
    let (log, witness) = (SignatureType::Ed25519, SignatureType::Cosignature);
    assert_eq!(two(key("a", witness), key("b", witness)), BadVkey::Twice(name("a"), name("b")));
    assert_eq!(two(key("a", witness), key("a", witness)), BadVkey::Twice(name("a"), name("a")));
    assert_eq!(two(key("a", log), key("a", witness)), BadVkey::Twice(name("a"), name("a")));
}
