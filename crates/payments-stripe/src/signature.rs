//! Webhook signatures: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>…]`, HMAC-SHA256 over `<t>.<raw body>`.

use common::DateTime;
use hmac::{Hmac, KeyInit as _, Mac as _};
use payments::WebhookRefusal;
use settings::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// The live secrets, and how far the signed time may be from now.
#[derive(Debug)]
pub(crate) struct Secrets {
    live: Vec<SecretString>,
    tolerance_seconds: i64,
}

impl Secrets {
    pub(crate) fn new(live: &[SecretString], tolerance_seconds: u32) -> Self {
        Self { live: live.to_vec(), tolerance_seconds: tolerance_seconds.into() }
    }

    /// Whether one of the secrets signed the body, lately. A foreign signature is told from a stale one: only who
    /// has the secret learns that the time was the fault.
    pub(crate) fn verify(&self, header: &str, body: &[u8], now: DateTime) -> Result<(), WebhookRefusal> {
        let (time, signatures) = parse(header).ok_or(WebhookRefusal::Missing)?;
        let fits = self.live.iter().any(|secret| signatures.iter().any(|given| signs(secret, time, body, given)));
        if !fits {
            return Err(WebhookRefusal::Mismatch);
        }
        let is_timely = time.parse::<i64>().is_ok_and(|time| {
            now.timestamp()
                .checked_sub(time)
                .is_some_and(|age| age.unsigned_abs() <= self.tolerance_seconds.unsigned_abs())
        });
        if is_timely { Ok(()) } else { Err(WebhookRefusal::Stale) }
    }
}

/// The time as it was signed, and every signature of the scheme in use; older schemes are passed over.
fn parse(header: &str) -> Option<(&str, Vec<Vec<u8>>)> {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=')? {
            ("t", value) => time = Some(value),
            ("v1", value) => signatures.extend(hex::decode(value)),
            _ => {}
        }
    }
    (!signatures.is_empty()).then_some((time?, signatures))
}

fn signs(secret: &SecretString, time: &str, body: &[u8], signature: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return false };
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    // Compares in constant time.
    mac.verify_slice(signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_760_000_000;

    fn sign(secret: &str, time: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
        mac.update(format!("{time}.").as_bytes());
        mac.update(body);
        hex::encode(mac.finalize().into_bytes())
    }

    fn verify(header: &str, body: &[u8]) -> Result<(), WebhookRefusal> {
        let live = ["whsec_new".to_owned(), "whsec_old".to_owned()].map(SecretString::from);
        let now = DateTime::from_timestamp(NOW, 0).expect("a time");
        Secrets::new(&live, 300).verify(header, body, now)
    }

    #[test]
    fn one_fitting_signature_of_a_live_secret_is_enough_and_everything_else_is_refused() {
        use WebhookRefusal::{Mismatch, Missing, Stale};
        let body = b"{\"id\":\"evt_1\"}";
        let signed = |secret: &str, time: i64| format!("t={time},v1={}", sign(secret, time, body));
        let zero = "0".repeat(64);
        let cases = [
            (signed("whsec_new", NOW), Ok(())),
            (signed("whsec_old", NOW), Ok(())),
            (signed("whsec_new", NOW - 300), Ok(())),
            (signed("whsec_new", NOW + 300), Ok(())),
            (format!("t={NOW},v1={zero},v1={}", sign("whsec_old", NOW, body)), Ok(())),
            (format!("t={NOW}, v0={zero}, v1={}", sign("whsec_new", NOW, body)), Ok(())),
            (signed("whsec_new", NOW - 301), Err(Stale)),
            (signed("whsec_new", NOW + 301), Err(Stale)),
            (signed("whsec_new", i64::MIN), Err(Stale)),
            (signed("whsec_other", NOW), Err(Mismatch)),
            (signed("whsec_other", NOW - 900), Err(Mismatch)),
            (signed("", NOW), Err(Mismatch)),
            (format!("t={},v1={}", NOW + 1, sign("whsec_new", NOW, body)), Err(Mismatch)),
            (format!("t={NOW},v0={}", sign("whsec_new", NOW, body)), Err(Missing)),
            (format!("v1={}", sign("whsec_new", NOW, body)), Err(Missing)),
            (format!("t={NOW}"), Err(Missing)),
            (String::new(), Err(Missing)),
            ("t=,v1=zz".to_owned(), Err(Missing)),
        ];
        for (header, expected) in cases {
            assert_eq!(verify(&header, body), expected, "{header}");
        }
        assert_eq!(verify(&signed("whsec_new", NOW), b"{\"id\":\"evt_2\"}"), Err(Mismatch), "the bytes were changed");
    }
}
