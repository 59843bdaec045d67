//! The work of the comparison, done with p2panda-core: one author's log of operations.
//!
//! Does the chain (sequence number and backlink), signatures, and hashes of payloads. Does not check that the CBOR of a
//! header is the only spelling of it, that a payload is canonical or well-formed, or who the author is. It has no store of its own.

#[path = "../../contest.rs"]
mod contest;

use p2panda_core::{Body, Header, Operation, SigningKey, Timestamp, validate_backlink, validate_operation};

fn main() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let mut last: Option<Header> = None;
    let make = |payload: &[u8]| {
        let body = Body::new(payload);
        let mut header = Header {
            version: 1,
            verifying_key: key.verifying_key(),
            signature: None,
            payload_size: body.size(),
            payload_hash: Some(body.hash()),
            timestamp: Timestamp::new(1_476_147_600_000_000),
            seq_num: last.as_ref().map_or(0, |last| last.seq_num + 1),
            backlink: last.as_ref().map(Header::hash),
            extensions: (),
        };
        header.sign(&key);
        let bytes = header.to_bytes();
        let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        last = Some(header);
        [&length[..], &bytes, payload].concat()
    };
    contest::run(make, verify);
}

fn verify(entries: &[&[u8]]) {
    let mut last: Option<Header> = None;
    for entry in entries {
        let (length, rest) = entry.split_first_chunk::<4>().unwrap();
        let (header, payload) = rest.split_at(u32::from_le_bytes(*length) as usize);
        let header = Header::try_from(header).unwrap();
        let operation = Operation { hash: header.hash(), header, body: Some(Body::new(payload)) };
        validate_operation(&operation).unwrap();
        if let Some(last) = &last {
            validate_backlink(last, &operation.header).unwrap();
        }
        last = Some(operation.header);
    }
}
