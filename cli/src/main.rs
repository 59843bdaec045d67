//! The command `trial`.
fn main() {}
