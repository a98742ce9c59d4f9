//! The errors that this service alone answers with.

use common::ErrorCode;
use web::ApiError;

/// 409: links to a payment provider need a payment provider.
pub(crate) fn not_configured() -> ApiError {
    ApiError::new(ErrorCode::BillingNotConfigured).with("plan", crate::domain::FREE_PLAN)
}
