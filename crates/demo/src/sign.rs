//! How senders sign their webhooks: one function per scheme, from the scheme's own documentation.
//!
//! - `generic`: hexadecimal HMAC-SHA256 of `{timestamp}.{body}` in `X-Signature`.
//! - `standard-webhooks`: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
//! - `github`: <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Header names and values of one delivery.
pub(crate) type Headers = Vec<(&'static str, String)>;

/// A provider of the catalogue that this tool can play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Provider {
    Generic,
    StandardWebhooks,
    Github,
}

impl Provider {
    /// Its name in the catalogue and in webhook addresses.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::StandardWebhooks => "standard-webhooks",
            Self::Github => "github",
        }
    }

    /// Whether the signature covers a time, so that an old delivery can be told from a new one.
    pub(crate) fn signs_time(self) -> bool {
        !matches!(self, Self::Github)
    }
}

/// What of a delivery goes into its signature headers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signable<'a> {
    pub(crate) delivery_id: &'a str,
    /// Seconds since 1970.
    pub(crate) timestamp: i64,
    pub(crate) body: &'a str,
    /// The kind of event; only GitHub names it in a header.
    pub(crate) event: &'a str,
}

/// The headers that the provider would send. Fails when the secret is not of the provider's shape.
pub(crate) fn headers(provider: Provider, secret: &str, what: Signable<'_>) -> anyhow::Result<Headers> {
    let Signable { delivery_id, timestamp, body, event } = what;
    Ok(match provider {
        Provider::Generic => {
            let digest = hmac(secret.as_bytes(), &[&timestamp.to_string(), ".", body]);
            vec![
                ("x-delivery-id", delivery_id.to_owned()),
                ("x-timestamp", timestamp.to_string()),
                ("x-signature", format!("sha256={}", hex::encode(digest))),
            ]
        }
        Provider::StandardWebhooks => {
            let encoded = secret.strip_prefix("whsec_").context("a Standard Webhooks secret begins with whsec_")?;
            let key = STANDARD.decode(encoded).context("a Standard Webhooks secret is base64 after whsec_")?;
            let digest = hmac(&key, &[delivery_id, ".", &timestamp.to_string(), ".", body]);
            vec![
                ("webhook-id", delivery_id.to_owned()),
                ("webhook-timestamp", timestamp.to_string()),
                ("webhook-signature", format!("v1,{}", STANDARD.encode(digest))),
            ]
        }
        Provider::Github => vec![
            ("x-github-event", event.to_owned()),
            ("x-github-delivery", delivery_id.to_owned()),
            ("x-hub-signature-256", format!("sha256={}", hex::encode(hmac(secret.as_bytes(), &[body])))),
        ],
    })
}

fn hmac(key: &[u8], parts: &[&str]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(headers: &Headers, name: &str) -> String {
        headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()).expect("header is there")
    }

    /// The example of GitHub's documentation.
    #[test]
    fn github_signs_as_documented() {
        let what = Signable { delivery_id: "d", timestamp: 0, body: "Hello, World!", event: "ping" };
        let headers = headers(Provider::Github, "It's a Secret to Everybody", what).expect("signs");
        assert_eq!(
            value(&headers, "x-hub-signature-256"),
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        );
        assert_eq!(value(&headers, "x-github-event"), "ping");
    }

    /// The example of the Standard Webhooks reference libraries.
    #[test]
    fn standard_webhooks_sign_as_documented() {
        let what = Signable {
            delivery_id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: 1_614_265_330,
            body: r#"{"test": 2432232314}"#,
            event: "",
        };
        let headers =
            headers(Provider::StandardWebhooks, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", what).expect("signs");
        assert_eq!(value(&headers, "webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(value(&headers, "webhook-id"), "msg_p5jXN8AQM9LWM0D4loKWxJek");
    }

    /// Computed with `printf '1700000000.{}' | openssl dgst -sha256 -hmac key`.
    #[test]
    fn generic_signs_time_and_body() {
        let what = Signable { delivery_id: "d-1", timestamp: 1_700_000_000, body: "{}", event: "" };
        let headers = headers(Provider::Generic, "key", what).expect("signs");
        assert_eq!(
            value(&headers, "x-signature"),
            "sha256=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
        );
        assert_eq!(value(&headers, "x-timestamp"), "1700000000");
        assert_eq!(value(&headers, "x-delivery-id"), "d-1");
    }

    #[test]
    fn a_secret_of_the_wrong_shape_is_refused() {
        let what = Signable { delivery_id: "d", timestamp: 0, body: "", event: "" };
        assert!(headers(Provider::StandardWebhooks, "plain", what).is_err());
        assert!(headers(Provider::StandardWebhooks, "whsec_***", what).is_err());
    }
}
