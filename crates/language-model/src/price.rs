//! Money as integers: millionths of the unit that the price table is written in.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};

use crate::outcome::Tokens;

const PER: u128 = 1_000_000;

/// Millionths of a currency unit. Adding saturates: a budget then counts as spent, never as free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub u64);

impl Micros {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many times as much.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// The difference, not below zero.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The part in percent, rounded up.
    #[must_use]
    pub fn percent(self, percent: u8) -> Self {
        let part = (u128::from(self.0) * u128::from(percent)).div_ceil(100);
        Self(u64::try_from(part).unwrap_or(u64::MAX))
    }
}

impl Add for Micros {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Micros {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// What a model costs, in micro-units per million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Price {
    /// A million tokens of the prompt.
    pub prompt: u64,
    /// A million tokens of the prompt that the provider had cached; the prompt's price when left out.
    pub cached_prompt: Option<u64>,
    /// A million tokens of the answer.
    pub completion: u64,
}

impl Price {
    /// What the tokens cost, rounded up.
    #[must_use]
    pub fn of(&self, tokens: Tokens) -> Micros {
        let cached = tokens.cached_prompt.min(tokens.prompt);
        let parts = [
            (tokens.prompt - cached, self.prompt),
            (cached, self.cached_prompt.unwrap_or(self.prompt)),
            (tokens.completion, self.completion),
        ];
        let sum: u128 = parts.iter().map(|(count, price)| u128::from(*count) * u128::from(*price)).sum();
        Micros(u64::try_from(sum.div_ceil(PER)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::{Micros, Price};
    use crate::Tokens;

    #[test]
    fn costs_are_exact_and_round_up() {
        let price = Price { prompt: 150_000, cached_prompt: Some(75_000), completion: 600_000 };
        let tokens =
            |prompt, cached_prompt, completion| Tokens { prompt, cached_prompt, completion, is_counted: false };
        // 0.15 per million: one token is 0.15 micro-units.
        assert_eq!(price.of(tokens(1, 0, 0)), Micros(1));
        assert_eq!(price.of(tokens(1_000, 0, 10)), Micros(156));
        assert_eq!(price.of(tokens(1_000, 1_000, 0)), Micros(75));
        assert_eq!(price.of(tokens(1_000, 5_000, 0)), Micros(75), "no more can be cached than was sent");
        assert_eq!(Price::default().of(tokens(1_000, 0, 10)), Micros::ZERO);
        assert_eq!(Price { prompt: u64::MAX, ..price }.of(tokens(u64::MAX, 0, 0)), Micros(u64::MAX));
        assert_eq!(Micros(156).percent(50), Micros(78));
        assert_eq!(Micros(1_500_000).to_string(), "1.500000");
    }
}
