//! Errors of sources: connecting, changing, authorising, pulling.

use common::ErrorCode;
use web::ApiError;

use crate::usecases::authorize_integration::AuthorizeIntegrationError;
use crate::usecases::change_integration::ChangeIntegrationError;
use crate::usecases::connect_integration::ConnectIntegrationError;
use crate::usecases::delete_integration::DeleteIntegrationError;
use crate::usecases::disconnect_integration::DisconnectIntegrationError;
use crate::usecases::finish_authorization::FinishAuthorizationError;
use crate::usecases::request_sync::RequestSyncError;
use crate::usecases::rotate_secret::RotateSecretError;
use crate::usecases::test_mapping::TestMappingError;

impl From<ConnectIntegrationError> for ApiError {
    fn from(error: ConnectIntegrationError) -> Self {
        match error {
            ConnectIntegrationError::Invalid(violations) => Self::validation(&violations),
            ConnectIntegrationError::NameTaken(name) => name_taken(&name),
            ConnectIntegrationError::Exhausted { limit, plan } => Self::new(ErrorCode::QuotaExceeded)
                .message(format!(
                    "The plan {plan} has {limit} sources, and they are connected. Remove one, or see \
                     GET /billing/status for a larger plan."
                ))
                .with("entitlement", "integrations")
                .with("limit", limit)
                .with("plan", plan),
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

impl From<DeleteIntegrationError> for ApiError {
    fn from(error: DeleteIntegrationError) -> Self {
        match error {
            DeleteIntegrationError::NotFound => Self::not_found("integration"),
            DeleteIntegrationError::VersionConflict(current) => Self::version_conflict(current),
            DeleteIntegrationError::Db(error) => error.into(),
        }
    }
}

impl From<AuthorizeIntegrationError> for ApiError {
    fn from(error: AuthorizeIntegrationError) -> Self {
        match error {
            AuthorizeIntegrationError::NotFound => Self::not_found("integration"),
            AuthorizeIntegrationError::NotOauth => Self::new(ErrorCode::NotOauth),
            AuthorizeIntegrationError::Db(error) => error.into(),
        }
    }
}

impl From<FinishAuthorizationError> for ApiError {
    fn from(error: FinishAuthorizationError) -> Self {
        match error {
            FinishAuthorizationError::UnknownState => Self::new(ErrorCode::OauthStateInvalid),
            FinishAuthorizationError::OtherBrowser => {
                Self::new(ErrorCode::OauthStateInvalid).with("reason", "another_browser")
            }
            FinishAuthorizationError::Refused(said) => Self::new(ErrorCode::OauthRefused).with("reason", said),
            FinishAuthorizationError::Unavailable(said) => Self::new(ErrorCode::UpstreamUnavailable)
                .message("The provider did not answer. Authorise the integration again.")
                .with("reason", said),
            FinishAuthorizationError::Db(error) => error.into(),
        }
    }
}

impl From<DisconnectIntegrationError> for ApiError {
    fn from(error: DisconnectIntegrationError) -> Self {
        match error {
            DisconnectIntegrationError::NotFound => Self::not_found("integration"),
            DisconnectIntegrationError::NotOauth => Self::new(ErrorCode::NotOauth),
            DisconnectIntegrationError::Db(error) => error.into(),
        }
    }
}

impl From<RequestSyncError> for ApiError {
    fn from(error: RequestSyncError) -> Self {
        match error {
            RequestSyncError::NotFound => Self::not_found("integration"),
            RequestSyncError::NotOauth => Self::new(ErrorCode::NotOauth),
            RequestSyncError::Paused => Self::new(ErrorCode::IntegrationPaused),
            RequestSyncError::NotConnected(status) => {
                Self::new(ErrorCode::NotConnected).with("connection", status.as_str())
            }
            RequestSyncError::Running => Self::new(ErrorCode::SyncRunning),
            RequestSyncError::Db(error) => error.into(),
        }
    }
}

impl From<TestMappingError> for ApiError {
    fn from(error: TestMappingError) -> Self {
        match error {
            TestMappingError::UnknownIntegration => Self::not_found("integration"),
            TestMappingError::UnknownDelivery => Self::not_found("delivery"),
            TestMappingError::Invalid(violations) => Self::validation(&violations),
            TestMappingError::Db(error) => error.into(),
        }
    }
}

fn name_taken(name: &str) -> ApiError {
    ApiError::new(ErrorCode::IntegrationExists).with("field", "name").with("name", name)
}
