//! The one table of error codes: permanent names, their status, and what a caller can do.
//!
//! `proto-docs/errors.md` is generated from it.

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($variant:ident, $name:literal, $status:literal, $retryable:literal, $meaning:literal;)+) => {
        /// A public error code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each variant's meaning is in the table, and in meaning()")]
        pub enum ErrorCode { $($variant),+ }

        impl ErrorCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $name),+ } }

            /// The HTTP status it is answered with.
            #[must_use]
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status),+ } }

            /// Whether the same request may succeed later without a change.
            #[must_use]
            pub const fn retryable(self) -> bool { match self { $(Self::$variant => $retryable),+ } }

            /// What happened and what to do.
            #[must_use]
            pub const fn meaning(self) -> &'static str { match self { $(Self::$variant => $meaning),+ } }

            /// The code of that name, if there is one.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> { match name { $($name => Some(Self::$variant),)+ _ => None } }
        }
    };
}

error_codes! {
    InvalidRequest, "invalid_request", 400, false, "Malformed JSON, an unknown or malformed query parameter, path or cursor. Correct the request.";
    OauthStateInvalid, "oauth_state_invalid", 400, false, "The authorisation is unknown, was used before, or took longer than ten minutes. Begin it again.";
    Unauthenticated, "unauthenticated", 401, false, "No usable credential was sent. Sign in, or send an API key.";
    TokenExpired, "token_expired", 401, false, "The access token is past its 15 minutes. Use the refresh token.";
    SessionRevoked, "session_revoked", 401, false, "The session of this token was ended. Sign in again.";
    InvalidCredentials, "invalid_credentials", 401, false, "E-mail and password do not match. Check both.";
    SecondFactorRequired, "second_factor_required", 401, false, "The account has a second factor. Sign in again with totp or recoveryCode.";
    InvalidSecondFactor, "invalid_second_factor", 401, false, "The code is wrong, too old or used. Wait for the next one; check the device's clock.";
    InvalidRefreshToken, "invalid_refresh_token", 401, false, "The refresh token is unknown, expired or revoked. Sign in again.";
    RefreshTokenReused, "refresh_token_reused", 401, false, "An old refresh token came back, so its whole family was revoked. Sign in again.";
    SignInFailed, "sign_in_failed", 401, false, "The identity provider's answer was not accepted; context.reason says why. Start the sign-in again.";
    InvalidSignature, "invalid_signature", 401, false, "The webhook's signature does not fit its bytes. Check secret, header and encoding.";
    StaleSignature, "stale_signature", 401, false, "The webhook's timestamp is outside the tolerance. Check the sender's clock, or send it again freshly signed.";
    QuotaExceeded, "quota_exceeded", 402, false, "The plan's allowance is used up. See GET /billing/status for the way out.";
    Forbidden, "forbidden", 403, false, "The role or the key's scopes lack the permission in context.permission.";
    SecondFactorEnrolmentRequired, "second_factor_enrolment_required", 403, false, "The tenant requires a second factor. Enrol one with POST /auth/totp.";
    SignInProviderRequired, "sign_in_provider_required", 403, false, "The tenant lets its members in only through its identity provider. Sign in with POST /auth/oidc/start; link the account first with POST /auth/oidc/link.";
    SignInRefused, "sign_in_refused", 403, false, "The identity provider knows the person, and the tenant does not let them in; context.reason says why. Ask an owner of the tenant.";
    NotFound, "not_found", 404, false, "There is no such path, or no such thing in this tenant.";
    MethodNotAllowed, "method_not_allowed", 405, false, "The path exists, the method does not. See the Allow header.";
    Conflict, "conflict", 409, false, "The request does not fit the present state. Read the resource and decide again.";
    EmailTaken, "email_taken", 409, false, "An account with this e-mail exists. Sign in instead.";
    AccountLinkRequired, "account_link_required", 409, false, "The address has an account already. Sign in with its password and link it with POST /auth/oidc/link.";
    AlreadyMember, "already_member", 409, false, "This person is a member already. Change their role instead.";
    SecondFactorEnrolled, "second_factor_enrolled", 409, false, "A second factor is enrolled already. Remove it first with DELETE /auth/totp.";
    SecondFactorNotEnrolled, "second_factor_not_enrolled", 409, false, "No second factor is enrolled. Begin with POST /auth/totp.";
    LastOwner, "last_owner", 409, false, "A tenant keeps at least one owner. Make somebody else an owner first.";
    LabelInUse, "label_in_use", 409, false, "Rules or decisions use the label. Change those first.";
    LabelExists, "label_exists", 409, false, "A label of this name exists. Choose another name.";
    RuleNotInShadow, "rule_not_in_shadow", 409, false, "Only a rule in shadow can be promoted. Set its status to shadow first, or enable it.";
    EmbeddingsUnavailable, "embeddings_unavailable", 409, false, "Nothing can be compared: the installation has no embedding model, or the tenant's embedding stage is off; context.reason says which. Switch the stage on with PATCH /processing/settings.";
    ListExists, "list_exists", 409, false, "A value list of this name exists. Choose another name.";
    ListInUse, "list_in_use", 409, false, "Rules refer to the value list; context names them. Change those first.";
    RuleExists, "rule_exists", 409, false, "A rule of this name exists. Choose another name.";
    IntegrationExists, "integration_exists", 409, false, "An integration of this name exists. Choose another name.";
    RotationInProgress, "rotation_in_progress", 409, false, "The secret was rotated and the previous one still verifies until context.previousSecretExpiresAt. Wait, revoke it, or send force.";
    DeliveryStillRejected, "delivery_still_rejected", 409, false, "The delivery does not verify with the integration as it is now; context.diagnosis says why and what to do.";
    IntegrationPaused, "integration_paused", 409, false, "The integration is paused. Set its status to active first.";
    NotOauth, "not_oauth", 409, false, "The integration delivers by webhook and is not asked. Use one whose provider has auth oauth2.";
    NotConnected, "not_connected", 409, false, "The integration is not connected to its provider. Call oauth/authorize and open the address that it answers.";
    OauthRefused, "oauth_refused", 409, false, "The provider, or the person there, refused; context.reason says what it said. Correct that and authorise again.";
    SyncRunning, "sync_running", 409, true, "A sync of this integration is queued or running. See its syncs.";
    ClaimedByOther, "claimed_by_other", 409, true, "Somebody else holds the lease until context.expiresAt.";
    AlreadyDecided, "already_decided", 409, false, "The approval was decided before; context says by whom and when.";
    BillingNotConfigured, "billing_not_configured", 409, false, "No payment provider is configured; the free plan serves.";
    LlmNotConfigured, "llm_not_configured", 409, false, "This installation has no language model. Its operator sets the settings that context.settings names.";
    AlreadySubscribed, "already_subscribed", 409, false, "The tenant has a subscription. Change it with the link of GET /billing/portal.";
    NoBillingCustomer, "no_billing_customer", 409, false, "The tenant has never begun to pay. Begin with POST /billing/session.";
    PaymentProviderRefused, "payment_provider_refused", 502, false, "The payment provider refused; the installation's operator has to look at it.";
    PaymentProviderUnavailable, "payment_provider_unavailable", 503, true, "The payment provider cannot be reached. Try again shortly.";
    IdempotencyInProgress, "idempotency_in_progress", 409, true, "The first request with this Idempotency-Key still runs. Try again shortly.";
    InviteUnusable, "invite_unusable", 410, false, "The invite's link is worth nothing (any more); context.reason says why. Ask for a new invite.";
    ResetUnusable, "reset_unusable", 410, false, "The link for a new password is worth nothing (any more). Ask for a new one.";
    VersionConflict, "version_conflict", 412, false, "The resource changed since you read it. Read it again.";
    PayloadTooLarge, "payload_too_large", 413, false, "The body is larger than context.limit bytes. Send less at a time.";
    UnsupportedMediaType, "unsupported_media_type", 415, false, "The Content-Type is not one that this call takes.";
    RangeNotSatisfiable, "range_not_satisfiable", 416, false, "The content has no such bytes; context.size says how many it has.";
    ValidationFailed, "validation_failed", 422, false, "Fields are missing or break a rule; context.fields lists each.";
    UnknownLabel, "unknown_label", 422, false, "No label of this name exists in the tenant. Create it first.";
    InvalidRuleDocument, "invalid_rule_document", 422, false, "The document is not YAML, or not a document of rules; context gives line and column.";
    InvalidCondition, "invalid_condition", 422, false, "The condition is not usable; context gives line, column and what was expected.";
    IdempotencyKeyReused, "idempotency_key_reused", 422, false, "This Idempotency-Key came with another body before. Use a new key.";
    RateLimited, "rate_limited", 429, true, "Too many requests. Wait for Retry-After seconds.";
    Overloaded, "overloaded", 503, true, "The service's queue is full. Wait for Retry-After seconds; nothing was stored.";
    IdentityProviderUnavailable, "identity_provider_unavailable", 502, true, "The tenant's identity provider cannot be reached or answers something unusable. Try again shortly.";
    UpstreamUnavailable, "upstream_unavailable", 502, true, "A service behind the gateway cannot be reached. Try again shortly.";
    UpstreamTimeout, "upstream_timeout", 504, true, "A service behind the gateway did not answer in time. The work may still complete.";
    ServiceUnavailable, "service_unavailable", 503, true, "The service cannot reach its database or is stopping. Try again shortly.";
    Internal, "internal", 500, true, "A defect in Verdict. It was logged under the trace id.";
}

/// The body of an error answer, before the gateway frames it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ErrorBody {
    /// A code from the table.
    pub code: String,
    /// What happened and what to do next.
    pub message: String,
    /// Machine-readable facts.
    pub context: serde_json::Map<String, serde_json::Value>,
}

/// The table as Markdown, for `proto-docs/errors.md`.
#[must_use]
pub fn markdown() -> String {
    use std::fmt::Write as _;
    let mut page = String::from(
        "# Error codes\n\nGenerated from `common::error_code`. A code is permanent: its meaning never changes.\n\n\
         | code | status | retry | what happened and what to do |\n|---|---|---|---|\n",
    );
    for code in ErrorCode::ALL {
        let retry = if code.retryable() { "yes" } else { "no" };
        let _ = writeln!(page, "| `{}` | {} | {retry} | {} |", code.as_str(), code.status(), code.meaning());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_parse_back() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::parse(code.as_str()), Some(*code));
        }
    }

    #[test]
    fn documentation_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto-docs/errors.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, markdown()).expect("proto-docs is writable");
        }
        let written = std::fs::read_to_string(path).expect("proto-docs/errors.md exists");
        assert_eq!(written, markdown(), "run `make docs` to generate proto-docs/errors.md anew");
    }
}
