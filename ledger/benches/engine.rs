//! Engine: microseconds per signature of each engine beside a plain loop of `verify_strict`, in one run.
//!
//! 24 signers, bodies of 415 bytes, medians of nine rounds in each of which all take their turn.
#![allow(clippy::unwrap_used)] // what fails here fails the run

use ed25519_dalek::VerifyingKey;
use std::{
    env,
    hint::black_box,
    time::{Duration, Instant},
};
use trial_ledger::{
    engine::{Claim, Engine},
    key::Secret,
};

const ROUNDS: usize = 9;
const SIGNERS: usize = 24;
const CLAIMS: usize = 4_096;
const BODY: usize = 415;

fn main() {
    // Cargo also runs benches as tests, with other arguments: nothing is measured then.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let secrets: Vec<Secret> = (0..SIGNERS).map(|n| Secret::from_seed(&[n as u8; 32])).collect();
    let bodies: Vec<Vec<u8>> =
        (0..CLAIMS).map(|n| (0..BODY).map(|at| ((n * 31 + at * 7) % 251) as u8).collect()).collect();
    let claim = |(n, body): (usize, &'static [u8])| {
        let secret = &secrets[n * 7 % SIGNERS];
        Claim { key: secret.key(), message: [b"", body], signature: secret.sign(body) }
    };
    let bodies: &'static [Vec<u8>] = bodies.leak();
    let claims: Vec<Claim<'_>> = bodies.iter().map(Vec::as_slice).enumerate().map(claim).collect();
    let plain: Vec<_> = claims
        .iter()
        .map(|claim| {
            let signature = ed25519_dalek::Signature::from_bytes(&claim.signature);
            (VerifyingKey::from_bytes(&claim.key.0).unwrap(), claim.message[1], signature)
        })
        .collect();
    let strict = || plain.iter().all(|(key, message, signature)| key.verify_strict(message, signature).is_ok());
    let mut ways: Vec<(String, Box<dyn Fn() -> bool>)> = vec![("verify_strict".to_owned(), Box::new(strict))];
    let mut engines = vec![Engine::portable()];
    engines.extend(Some(Engine::new()).filter(|engine| engine.name() != "portable"));
    for engine in engines {
        let claims = &claims;
        let name = engine.name().to_owned();
        ways.push((name, Box::new(move || engine.accepts(claims).into_iter().all(|accepted| accepted))));
    }
    let mut times = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for ((_, way), times) in ways.iter().zip(&mut times) {
            let begun = Instant::now();
            assert!(black_box(way()));
            times.push(begun.elapsed());
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[ROUNDS / 2].as_secs_f64() * 1e6 / CLAIMS as f64
    };
    let medians: Vec<f64> = times.iter_mut().map(median).collect();
    println!("{CLAIMS} signatures by {SIGNERS} signers over {BODY} bytes, medians of {ROUNDS} rounds");
    println!("| what | per signature | times as fast |\n|---|---:|---:|");
    for ((name, _), median) in ways.iter().zip(&medians) {
        println!("| {name} | {median:.2} µs | {:.1} |", medians[0] / median);
    }
}
