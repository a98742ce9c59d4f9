//! Why a rejected delivery was not believed, as a person can use it.
//!
//! A refusal says that a signature does not fit. This looks for the mistake that makes it fit: each known mistake is
//! tried on the stored bytes, the likeliest first, and the first that explains the signature is named. Nothing here
//! runs while a webhook is received, and no answer holds a secret or a signature that would be right.

mod finding;
mod reformat;
mod trial;

pub(crate) use finding::Diagnosis;

use serde_json::json;

use super::Header;
use super::provider::Catalogue;
use super::secret::SecretForm;
use super::signature::{Kind, Refusal, Scheme};
use trial::Trial;

/// A Unix time past this is one in milliseconds.
const MILLISECONDS: i64 = 100_000_000_000;

/// A rejected delivery, and what its source is now.
pub(crate) struct Case<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) provider: &'a str,
    pub(crate) scheme: &'a Scheme,
    pub(crate) form: SecretForm,
    /// The shown secret.
    pub(crate) secret: &'a str,
    /// The one before, and the Unix second until which it verifies.
    pub(crate) previous: Option<(&'a str, i64)>,
    /// The kept headers.
    pub(crate) header: Header<'a>,
    /// Nothing when it is too large to be looked at here.
    pub(crate) body: Option<&'a [u8]>,
    /// Why it was rejected.
    pub(crate) reason: &'a str,
    /// In Unix seconds.
    pub(crate) received_at: i64,
    pub(crate) now: i64,
}

/// Says what went wrong; `None` when that takes the body and the case has none.
pub(crate) fn diagnose(case: &Case<'_>) -> Option<Diagnosis> {
    if let Some(found) = by_time(case) {
        return Some(found);
    }
    if (case.header)(&case.scheme.header).is_none() {
        return Some(other_provider(case).unwrap_or_else(|| finding::no_signature(&case.scheme.header)));
    }
    if case.scheme.kind == Kind::Token {
        return Some(if case.reason == "unparseable_body" { finding::not_json(case) } else { token(case) });
    }
    let body = case.body?;
    if case.reason == "unparseable_body" {
        return Some(finding::not_json(case));
    }
    by_signature(case, body)
}

/// The signature fitted: only its time was refused.
fn by_time(case: &Case<'_>) -> Option<Diagnosis> {
    if !matches!(case.reason, "timestamp_too_old" | "timestamp_in_future") {
        return None;
    }
    let then = case.scheme.signed_time(case.header)?.trim().parse::<i64>().ok()?;
    if then > MILLISECONDS {
        return Some(finding::milliseconds(then));
    }
    Some(finding::clock_skew(case.received_at.saturating_sub(then), case.scheme.tolerance_seconds))
}

/// A signature where another provider puts it.
fn other_provider(case: &Case<'_>) -> Option<Diagnosis> {
    let others = case.catalogue.all().iter().filter(|known| known.provider != case.provider);
    let mut present = others.filter(|known| (case.header)(&known.signature.header).is_some());
    let found = present.next()?;
    let fits = case.body.is_some_and(|body| {
        Trial::new(&found.signature, case.header).is_some_and(|trial| trial.fits(case.secret.as_bytes(), body))
    });
    Some(finding::other_provider(case, found, fits))
}

fn token(case: &Case<'_>) -> Diagnosis {
    let presented = (case.header)(&case.scheme.header).unwrap_or_default();
    match case.previous {
        _ if presented == case.secret => finding::verifies_now(),
        Some((previous, until)) if presented == previous => finding::previous_secret(until, case.now),
        _ => finding::wrong_token(&case.scheme.header),
    }
}

/// Tries each mistake that would explain the signature.
fn by_signature(case: &Case<'_>, body: &[u8]) -> Option<Diagnosis> {
    let scheme = case.scheme;
    let key = case.form.key(case.secret)?;
    let verifier = scheme.verifier(std::slice::from_ref(&key))?;
    let judged = verifier.verify(case.header, body, case.received_at);
    if judged.is_ok() {
        return Some(finding::verifies_now());
    }
    if let (Err(Refusal::TooOld | Refusal::InFuture), Some(then)) = (judged, scheme.signed_time(case.header)) {
        let then = then.trim().parse::<i64>().unwrap_or_default();
        return Some(finding::clock_skew(case.received_at.saturating_sub(then), scheme.tolerance_seconds));
    }
    let alone = scheme.over_body_alone();
    let Some(trial) = Trial::new(scheme, case.header) else {
        // Without the signed time or id only the body can have been signed.
        let found = Trial::new(&alone, case.header).filter(|trial| trial.fits(&key, body));
        let missing = scheme.missing_headers(case.header);
        return Some(match found {
            Some(_) => finding::body_alone(scheme),
            None if missing.is_empty() => finding::unreadable_signature(scheme),
            None => finding::missing_headers(&missing),
        });
    };
    if trial.signatures.is_empty() {
        return Some(finding::unreadable_signature(scheme));
    }
    let is_time = |time: &str| time.trim().parse::<i64>().is_ok();
    if scheme.has_time() && !scheme.signed_time(case.header).is_some_and(is_time) {
        return Some(finding::unreadable_time());
    }
    if let Some(written) = trial.matching(&key, body) {
        return Some(finding::badly_written(scheme, written));
    }
    let by_secret = || {
        let (previous, until) = case.previous?;
        let previous = case.form.key(previous)?;
        trial.fits(&previous, body).then(|| finding::previous_secret(until, case.now))
    };
    let by_content = || {
        let alone = Trial::new(&alone, case.header)?;
        (scheme.has_time() && alone.fits(&key, body)).then(|| finding::body_alone(scheme))
    };
    let by_form = || {
        let mut forms = case.form.mistaken(case.secret).into_iter();
        forms.find(|(_, key)| trial.fits(key, body)).map(|(how, _)| finding::secret_form(case.form, how))
    };
    let by_body = || {
        let mut forms = reformat::forms(body).into_iter();
        forms.find(|(_, form)| trial.fits(&key, form)).map(|(how, form)| finding::body_changed(how, body, &form))
    };
    let by_hash = || trial.fits_with_other_hash(&key, body).then(|| finding::wrong_hash(scheme));
    let found = by_secret().or_else(by_content).or_else(by_form).or_else(by_body).or_else(by_hash);
    found.or_else(|| {
        let tried = json!({"header": scheme.header, "bodyBytes": body.len(), "content": scheme.content});
        Some(finding::wrong_secret(tried))
    })
}

#[cfg(test)]
mod tests;
