//! Feeds libFuzzer's input to [`trial_fuzz::drafts::drafts`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trial_fuzz::drafts::drafts(bytes));
