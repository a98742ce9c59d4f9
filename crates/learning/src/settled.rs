//! Numbers that are stored and compared later.

/// Rounded to a millionth. Such a number is the same to the bit after it was written as a decimal and read again, whatever
/// reads it: a threshold that moved by its last bit on the way through a database would decide a replay otherwise.
pub fn settled(value: f64) -> f64 {
    libm::round(value * 1e6) / 1e6
}
