//! Feeds libFuzzer's input to [`trial_fuzz::entries::entries`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trial_fuzz::entries::entries(bytes));
