//! Known answers from the providers' own documentation, and every way to be refused.

use super::*;
use crate::domain::provider::built_in;

const NOW: i64 = 1_614_265_330;

fn judge(provider: &str, secret: &str, headers: &[(&str, &str)], body: &str, now: i64) -> Result<(), Refusal> {
    let provider = built_in().find(provider).expect("in the catalogue");
    let key = provider.secret.key(secret).expect("a secret");
    let verifier = provider.signature.verifier(&[b"another".to_vec(), key]).expect("keys");
    judge_with(&verifier, headers, body, now)
}

fn judge_with(verifier: &Verifier, headers: &[(&str, &str)], body: &str, now: i64) -> Result<(), Refusal> {
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    verifier.verify(&header, body.as_bytes(), now)
}

/// The example of GitHub's documentation.
#[test]
fn github() {
    let secret = "It's a Secret to Everybody";
    let good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let header = "x-hub-signature-256";
    assert_eq!(judge("github", secret, &[(header, good)], "Hello, World!", NOW), Ok(()));
    let mismatch = Err(Refusal::SignatureMismatch);
    assert_eq!(judge("github", secret, &[(header, good)], "Hello, World?", NOW), mismatch);
    assert_eq!(judge("github", "wrong", &[(header, good)], "Hello, World!", NOW), mismatch);
    let missing = Err(Refusal::SignatureMissing);
    assert_eq!(judge("github", secret, &[], "Hello, World!", NOW), missing);
    for bad in ["", "sha256=", "sha256=zz", &good[7..], "sha1=00"] {
        let judged = judge("github", secret, &[(header, bad)], "Hello, World!", NOW);
        assert!(judged == missing || judged == mismatch, "{bad:?} {judged:?}");
    }
}

/// The example of the Standard Webhooks reference libraries.
#[test]
fn standard_webhooks() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let several = format!("v1a,c2ln v1,AAAA {good}");
    let body = r#"{"test": 2432232314}"#;
    let judge = |signature: &str, timestamp: &str, now: i64| {
        let headers = [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", signature),
        ];
        judge("standard-webhooks", secret, &headers, body, now)
    };
    let signed_at = "1614265330";
    assert_eq!(judge(good, signed_at, NOW), Ok(()));
    assert_eq!(judge(&several, signed_at, NOW), Ok(()));
    assert_eq!(judge(good, signed_at, NOW + 300), Ok(()));
    assert_eq!(judge(good, signed_at, NOW + 301), Err(Refusal::TooOld));
    assert_eq!(judge(good, signed_at, NOW - 301), Err(Refusal::InFuture));
    assert_eq!(judge(good, "1614265331", NOW + 9_999), Err(Refusal::SignatureMismatch), "wins over stale");
    assert_eq!(judge(&good[3..], signed_at, NOW), Err(Refusal::SignatureMissing), "the version is required");
}

/// Computed with `printf '1700000000.{}' | openssl dgst -sha256 -hmac key`.
#[test]
fn generic() {
    let digest = "9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae";
    for signature in [digest.to_owned(), format!("sha256={digest}"), digest.to_uppercase()] {
        let headers = [("x-signature", signature.as_str()), ("x-timestamp", "1700000000")];
        assert_eq!(judge("generic", "key", &headers, "{}", 1_700_000_100), Ok(()));
    }
    let untimed = [("x-signature", digest)];
    assert_eq!(judge("generic", "key", &untimed, "{}", 1_700_000_100), Err(Refusal::SignatureMissing));
}

#[test]
fn generic_without_time_signs_the_body_alone() {
    let scheme = &built_in().find("generic").expect("there").signature;
    let config =
        serde_json::json!({"timestampHeader": null, "header": "X-Sig", "encoding": "base64", "hash": "sha512"});
    let verifier = scheme.configured(&config).expect("a config").verifier(&[b"key".to_vec()]).expect("a key");
    // printf '{}' | openssl dgst -sha512 -hmac key -binary | base64
    let good = "Vfq9qhgscO4gaxIU1E41DJlHed/DQkGyhtxtPxKizXD2ueV/GdZhqG2EhgSHRLoYwP6PgheDB1+QibWF5e3XKQ==";
    assert_eq!(judge_with(&verifier, &[("x-sig", good)], "{}", NOW), Ok(()));
    assert_eq!(judge_with(&verifier, &[("x-sig", "AAAA")], "{}", NOW), Err(Refusal::SignatureMismatch));
}

proptest::proptest! {
    /// Whatever a sender writes into its headers, it is read without a panic, and believed only when signed.
    #[test]
    fn no_header_is_believed_without_the_key(
        provider in 0..7_usize,
        header in "(t=|v1=|v1,|v0=|sha256=)?[ -~]{0,90}(,| )?(v1=|v1,)?[0-9a-fA-F=+/]{0,90}",
        time in "[ -~]{0,12}|[0-9]{9,20}|-[0-9]{1,19}",
        body in proptest::collection::vec(proptest::arbitrary::any::<u8>(), 0..64),
        now in proptest::arbitrary::any::<i64>(),
    ) {
        let provider = &built_in().all()[provider];
        let key = provider.secret.key(&provider.secret.generate()).expect("its own form");
        let verifier = provider.signature.verifier(&[key]).expect("a key");
        let scheme = &provider.signature;
        let find = |name: &str| {
            if name == scheme.header {
                return Some(header.as_str());
            }
            let is = |known: &Option<String>| known.as_deref() == Some(name);
            (is(&scheme.timestamp_header) || is(&scheme.delivery_id_header)).then_some(time.as_str())
        };
        proptest::prop_assert!(verifier.verify(&find, &body, now).is_err());
    }

    /// A signature by the key is believed wherever it stands among others, up to as many as are looked at.
    #[test]
    fn the_right_one_among_several_is_found(place in 0..8_usize, body in "[ -~]{0,64}") {
        let provider = built_in().find("standard-webhooks").expect("there");
        let secret = provider.secret.generate();
        let key = provider.secret.key(&secret).expect("its own form");
        let mut mac = <hmac::Hmac<sha2::Sha256> as hmac::KeyInit>::new_from_slice(&key).expect("any length");
        hmac::Mac::update(&mut mac, format!("d-1.{NOW}.{body}").as_bytes());
        let good = format!("v1,{}", STANDARD.encode(hmac::Mac::finalize(mac).into_bytes()));
        let mut all = vec!["v1,AAAA".to_owned(); 7];
        all.insert(place, good);
        let (all, time) = (all.join(" "), NOW.to_string());
        let headers = [("webhook-id", "d-1"), ("webhook-timestamp", time.as_str()), ("webhook-signature", all.as_str())];
        proptest::prop_assert_eq!(judge("standard-webhooks", &secret, &headers, &body, NOW), Ok(()));
    }
}
