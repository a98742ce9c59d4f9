//! Errors of deliveries: receiving, judging again, replaying.

use common::ErrorCode;
use db::ErrorClass;
use web::ApiError;

use super::RETRY_SECONDS;
use crate::source_cache::LoadError;
use crate::usecases::receive_webhook::ReceiveWebhookError;
use crate::usecases::replay_deliveries::ReplayDeliveriesError;
use crate::usecases::replay_delivery::ReplayDeliveryError;
use crate::usecases::reverify_quarantine::ReverifyQuarantineError;

impl From<ReplayDeliveryError> for ApiError {
    fn from(error: ReplayDeliveryError) -> Self {
        match error {
            ReplayDeliveryError::UnknownIntegration => Self::not_found("integration"),
            ReplayDeliveryError::NotFound => Self::not_found("delivery"),
            ReplayDeliveryError::StillRejected(diagnosis) => {
                Self::new(ErrorCode::DeliveryStillRejected).with("diagnosis", serde_json::json!(diagnosis))
            }
            ReplayDeliveryError::Source(error) => Self::internal(error),
            ReplayDeliveryError::Db(error) => error.into(),
        }
    }
}

impl From<ReverifyQuarantineError> for ApiError {
    fn from(error: ReverifyQuarantineError) -> Self {
        match error {
            ReverifyQuarantineError::NotFound => Self::not_found("integration"),
            ReverifyQuarantineError::Source(error) => Self::internal(error),
            ReverifyQuarantineError::Db(error) => error.into(),
        }
    }
}

impl From<ReceiveWebhookError> for ApiError {
    fn from(error: ReceiveWebhookError) -> Self {
        match error {
            ReceiveWebhookError::UnknownIntegration => Self::not_found("integration")
                .message("There is no such integration of this provider. Check the webhook's address."),
            ReceiveWebhookError::InvalidSignature => Self::new(ErrorCode::InvalidSignature),
            ReceiveWebhookError::StaleSignature => Self::new(ErrorCode::StaleSignature),
            ReceiveWebhookError::UnparseableBody => {
                Self::invalid_request("The body is not JSON in UTF-8. Send application/json.")
            }
            ReceiveWebhookError::Load(error) => load_failed(&error).because(error),
            ReceiveWebhookError::Intake(error) => error.into(),
        }
    }
}

fn load_failed(error: &LoadError) -> ApiError {
    match error {
        LoadError::Db(error) => match error.class() {
            ErrorClass::Unavailable | ErrorClass::Transient => {
                ApiError::new(ErrorCode::ServiceUnavailable).retry_after(RETRY_SECONDS)
            }
            ErrorClass::Unique | ErrorClass::NotFound | ErrorClass::Permanent => ApiError::new(ErrorCode::Internal),
        },
        LoadError::Source(_) => ApiError::new(ErrorCode::Internal),
    }
}

impl From<ReplayDeliveriesError> for ApiError {
    fn from(error: ReplayDeliveriesError) -> Self {
        match error {
            ReplayDeliveriesError::NotFound => Self::not_found("integration"),
            ReplayDeliveriesError::Start(error) => error.into(),
            ReplayDeliveriesError::Db(error) => error.into(),
        }
    }
}
