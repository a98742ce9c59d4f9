//! The mistakes that are known, each with its evidence and its remedy.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Case;
use super::trial::Written;
use crate::domain::provider::Provider;
use crate::domain::secret::SecretForm;
use crate::domain::signature::{Encoding, Hash, Scheme};

/// What is wrong with a rejected delivery.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Diagnosis {
    /// The mistake: `no_signature`, `other_provider`, `missing_header`, `unreadable_signature`, `wrong_encoding`,
    /// `wrong_prefix`, `previous_secret`, `clock_skew`,
    /// `time_in_milliseconds`, `unreadable_time`, `body_changed`, `body_alone_signed`,
    /// `secret_form`, `wrong_hash`, `wrong_secret`, `wrong_token`, `not_json` or `verifies_now`.
    pub(crate) code: &'static str,
    /// What happened.
    pub(crate) message: String,
    /// What was found in the delivery; never a secret.
    #[schema(value_type = Object)]
    pub(crate) evidence: Value,
    /// What to do.
    pub(crate) remedy: String,
}

fn found(code: &'static str, message: impl Into<String>, evidence: Value, remedy: impl Into<String>) -> Diagnosis {
    Diagnosis { code, message: message.into(), evidence, remedy: remedy.into() }
}

pub(super) fn no_signature(header: &str) -> Diagnosis {
    found(
        "no_signature",
        format!("The delivery has no {header} header."),
        json!({"expectedHeader": header}),
        format!("Set the integration's secret at the sender, so that it signs; the signature belongs into {header}."),
    )
}

pub(super) fn other_provider(case: &Case<'_>, other: &Provider, fits: bool) -> Diagnosis {
    let header = &other.signature.header;
    let (name, expected) = (&other.display_name, &case.scheme.header);
    let advice = if fits {
        format!("It fits this integration's secret: connect the source as provider {:?}.", other.provider)
    } else {
        format!("Connect the source as provider {:?}, or have the sender sign into {expected}.", other.provider)
    };
    found(
        "other_provider",
        format!("The delivery is signed as {name} signs, in {header}; this integration looks for {expected}."),
        json!({"expectedHeader": expected, "foundHeader": header, "provider": other.provider, "fits": fits}),
        advice,
    )
}

pub(super) fn missing_headers(names: &[String]) -> Diagnosis {
    let list = names.join(" and ");
    found(
        "missing_header",
        format!("The signature covers {list}, which the delivery does not have."),
        json!({"missingHeaders": names}),
        format!("Send {list} as it was signed. A proxy may have taken it away."),
    )
}

pub(super) fn unreadable_signature(scheme: &Scheme) -> Diagnosis {
    let form = form(scheme);
    found(
        "unreadable_signature",
        format!("{} holds nothing that can be a signature.", scheme.header),
        json!({"header": scheme.header, "expectedForm": form}),
        format!("Write the signature as {form}."),
    )
}

pub(super) fn unreadable_time() -> Diagnosis {
    found(
        "unreadable_time",
        "The signed time is no whole number.",
        json!({}),
        "Send and sign the Unix time in whole seconds.",
    )
}

pub(super) fn badly_written(scheme: &Scheme, written: &Written) -> Diagnosis {
    let evidence = json!({"header": scheme.header, "foundEncoding": name(written.encoding),
        "expectedEncoding": name(scheme.encoding), "expectedForm": form(scheme)});
    if written.encoding == scheme.encoding {
        return found(
            "wrong_prefix",
            "The signature is right, but what stands before it is not.",
            evidence,
            format!("Write the signature as {}.", form(scheme)),
        );
    }
    let (is, should) = (name(written.encoding), name(scheme.encoding));
    found(
        "wrong_encoding",
        format!("The signature is right, but written in {is} instead of {should}."),
        evidence,
        if scheme.configurable.iter().any(|field| field == "encoding") {
            format!("Set config.encoding to {is:?}, or write the signature as {}.", form(scheme))
        } else {
            format!("Write the signature as {}.", form(scheme))
        },
    )
}

pub(super) fn previous_secret(until: i64, now: i64) -> Diagnosis {
    let is_over = now >= until;
    found(
        "previous_secret",
        if is_over {
            "The delivery is signed with the secret before the last rotation, which has expired."
        } else {
            "The delivery is signed with the secret before the last rotation, which verifies still."
        },
        json!({"previousSecretExpiresAt": time(until)}),
        "Put the present secret into the sender's settings; then have it send the delivery again.",
    )
}

pub(super) fn clock_skew(seconds: i64, tolerance: u32) -> Diagnosis {
    let (off, direction) = (seconds.abs(), if seconds > 0 { "before" } else { "after" });
    found(
        "clock_skew",
        format!("The signature is right, but its time is {off} s {direction} the receipt; {tolerance} s are allowed."),
        json!({"seconds": seconds, "toleranceSeconds": tolerance}),
        "Set the sender's clock by NTP. If it queues deliveries, have it sign at each attempt, not once.",
    )
}

pub(super) fn milliseconds(then: i64) -> Diagnosis {
    found(
        "time_in_milliseconds",
        "The signature is right, but its time counts milliseconds; seconds are expected.",
        json!({"timestamp": then}),
        "Send and sign the Unix time in whole seconds.",
    )
}

pub(super) fn body_alone(scheme: &Scheme) -> Diagnosis {
    found(
        "body_alone_signed",
        "The signature is made of the body alone; the time and what else identifies the delivery belong into it.",
        json!({"expectedContent": scheme.content}),
        if scheme.configurable.iter().any(|field| field == "timestampHeader") {
            format!("Sign {:?}, or set config.timestampHeader to null.", scheme.content)
        } else {
            format!("Sign {:?}.", scheme.content)
        },
    )
}

pub(super) fn secret_form(form: SecretForm, how: &'static str) -> Diagnosis {
    let right = match form {
        SecretForm::Text => "The key is the secret's text as it is shown, byte for byte.",
        SecretForm::Whsec => "The key is the base64-decoded part of the secret behind whsec_.",
    };
    found("secret_form", format!("The sender used the right secret, but {how}."), json!({"used": how}), right)
}

pub(super) fn body_changed(how: &'static str, body: &[u8], signed: &[u8]) -> Diagnosis {
    found(
        "body_changed",
        format!("The signature fits the body {how}: something rewrote it after it was signed."),
        json!({"signedForm": how, "receivedBytes": body.len(), "signedBytes": signed.len()}),
        "Sign the very bytes that are sent, and have proxies pass bodies on untouched.",
    )
}

pub(super) fn wrong_hash(scheme: &Scheme) -> Diagnosis {
    let (is, should) = match scheme.hash {
        Hash::Sha256 => ("sha512", "sha256"),
        Hash::Sha512 => ("sha256", "sha512"),
    };
    found(
        "wrong_hash",
        format!("The signature is made by HMAC with {is}; {should} is expected."),
        json!({"foundHash": is, "expectedHash": should}),
        if scheme.configurable.iter().any(|field| field == "hash") {
            format!("Set config.hash to {is:?}, or sign with {should}.")
        } else {
            format!("Sign with {should}.")
        },
    )
}

pub(super) fn wrong_secret(tried: Value) -> Diagnosis {
    found(
        "wrong_secret",
        "No known mistake explains the signature: it is made with another secret, of other bytes, or forged.",
        tried,
        "Compare the sender's secret with this integration's; if in doubt, rotate it and set the new one there.",
    )
}

pub(super) fn wrong_token(header: &str) -> Diagnosis {
    found(
        "wrong_token",
        format!("The token in {header} is not this integration's secret."),
        json!({"header": header}),
        "Put this integration's secret into the sender's settings.",
    )
}

pub(super) fn not_json(case: &Case<'_>) -> Diagnosis {
    let content_type = (case.header)("content-type").unwrap_or_default();
    found(
        "not_json",
        "The signature is right, but the body is not JSON in UTF-8.",
        json!({"contentType": content_type, "bodyBytes": case.body.map(<[u8]>::len)}),
        if content_type.contains("form-urlencoded") {
            "Choose the content type application/json at the sender; forms are not read."
        } else {
            "Have the sender send application/json."
        },
    )
}

pub(super) fn verifies_now() -> Diagnosis {
    found(
        "verifies_now",
        "With the integration as it is now the delivery verifies.",
        json!({}),
        "Replay it: POST …/deliveries/{deliveryId}/replay, or …/quarantine/reverify for all of them.",
    )
}

fn form(scheme: &Scheme) -> String {
    format!(
        "{}<{} of HMAC-{}>",
        scheme.prefix,
        name(scheme.encoding),
        match scheme.hash {
            Hash::Sha256 => "SHA256",
            Hash::Sha512 => "SHA512",
        }
    )
}

const fn name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Hex => "hex",
        Encoding::Base64 => "base64",
    }
}

fn time(seconds: i64) -> Option<common::DateTime> {
    chrono::DateTime::from_timestamp(seconds, 0)
}
