//! Money: whole minor units inside, a decimal string outside. No floating point anywhere.

use std::fmt;

/// An amount in the smallest unit of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Money {
    pub(crate) minor: u64,
    /// ISO 4217.
    pub(crate) currency: String,
}

impl Money {
    /// Digits after the point, by ISO 4217; most currencies have two.
    fn exponent(&self) -> u32 {
        match self.currency.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
            | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.exponent();
        let unit = 10_u64.pow(exponent);
        write!(f, "{}", self.minor / unit)?;
        if exponent > 0 {
            write!(f, ".{:0width$}", self.minor % unit, width = exponent as usize)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_become_the_currency_s_decimals() {
        let cases = [
            (0, "EUR", "0.00"),
            (5, "EUR", "0.05"),
            (123_456, "USD", "1234.56"),
            (500, "JPY", "500"),
            (1_005, "KWD", "1.005"),
        ];
        for (minor, currency, expected) in cases {
            assert_eq!(Money { minor, currency: currency.into() }.to_string(), expected);
        }
    }
}
