//! Feeds libFuzzer's input to [`trial_fuzz::notes::checkpoints`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trial_fuzz::notes::checkpoints(bytes));
