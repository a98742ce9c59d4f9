//! Products of vectors on whatever the processor has.

use learning::vector::{add_scaled, dot, dot_small, quantise, widest};
use proptest::prelude::*;

proptest! {
    #[test]
    fn the_widest_instructions_give_the_same_bits(
        pairs in prop::collection::vec((-1.0_f32..1.0, -1.0_f32..1.0), 0..500), factor in -2.0_f32..2.0
    ) {
        let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
        let wide = widest(#[inline(always)] || dot(&a, &b));
        prop_assert_eq!(wide.to_bits(), dot(&a, &b).to_bits());
        let (mut one, mut other) = (a.clone(), a.clone());
        widest(#[inline(always)] || add_scaled(&mut one, factor, &b));
        add_scaled(&mut other, factor, &b);
        prop_assert!(one.iter().zip(&other).all(|(x, y)| x.to_bits() == y.to_bits()));
        let exact: f64 = a.iter().zip(&b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
        prop_assert!((f64::from(wide) - exact).abs() < 1e-3);
    }

    #[test]
    fn small_products_are_exact_and_near(values in prop::collection::vec(-1.0_f32..1.0, 1..500), seed in any::<u64>()) {
        let mut chance = crate::chance::Chance(seed);
        let other: Vec<f32> = values.iter().map(|_| (2.0 * chance.share() - 1.0) as f32).collect();
        let ((a, scale_a), (b, scale_b)) = (quantise(&values), quantise(&other));
        let found = widest(#[inline(always)] || dot_small(&a, &b));
        let exact: i64 = a.iter().zip(&b).map(|(x, y)| i64::from(*x) * i64::from(*y)).sum();
        prop_assert_eq!(i64::from(found), exact);
        let real: f64 = values.iter().zip(&other).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
        // Half a step of error in each factor of each product.
        let most = values.len() as f64 * f64::from(scale_a + scale_b) * 0.51;
        prop_assert!((f64::from(found) * f64::from(scale_a * scale_b) - real).abs() <= most);
    }
}
