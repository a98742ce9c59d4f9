//! Decimal amounts: exact, bounded, a string on the wire.

use std::fmt;
use std::str::FromStr;

use bigdecimal::{BigDecimal, ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// At most this many digits before the decimal point.
pub const MAX_INTEGER_DIGITS: usize = 18;
/// At most this many digits after the decimal point.
pub const MAX_FRACTION_DIGITS: usize = 9;

/// An exact decimal number such as `-12.50`, without a currency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, example = "12.50", pattern = r"^-?[0-9]{1,18}(\.[0-9]{1,9})?$")]
pub struct Amount(BigDecimal);

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a decimal number such as \"12.50\" with at most 18 digits before and 9 after the point")]
pub struct InvalidAmount;

impl Amount {
    /// The nearest double, as conditions see it.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        self.0.to_f64().unwrap_or(f64::NAN)
    }

    /// The exact value.
    #[must_use]
    pub const fn as_decimal(&self) -> &BigDecimal {
        &self.0
    }

    /// An amount read back from a `numeric` column, which holds only checked ones.
    #[must_use]
    pub const fn from_stored(value: BigDecimal) -> Self {
        Self(value)
    }
}

impl FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Checked by hand first: BigDecimal would take "1e999999999" and later print it.
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (integer, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let digits = |part: &str, max: usize| {
            !part.is_empty() && part.len() <= max && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(integer, MAX_INTEGER_DIGITS) || !digits(fraction, MAX_FRACTION_DIGITS) {
            return Err(InvalidAmount);
        }
        BigDecimal::from_str(text).map(Self).map_err(|_| InvalidAmount)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_is_not_a_bounded_decimal() {
        for bad in ["", "-", ".5", "5.", "1e5", "NaN", "1,5", "١", "1234567890123456789", "0.1234567890", "+1", " 1"] {
            assert_eq!(bad.parse::<Amount>(), Err(InvalidAmount), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn keeps_every_digit(text in r"-?[1-9][0-9]{0,17}\.[0-9]{1,9}") {
            let amount: Amount = text.parse().expect("matches the grammar");
            prop_assert_eq!(amount.to_string(), text);
        }
    }
}
