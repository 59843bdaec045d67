//! Feeds libFuzzer's input to [`trial_fuzz::tiles::tiles`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trial_fuzz::tiles::tiles(bytes));
