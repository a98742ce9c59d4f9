//! The index, held to a plain loop over all vectors.

use learning::{Index, Neighbour};
use proptest::prelude::*;
use uuid::Uuid;

use crate::chance::Chance;

const DIMENSIONS: usize = 48;

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn ids(found: &[Neighbour]) -> Vec<Uuid> {
    found.iter().map(|neighbour| neighbour.id).collect()
}

#[test]
fn it_finds_what_a_plain_loop_finds() {
    let mut chance = Chance(1);
    let rows: Vec<(Uuid, Vec<f32>)> =
        (0..2_000_u128).map(|n| (Uuid::from_u128(n), chance.vector(DIMENSIONS))).collect();
    let mut index = Index::new(DIMENSIONS);
    for (id, row) in &rows {
        assert!(index.insert(*id, (id.as_u128() % 7) as u32, row));
    }
    for _ in 0..50 {
        let query = chance.vector(DIMENSIONS);
        let mut plain: Vec<_> = rows.iter().map(|(id, row)| (cosine(row, &query), *id)).collect();
        plain.sort_by(|a, b| b.0.total_cmp(&a.0));
        let found = index.nearest(&query, 10);
        assert_eq!(ids(&found), plain.iter().take(10).map(|one| one.1).collect::<Vec<_>>());
        for (neighbour, (similarity, id)) in found.iter().zip(plain) {
            assert!((f64::from(neighbour.similarity) - similarity).abs() < 1e-5);
            assert_eq!(u128::from(neighbour.label), id.as_u128() % 7);
        }
    }
}

#[test]
fn vectors_that_do_not_fit_are_refused() {
    let mut index = Index::new(3);
    assert!(!index.insert(Uuid::nil(), 0, &[1.0, 0.0]));
    assert!(!index.insert(Uuid::nil(), 0, &[f32::NAN, 0.0, 0.0]));
    assert_eq!((index.len(), index.version()), (0, 0));
    assert!(index.nearest(&[1.0, 0.0, 0.0], 5).is_empty());
    assert!(index.insert(Uuid::nil(), 0, &[1.0, 0.0, 0.0]));
    assert!(index.nearest(&[1.0, 0.0], 5).is_empty());
    assert!(index.nearest(&[1.0, 0.0, 0.0], 0).is_empty());
}

proptest! {
    #[test]
    fn answers_depend_on_what_is_in_it_and_not_on_how_it_came(
        steps in prop::collection::vec((0_u128..60, any::<bool>()), 1..160), seed in any::<u64>()
    ) {
        let vector = |id: u128| Chance(id as u64 + 77).vector(DIMENSIONS);
        let mut index = Index::new(DIMENSIONS);
        let mut left = std::collections::BTreeSet::new();
        for (id, put) in steps {
            let before = index.version();
            if put {
                prop_assert!(index.insert(Uuid::from_u128(id), id as u32, &vector(id)));
                left.insert(id);
            } else {
                prop_assert_eq!(index.remove(Uuid::from_u128(id)), left.remove(&id));
            }
            prop_assert!(index.version() >= before);
        }
        let mut fresh = Index::new(DIMENSIONS);
        for id in left.iter().rev() {
            prop_assert!(fresh.insert(Uuid::from_u128(*id), *id as u32, &vector(*id)));
        }
        let query = Chance(seed).vector(DIMENSIONS);
        prop_assert_eq!(index.nearest(&query, 9), fresh.nearest(&query, 9));
        prop_assert_eq!(index.exemplars(), fresh.exemplars());
    }
}
