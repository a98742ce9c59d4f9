//! From a use case's error to the public one, by exhaustive match.

use common::ErrorCode;
use db::ErrorClass;
use web::ApiError;

use crate::intake::IntakeError;
use crate::source_cache::LoadError;
use crate::usecases::change_integration::ChangeIntegrationError;
use crate::usecases::connect_integration::ConnectIntegrationError;
use crate::usecases::delete_integration::DeleteIntegrationError;
use crate::usecases::receive_webhook::ReceiveWebhookError;
use crate::usecases::replay_delivery::ReplayDeliveryError;
use crate::usecases::reverify_quarantine::ReverifyQuarantineError;
use crate::usecases::rotate_secret::RotateSecretError;

/// When a sender should try again.
const RETRY_SECONDS: u64 = 1;

impl From<ConnectIntegrationError> for ApiError {
    fn from(error: ConnectIntegrationError) -> Self {
        match error {
            ConnectIntegrationError::Invalid(violations) => Self::validation(&violations),
            ConnectIntegrationError::NameTaken(name) => name_taken(&name),
            ConnectIntegrationError::Db(error) => error.into(),
        }
    }
}

impl From<ChangeIntegrationError> for ApiError {
    fn from(error: ChangeIntegrationError) -> Self {
        match error {
            ChangeIntegrationError::NotFound => Self::not_found("integration"),
            ChangeIntegrationError::VersionConflict(current) => Self::version_conflict(current),
            ChangeIntegrationError::Invalid(violations) => Self::validation(&violations),
            ChangeIntegrationError::NameTaken(name) => name_taken(&name),
            ChangeIntegrationError::Db(error) => error.into(),
        }
    }
}

impl From<RotateSecretError> for ApiError {
    fn from(error: RotateSecretError) -> Self {
        match error {
            RotateSecretError::NotFound => Self::not_found("integration"),
            RotateSecretError::VersionConflict(current) => Self::version_conflict(current),
            RotateSecretError::InProgress(until) => {
                Self::new(ErrorCode::RotationInProgress).with("previousSecretExpiresAt", until.to_rfc3339())
            }
            RotateSecretError::Unknown => Self::internal(error),
            RotateSecretError::Db(error) => error.into(),
        }
    }
}

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

impl From<DeleteIntegrationError> for ApiError {
    fn from(error: DeleteIntegrationError) -> Self {
        match error {
            DeleteIntegrationError::NotFound => Self::not_found("integration"),
            DeleteIntegrationError::VersionConflict(current) => Self::version_conflict(current),
            DeleteIntegrationError::Db(error) => error.into(),
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

fn name_taken(name: &str) -> ApiError {
    ApiError::new(ErrorCode::IntegrationExists).with("field", "name").with("name", name)
}
