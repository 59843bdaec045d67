//! The work of the comparison, done with ssb-validate and ssb-verify-signatures: one author's feed.
//!
//! Does the chain, the signing encoding of each message and its signature; signatures are checked in batches of 50, as the
//! crate does by itself, which accepts some that a strict check of one refuses. Does not check who the author is. It has no
//! store of its own.

#[path = "../../contest.rs"]
mod contest;

use serde_json::{Value, json};
use ssb_crypto::Keypair;
use ssb_legacy_msg_data::{json::to_vec, value::Value as Legacy};
use ssb_validate::{message_value::par_validate_message_value_hash_chain_of_feed, utils::multihash_from_bytes};
use ssb_verify_signatures::par_verify_message_values;

fn main() {
    let key = Keypair::from_seed(&[7; 32]).unwrap();
    let author = format!("@{}.ed25519", key.public.as_base64());
    let (mut sequence, mut previous) = (0_u64, Value::Null);
    let make = |payload: &[u8]| {
        let mut content = serde_json::Map::from_iter([("type".to_owned(), json!("trial-entry"))]);
        content.extend(serde_json::from_slice::<serde_json::Map<String, Value>>(payload).unwrap());
        sequence += 1;
        let mut message = json!({
            "previous": previous, "author": author, "sequence": sequence, "timestamp": 1_476_147_600_000_u64 + sequence,
            "hash": "sha256", "content": content
        });
        let signature = key.sign(&encoded(&message));
        message["signature"] = json!(format!("{}.sig.ed25519", signature.as_base64()));
        let bytes = encoded(&message);
        previous = json!(multihash_from_bytes(&bytes).to_legacy_string());
        bytes
    };
    contest::run(make, |entries| {
        par_validate_message_value_hash_chain_of_feed::<_, &[u8]>(entries, None).unwrap();
        par_verify_message_values(entries, None, None).unwrap();
    });
}

/// The encoding that is signed and hashed: two spaces of indentation, members in the order of writing.
fn encoded(message: &Value) -> Vec<u8> {
    let message: Legacy = ssb_legacy_msg_data::json::from_slice(&serde_json::to_vec(message).unwrap()).unwrap();
    to_vec(&message, false).unwrap()
}
