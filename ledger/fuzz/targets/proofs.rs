//! Feeds libFuzzer's input to [`trial_fuzz::notes::proofs`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trial_fuzz::notes::proofs(bytes));
