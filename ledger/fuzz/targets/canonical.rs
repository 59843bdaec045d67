//! Feeds libFuzzer's input to [`trial_fuzz::canonical::canonical`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trial_fuzz::canonical::canonical(bytes));
