//! The errors that this service alone answers with.

use common::ErrorCode;
use payments::{ProviderError, WebhookRefusal};
use web::ApiError;

use crate::usecases::create_session::CreateSessionError;
use crate::usecases::open_portal::OpenPortalError;
use crate::usecases::receive_event::ReceiveEventError;

/// 409: links to a payment provider need a payment provider.
pub(crate) fn not_configured() -> ApiError {
    ApiError::new(ErrorCode::BillingNotConfigured).with("plan", crate::domain::FREE_PLAN)
}

pub(crate) fn from_session(error: CreateSessionError) -> ApiError {
    match error {
        CreateSessionError::AlreadySubscribed { provider } => {
            ApiError::new(ErrorCode::AlreadySubscribed).with("provider", provider)
        }
        CreateSessionError::NotForSale => ApiError::validation(&[common::Violation::new(
            "planId",
            "not_for_sale",
            "has no price to pay online; the free plan needs no session",
        )]),
        CreateSessionError::Provider(error) => from_provider(error),
        CreateSessionError::Db(error) => error.into(),
    }
}

pub(crate) fn from_portal(error: OpenPortalError) -> ApiError {
    match error {
        OpenPortalError::NoCustomer => ApiError::new(ErrorCode::NoBillingCustomer),
        OpenPortalError::Provider(error) => from_provider(error),
        OpenPortalError::Db(error) => error.into(),
    }
}

pub(crate) fn from_receive(error: ReceiveEventError) -> ApiError {
    match error {
        ReceiveEventError::Refused(WebhookRefusal::Missing | WebhookRefusal::Mismatch) => {
            ApiError::new(ErrorCode::InvalidSignature)
        }
        ReceiveEventError::Refused(WebhookRefusal::Stale) => ApiError::new(ErrorCode::StaleSignature),
        ReceiveEventError::Unreadable(error) => {
            ApiError::invalid_request("The body is no event of this provider.").because(error)
        }
        ReceiveEventError::Db(error) => error.into(),
    }
}

/// What a provider said stays in the log: it may speak of prices and accounts that are not the caller's.
fn from_provider(error: ProviderError) -> ApiError {
    match &error {
        ProviderError::Unavailable(_) => {
            ApiError::new(ErrorCode::PaymentProviderUnavailable).retry_after(5).because(error)
        }
        ProviderError::NotOffered(_) => not_configured(),
        ProviderError::Refused { .. } | ProviderError::Missing(_) | ProviderError::Malformed(_) => {
            ApiError::new(ErrorCode::PaymentProviderRefused).because(error)
        }
    }
}
