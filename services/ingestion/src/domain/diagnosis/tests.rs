//! Each mistake, really made: signed as a sender would who makes it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::{Sha256, Sha512};

use super::*;
use crate::domain::provider::built_in;

const NOW: i64 = 1_700_000_000;
const BODY: &[u8] = br#"{"id": "m-1", "tags": [1, 2], "text": "hello, {you}: x"}"#;

/// A delivery to an integration of a provider, with that provider's secret.
struct Delivered {
    provider: &'static str,
    config: Value,
    secret: String,
    previous: Option<(String, i64)>,
    reason: &'static str,
}

impl Delivered {
    fn to(provider: &'static str) -> Self {
        let form = built_in().find(provider).expect("known").secret;
        let secret = form.generate();
        Self { provider, config: json!({}), secret, previous: None, reason: "signature_mismatch" }
    }

    fn diagnose(&self, headers: &[(&str, String)], body: &[u8]) -> Diagnosis {
        let provider = built_in().find(self.provider).expect("known");
        let scheme = provider.signature.configured(&self.config).expect("a config");
        let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        let case = Case {
            catalogue: built_in(),
            provider: self.provider,
            scheme: &scheme,
            form: provider.secret,
            secret: &self.secret,
            previous: self.previous.as_ref().map(|(secret, until)| (secret.as_str(), *until)),
            header: &header,
            body: Some(body),
            reason: self.reason,
            received_at: NOW,
            now: NOW + 60,
        };
        diagnose(&case).expect("a diagnosis")
    }
}

fn sha256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

/// Headers as `generic` wants them, signed over the parts behind the time.
fn generic(key: &[u8], body: &[u8]) -> Vec<(&'static str, String)> {
    let time = NOW.to_string();
    let digest = sha256(key, &[time.as_bytes(), b".", body]);
    vec![("x-signature", hex::encode(digest)), ("x-timestamp", time)]
}

#[test]
fn no_signature_and_another_providers() {
    let source = Delivered::to("generic");
    let found = source.diagnose(&[], BODY);
    assert_eq!((found.code, &found.evidence["expectedHeader"]), ("no_signature", &json!("x-signature")));
    for (key, fits) in [(source.secret.as_bytes(), true), (&b"guessed"[..], false)] {
        let github = format!("sha256={}", hex::encode(sha256(key, &[BODY])));
        let found = source.diagnose(&[("x-hub-signature-256", github)], BODY);
        assert_eq!((found.code, &found.evidence["provider"]), ("other_provider", &json!("github")));
        assert_eq!(found.evidence["fits"], fits);
    }
}

#[test]
fn encodings_and_prefixes() {
    let source = Delivered::to("github");
    let digest = sha256(source.secret.as_bytes(), &[BODY]);
    let found = source.diagnose(&[("x-hub-signature-256", STANDARD.encode(&digest))], BODY);
    assert_eq!((found.code, &found.evidence["foundEncoding"]), ("wrong_encoding", &json!("base64")), "{found:?}");
    let slack = Delivered::to("slack");
    let digest = hex::encode(sha256(slack.secret.as_bytes(), &[b"v0:", NOW.to_string().as_bytes(), b":", BODY]));
    let headers = [("x-slack-signature", digest), ("x-slack-request-timestamp", NOW.to_string())];
    let found = slack.diagnose(&headers, BODY);
    assert_eq!(found.code, "wrong_prefix", "{found:?}");
    let found = source.diagnose(&[("x-hub-signature-256", "sha256=zz".to_owned())], BODY);
    assert_eq!(found.code, "unreadable_signature", "{found:?}");
    let shopify = Delivered::to("shopify");
    let digest = hex::encode(sha256(shopify.secret.as_bytes(), &[BODY]));
    let found = shopify.diagnose(&[("x-shopify-hmac-sha256", digest)], BODY);
    assert_eq!((found.code, &found.evidence["expectedEncoding"]), ("wrong_encoding", &json!("base64")), "{found:?}");
}

#[test]
fn the_previous_secret() {
    let mut source = Delivered::to("generic");
    let old = "the-old-secret";
    source.previous = Some((old.to_owned(), NOW - 10));
    let found = source.diagnose(&generic(old.as_bytes(), BODY), BODY);
    assert_eq!(found.code, "previous_secret");
    assert!(found.message.contains("has expired"), "{found:?}");
    assert!(!format!("{found:?}").contains(old), "no secret is shown");
}

#[test]
fn clocks() {
    let mut source = Delivered::to("generic");
    for (reason, off) in [("timestamp_too_old", 999), ("timestamp_in_future", -999)] {
        source.reason = reason;
        let found = source.diagnose(&[("x-signature", "-".into()), ("x-timestamp", (NOW - off).to_string())], BODY);
        assert_eq!((found.code, &found.evidence["seconds"]), ("clock_skew", &json!(off)), "{found:?}");
    }
    let found = source.diagnose(&[("x-signature", "-".into()), ("x-timestamp", format!("{NOW}123"))], BODY);
    assert_eq!(found.code, "time_in_milliseconds");
    source.reason = "signature_missing";
    let mut headers = generic(source.secret.as_bytes(), BODY);
    headers[1].1 = "soon".to_owned();
    assert_eq!(source.diagnose(&headers, BODY).code, "unreadable_time");
    assert_eq!(source.diagnose(&headers[..1], BODY).code, "missing_header");
}

#[test]
fn a_body_that_something_rewrote() {
    let source = Delivered::to("generic");
    let value: Value = serde_json::from_slice(BODY).expect("JSON");
    let pretty = serde_json::to_vec_pretty(&value).expect("JSON");
    let crlf = String::from_utf8(pretty.clone()).expect("text").replace('\n', "\r\n").into_bytes();
    let compact = value.to_string().into_bytes();
    let line = [BODY, b"\n"].concat();
    for (signed, arrived, how) in [
        (line.clone(), BODY.to_vec(), "line feed"),
        (BODY.to_vec(), line, "white space"),
        (compact.clone(), pretty.clone(), "compact"),
        (pretty.clone(), compact.clone(), "two spaces"),
        (crlf.clone(), pretty.clone(), "CRLF"),
        (pretty, crlf, "LF"),
        (BODY.to_vec(), compact, "space after commas"),
    ] {
        let found = source.diagnose(&generic(source.secret.as_bytes(), &signed), &arrived);
        assert_eq!(found.code, "body_changed", "{how} {found:?}");
        let form = found.evidence["signedForm"].as_str().expect("a form");
        assert!(form.contains(how), "{how} {found:?}");
    }
}

#[test]
fn the_time_left_out_of_what_is_signed() {
    for (provider, header) in [("generic", "x-signature"), ("stripe", "stripe-signature")] {
        let source = Delivered::to(provider);
        let digest = hex::encode(sha256(source.secret.as_bytes(), &[BODY]));
        let headers = match provider {
            "stripe" => vec![(header, format!("t={NOW},v1={digest}"))],
            _ => vec![(header, digest), ("x-timestamp", NOW.to_string())],
        };
        assert_eq!(source.diagnose(&headers, BODY).code, "body_alone_signed", "{provider}");
    }
    let source = Delivered::to("generic");
    let digest = hex::encode(sha256(source.secret.as_bytes(), &[BODY]));
    assert_eq!(source.diagnose(&[("x-signature", digest)], BODY).code, "body_alone_signed", "and no time sent");
}

#[test]
fn the_secret_in_another_form() {
    let source = Delivered::to("generic");
    let decoded = URL_SAFE_NO_PAD.decode(&source.secret).expect("base64");
    let found = source.diagnose(&generic(&decoded, BODY), BODY);
    assert_eq!((found.code, &found.evidence["used"]), ("secret_form", &json!("decoded from base64")), "{found:?}");
    let echoed = format!("{}\n", source.secret);
    assert_eq!(source.diagnose(&generic(echoed.as_bytes(), BODY), BODY).code, "secret_form");

    let standard = Delivered::to("standard-webhooks");
    let time = NOW.to_string();
    for key in [standard.secret.as_str(), &standard.secret["whsec_".len()..]] {
        let digest = sha256(key.as_bytes(), &[b"d-1.", time.as_bytes(), b".", BODY]);
        let headers = [
            ("webhook-signature", format!("v1,{}", STANDARD.encode(digest))),
            ("webhook-timestamp", time.clone()),
            ("webhook-id", "d-1".to_owned()),
        ];
        assert_eq!(standard.diagnose(&headers, BODY).code, "secret_form", "{key}");
        assert_eq!(standard.diagnose(&headers[..2], BODY).code, "missing_header");
    }
}

#[test]
fn the_other_hash_another_secret_a_wrong_token_and_what_fits_by_now() {
    let mut source = Delivered::to("generic");
    let mut mac = Hmac::<Sha512>::new_from_slice(source.secret.as_bytes()).expect("any length");
    mac.update(NOW.to_string().as_bytes());
    mac.update(b".");
    mac.update(BODY);
    let headers = [("x-signature", hex::encode(mac.finalize().into_bytes())), ("x-timestamp", NOW.to_string())];
    assert_eq!(source.diagnose(&headers, BODY).code, "wrong_hash");
    assert_eq!(source.diagnose(&generic(b"guessed", BODY), BODY).code, "wrong_secret");
    assert_eq!(source.diagnose(&generic(source.secret.as_bytes(), BODY), BODY).code, "verifies_now");
    source.reason = "unparseable_body";
    let form =
        [generic(source.secret.as_bytes(), b"a=1"), vec![("content-type", "application/x-www-form-urlencoded".into())]];
    let found = source.diagnose(&form.concat(), b"a=1");
    assert_eq!(found.code, "not_json");
    assert!(found.remedy.contains("application/json"), "{found:?}");

    let mut gitlab = Delivered::to("gitlab");
    gitlab.previous = Some(("old".to_owned(), NOW));
    for (token, code) in
        [("old", "previous_secret"), ("guessed", "wrong_token"), (gitlab.secret.as_str(), "verifies_now")]
    {
        assert_eq!(gitlab.diagnose(&[("x-gitlab-token", token.to_owned())], BODY).code, code);
    }
}
