//! Proofs against the published vectors, each way in which one can be wrong, and any size at all.

use super::{super::Frontier, *};
use proptest::prelude::*;
use serde_json::Value;

fn vectors() -> Value {
    let path = format!("{}/../tests/vectors/merkle.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn number(case: &Value, name: &str) -> u64 {
    case[name].as_u64().unwrap()
}

fn path(case: &Value) -> Vec<Hash> {
    serde_json::from_value(case["proof"].clone()).unwrap()
}

fn leaf(index: u64) -> Hash {
    hash::leaf(index.to_string().as_bytes())
}

fn root(range: Range<u64>) -> Hash {
    range.map(leaf).collect::<Frontier>().root()
}

fn roots(ranges: Vec<Range<u64>>) -> Vec<Hash> {
    ranges.into_iter().map(root).collect()
}

fn other(hash: Hash) -> Hash {
    let mut bytes = hash.0;
    bytes[31] ^= 1;
    Hash(bytes)
}

#[test]
fn the_inclusion_vectors_are_built_and_verified() {
    let file = vectors();
    let cases = file["inclusion"].as_array().unwrap();
    assert!(cases.len() >= 40);
    for case in cases {
        let (index, size, path) = (number(case, "index"), number(case, "size"), path(case));
        assert_eq!(roots(inclusion(index, size).unwrap()), path, "{index} of {size}");
        assert_eq!(verify_inclusion(leaf(index), index, size, &path, root(0..size)), Ok(()), "{index} of {size}");
    }
}

#[test]
fn the_consistency_vectors_are_built_and_verified() {
    let file = vectors();
    let cases = file["consistency"].as_array().unwrap();
    assert!(cases.len() >= 40);
    for case in cases {
        let (old, new, path) = (number(case, "old"), number(case, "new"), path(case));
        assert_eq!(roots(consistency(old, new).unwrap()), path, "{old} to {new}");
        assert_eq!(verify_consistency(old, new, &path, root(0..old), root(0..new)), Ok(()), "{old} to {new}");
    }
}

#[test]
fn a_tree_of_one_leaf_has_an_empty_path_and_the_leaf_as_its_root() {
    assert_eq!(inclusion(0, 1), Ok(vec![]));
    assert_eq!(verify_inclusion(leaf(0), 0, 1, &[], leaf(0)), Ok(()));
    let wrong = verify_inclusion(leaf(1), 0, 1, &[], leaf(0));
    assert_eq!(wrong, Err(ProofError::RootDiffers { expected: leaf(0), found: leaf(1) }));
    assert_eq!(
        verify_inclusion(leaf(0), 0, 1, &[leaf(1)], root(0..2)),
        Err(ProofError::TooLong { found: 1 }),
        "a tree of one leaf has no siblings"
    );
    assert_eq!(verify_consistency(1, 1, &[], leaf(0), leaf(0)), Ok(()));
}

#[test]
fn an_empty_tree_includes_nothing_and_nothing_is_proven_to_extend_it() {
    let empty = Frontier::default().root();
    let beyond = ProofError::IndexBeyondSize { index: 0, size: 0 };
    assert_eq!(inclusion(0, 0), Err(beyond));
    assert_eq!(verify_inclusion(leaf(0), 0, 0, &[], empty), Err(beyond));
    for new in [0, 1, 7] {
        assert_eq!(consistency(0, new), Err(ProofError::NothingToExtend));
        assert_eq!(verify_consistency(0, new, &[], empty, root(0..new)), Err(ProofError::NothingToExtend));
        assert_eq!(
            verify_consistency(0, new, &[root(0..new)], empty, root(0..new)),
            Err(ProofError::NothingToExtend),
            "whatever the path"
        );
    }
}

#[test]
fn a_leaf_at_or_behind_the_end_is_not_included() {
    for (index, size) in [(1, 1), (7, 7), (8, 7), (u64::MAX, 7), (u64::MAX, u64::MAX)] {
        let beyond = ProofError::IndexBeyondSize { index, size };
        assert_eq!(inclusion(index, size), Err(beyond));
        assert_eq!(verify_inclusion(leaf(0), index, size, &[], leaf(0)), Err(beyond));
    }
}

#[test]
fn a_smaller_tree_does_not_extend_a_larger_one() {
    let beyond = ProofError::OldBeyondNew { old: 7, new: 4 };
    assert_eq!(consistency(7, 4), Err(beyond));
    let path = roots(consistency(4, 7).unwrap());
    assert_eq!(verify_consistency(7, 4, &path, root(0..7), root(0..4)), Err(beyond));
}

#[test]
fn two_trees_of_one_size_are_the_same_tree_and_need_no_path() {
    for size in [1, 2, 3, 4, 7, 8] {
        assert_eq!(consistency(size, size), Ok(vec![]));
        let (expected, found) = (leaf(99), root(0..size));
        let fork = verify_consistency(size, size, &[], found, expected);
        assert_eq!(fork, Err(ProofError::NewRootDiffers { expected, found }), "two histories of size {size}");
        let padded = verify_consistency(size, size, &[leaf(0)], found, found);
        assert_eq!(padded, Err(ProofError::TooLong { found: 1 }));
    }
}

#[test]
fn an_odd_node_goes_up_as_it_is_and_is_not_doubled() {
    let doubled = hash::node(root(0..2), hash::node(leaf(2), leaf(2)));
    assert_ne!(root(0..3), doubled);
    assert_eq!(roots(inclusion(2, 3).unwrap()), [root(0..2)]);
    let path = [leaf(2), root(0..2)];
    assert_eq!(verify_inclusion(leaf(2), 2, 3, &path, doubled), Err(ProofError::TooLong { found: 2 }));
    // With four leaves of which the last two are the same it is a tree: another size, another root.
    assert_eq!(verify_inclusion(leaf(2), 2, 4, &path, doubled), Ok(()));
    assert!(verify_inclusion(leaf(2), 2, 4, &path, root(0..3)).is_err());
}

#[test]
fn a_path_does_not_bind_the_size_so_that_a_root_is_signed_with_its_size() {
    let path = roots(inclusion(0, 3).unwrap());
    assert_eq!(verify_inclusion(leaf(0), 0, 4, &path, root(0..3)), Ok(()), "the same steps lead up from leaf 0");
    assert!(verify_inclusion(leaf(0), 0, 4, &path, root(0..4)).is_err());
}

#[test]
fn the_largest_sizes_neither_overflow_nor_loop() {
    let path = inclusion(0, u64::MAX).unwrap();
    assert_eq!(path.len(), 64);
    assert_eq!(path[63], 1 << 63..u64::MAX);
    let hashes = vec![leaf(0); 64];
    assert!(matches!(verify_inclusion(leaf(0), 0, u64::MAX, &hashes, leaf(0)), Err(ProofError::RootDiffers { .. })));
    assert!(matches!(
        verify_inclusion(leaf(0), u64::MAX - 1, u64::MAX, &hashes, leaf(0)),
        Err(ProofError::TooLong { .. } | ProofError::RootDiffers { .. })
    ));
    let long = vec![leaf(0); 200];
    assert_eq!(verify_inclusion(leaf(0), 0, u64::MAX, &long, leaf(0)), Err(ProofError::TooLong { found: 200 }));
    for old in [1, 1 << 63, u64::MAX - 1] {
        let ranges = consistency(old, u64::MAX).unwrap();
        let hashes = vec![leaf(0); ranges.len()];
        let judged = verify_consistency(old, u64::MAX, &hashes, leaf(1), leaf(1));
        assert!(
            matches!(judged, Err(ProofError::OldRootDiffers { .. } | ProofError::NewRootDiffers { .. })),
            "{old}: {judged:?}"
        );
    }
}

/// Every way to change one thing of a path.
fn mutations(path: &[Hash]) -> Vec<(Vec<Hash>, &'static str)> {
    let mut all = Vec::new();
    for at in 0..path.len() {
        let mut changed = path.to_vec();
        changed[at] = other(changed[at]);
        all.push((changed, "a hash is another"));
        let mut shorter = path.to_vec();
        shorter.remove(at);
        all.push((shorter, "a hash is missing"));
        if at > 0 {
            let mut swapped = path.to_vec();
            swapped.swap(at - 1, at);
            all.push((swapped, "two hashes are swapped"));
        }
    }
    for at in 0..=path.len() {
        let mut longer = path.to_vec();
        longer.insert(at, leaf(at as u64));
        all.push((longer, "a hash too many"));
        if at > 0 {
            let mut doubled = path.to_vec();
            doubled.insert(at, doubled[at - 1]);
            all.push((doubled, "a hash is doubled"));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_leaf_of_any_tree_is_proven_and_nothing_else_passes((size, index) in (1u64..700).prop_flat_map(|n| (Just(n), 0..n)),
        elsewhere in 0u64..700, larger in 1u64..700) {
        let (path, whole) = (roots(inclusion(index, size).unwrap()), root(0..size));
        prop_assert_eq!(verify_inclusion(leaf(index), index, size, &path, whole), Ok(()));
        for (wrong, how) in mutations(&path) {
            prop_assert!(verify_inclusion(leaf(index), index, size, &wrong, whole).is_err(), "{}", how);
        }
        prop_assert!(verify_inclusion(other(leaf(index)), index, size, &path, whole).is_err());
        prop_assert!(verify_inclusion(leaf(index), index, size, &path, other(whole)).is_err());
        if elsewhere != index {
            prop_assert!(verify_inclusion(leaf(index), elsewhere, size, &path, whole).is_err());
        }
        // A size comes with its root.
        if larger != size {
            prop_assert!(verify_inclusion(leaf(index), index, larger, &path, root(0..larger)).is_err());
        }
    }

    #[test]
    fn any_tree_is_proven_to_extend_any_earlier_one_and_nothing_else_passes((new, old) in (1u64..700).prop_flat_map(|n| (Just(n), 1..=n)),
        elsewhere in 1u64..700) {
        let path = roots(consistency(old, new).unwrap());
        let (old_root, new_root) = (root(0..old), root(0..new));
        prop_assert_eq!(verify_consistency(old, new, &path, old_root, new_root), Ok(()));
        for (wrong, how) in mutations(&path) {
            prop_assert!(verify_consistency(old, new, &wrong, old_root, new_root).is_err(), "{}", how);
        }
        prop_assert!(verify_consistency(old, new, &path, other(old_root), new_root).is_err());
        prop_assert!(verify_consistency(old, new, &path, old_root, other(new_root)).is_err());
        if old != new {
            prop_assert!(verify_consistency(old, new, &path, new_root, old_root).is_err());
        }
        // A size comes with its root.
        if elsewhere != old {
            prop_assert!(verify_consistency(elsewhere, new, &path, root(0..elsewhere), new_root).is_err());
        }
        if elsewhere != new {
            prop_assert!(verify_consistency(old, elsewhere, &path, old_root, root(0..elsewhere)).is_err());
        }
    }
}

#[test]
fn a_hash_of_a_path_has_32_bytes_or_is_not_read() {
    let whole = leaf(0).to_string();
    assert!(whole.parse::<Hash>().is_ok());
    for wrong in [&whole[..62], &format!("{whole}00"), "", &whole.to_uppercase()] {
        assert!(wrong.parse::<Hash>().is_err(), "{wrong}");
        assert!(serde_json::from_value::<Vec<Hash>>(serde_json::json!([whole, wrong])).is_err(), "{wrong}");
    }
}
