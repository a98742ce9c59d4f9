//! Time-based one-time passwords, as RFC 6238 and every authenticator have them: HMAC-SHA-1, 30 s, 6 digits.

use std::fmt::Write as _;

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use common::DateTime;
use zeroize::Zeroizing;

/// Length of a secret, in bytes: that of the hash, as RFC 4226 recommends.
const SECRET_LEN: usize = 20;
/// Seconds that a code stands for.
const STEP_SECONDS: i64 = 30;
const DIGITS: u32 = 6;
/// Steps that a device's clock may be off, either way.
const DRIFT: i64 = 1;

/// What authenticator and server share.
pub(crate) struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    /// A new one.
    pub(crate) fn generate() -> Self {
        Self(Zeroizing::new(rand::random::<[u8; SECRET_LEN]>().to_vec()))
    }

    /// One read back from where it was sealed.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// What is sealed.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What a person types into an authenticator.
    pub(crate) fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(base32(&self.0))
    }

    /// What an authenticator scans.
    pub(crate) fn uri(&self, email: &str) -> Zeroizing<String> {
        let (account, secret) = (percent(email), self.base32());
        Zeroizing::new(format!(
            "otpauth://totp/Verdict:{account}?secret={}&issuer=Verdict&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
            *secret
        ))
    }

    /// The step whose code this is: at `now` or one before or after it, and later than the last that was taken.
    pub(crate) fn step_of(&self, code: &str, now: DateTime, last_step: i64) -> Option<i64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if code.len() != DIGITS as usize || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let present = now.timestamp() / STEP_SECONDS;
        let mut found = None;
        for step in present - DRIFT..=present + DRIFT {
            let expected = self.code(step, DIGITS);
            let fits = aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_bytes(), code.as_bytes()).is_ok();
            if fits && step > last_step {
                found = Some(step);
            }
        }
        found
    }

    fn code(&self, step: i64, digits: u32) -> String {
        let tag = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0), &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[tag.len() - 1] & 0x0f);
        let number = tag[offset..offset + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        let code = (number & 0x7fff_ffff) % 10_u32.pow(digits);
        format!("{code:0width$}", width = digits as usize)
    }
}

/// RFC 4648, without padding, as authenticators take it.
pub(crate) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut group = [0; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(group);
        for place in 0..(chunk.len() * 8).div_ceil(5) {
            text.push(char::from(ALPHABET[usize::try_from(bits >> (35 - 5 * place) & 31).unwrap_or_default()]));
        }
    }
    text
}

fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    fn rfc() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890")
    }

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        let vectors = [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ];
        for (seconds, code) in vectors {
            assert_eq!(rfc().code(seconds / STEP_SECONDS, 8), code);
        }
    }

    #[test]
    fn the_vectors_of_rfc_4648_hold() {
        for (text, encoded) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn a_code_fits_one_step_either_way_and_never_twice() {
        let at = |seconds| chrono::Utc.timestamp_opt(seconds, 0).single().expect("a time");
        let code = "287082";
        assert_eq!(rfc().step_of(code, at(59), 0), Some(1));
        assert_eq!(rfc().step_of("287 082", at(30), 0), Some(1), "authenticators show a gap");
        assert_eq!(rfc().step_of(code, at(89), 0), Some(1), "a slow device");
        assert_eq!(rfc().step_of(code, at(29), 0), Some(1), "a fast device");
        assert_eq!(rfc().step_of(code, at(90), 0), None);
        assert_eq!(rfc().step_of(code, at(59), 1), None, "taken before");
        for wrong in ["287083", "28708", "2870820", "28708a", "", "２８７０８２"] {
            assert_eq!(rfc().step_of(wrong, at(59), 0), None, "{wrong}");
        }
    }

    #[test]
    fn authenticators_are_told_all_they_need() {
        let uri = rfc().uri("ann+x@example.com");
        assert_eq!(
            *uri,
            "otpauth://totp/Verdict:ann%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Verdict\
             &algorithm=SHA1&digits=6&period=30"
        );
    }
}
