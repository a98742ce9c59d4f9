//! Errors of taking in: no room in the plan, none in the queue.

use common::ErrorCode;
use web::ApiError;

use super::RETRY_SECONDS;
use crate::domain::quota::{Entitlement, Exhausted};
use crate::intake::IntakeError;
use crate::quotas::QuotaError;

/// What a plan has no room for: why, until when, and the way out.
pub(super) fn exhausted_quota(exhausted: Exhausted) -> ApiError {
    let until = exhausted.resets_at.map(|at| at.to_rfc3339());
    let way_out = match (&until, exhausted.entitlement, exhausted.limit) {
        (Some(at), ..) => format!("There is room again on {at}; an owner finds a larger plan in GET /billing/plans."),
        (None, Entitlement::FileBytes, Some(_)) => {
            "There is room again once files are deleted; an owner finds a larger plan in GET /billing/plans.".to_owned()
        }
        (None, ..) => "An owner finds the way out in GET /billing/portal.".to_owned(),
    };
    ApiError::new(ErrorCode::QuotaExceeded)
        .message(format!("Nothing was stored: {}. {way_out}", exhausted.reason))
        .with("entitlement", exhausted.entitlement.as_str())
        .with("plan", exhausted.plan)
        .with("reason", exhausted.reason)
        .with("limit", exhausted.limit)
        .with("used", exhausted.used)
        .with("resetsAt", until)
}

impl From<QuotaError> for ApiError {
    fn from(error: QuotaError) -> Self {
        match error {
            QuotaError::Exhausted(exhausted) => exhausted_quota(*exhausted),
            QuotaError::Db(error) => Self::new(ErrorCode::ServiceUnavailable).retry_after(RETRY_SECONDS).because(error),
        }
    }
}

impl From<IntakeError> for ApiError {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Overloaded => Self::new(ErrorCode::Overloaded).retry_after(RETRY_SECONDS),
            IntakeError::Unavailable(_) => {
                Self::new(ErrorCode::ServiceUnavailable).retry_after(RETRY_SECONDS).because(error)
            }
            IntakeError::Refused(_) => Self::internal(error),
        }
    }
}
