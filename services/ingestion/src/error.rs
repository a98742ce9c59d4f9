//! From a use case's error to the public one, by exhaustive match.

use common::{ErrorCode, Violation};
use db::ErrorClass;
use web::ApiError;

use crate::domain::act::Obstacle;
use crate::intake::IntakeError;
use crate::quotas::QuotaError;
use crate::source_cache::LoadError;
use crate::usecases::act_on_record::ActOnRecordError;
use crate::usecases::apply_mapping::ApplyMappingError;
use crate::usecases::authorize_integration::AuthorizeIntegrationError;
use crate::usecases::begin_import::BeginImportError;
use crate::usecases::cancel_operation::CancelOperationError;
use crate::usecases::change_integration::ChangeIntegrationError;
use crate::usecases::connect_integration::ConnectIntegrationError;
use crate::usecases::delete_file::DeleteFileError;
use crate::usecases::delete_integration::DeleteIntegrationError;
use crate::usecases::disconnect_integration::DisconnectIntegrationError;
use crate::usecases::end_import::CancelImportError;
use crate::usecases::expunge_raw::ExpungeRawError;
use crate::usecases::finish_authorization::FinishAuthorizationError;
use crate::usecases::link_file::LinkFileError;
use crate::usecases::receive_content::ReceiveContentError;
use crate::usecases::receive_webhook::ReceiveWebhookError;
use crate::usecases::replay_deliveries::ReplayDeliveriesError;
use crate::usecases::replay_delivery::ReplayDeliveryError;
use crate::usecases::request_sync::RequestSyncError;
use crate::usecases::reverify_quarantine::ReverifyQuarantineError;
use crate::usecases::revert_operation::RevertOperationError;
use crate::usecases::rotate_secret::RotateSecretError;
use crate::usecases::start_operation::{MAX_MATCHED, StartOperationError};
use crate::usecases::store_file::StoreFileError;
use crate::usecases::test_mapping::TestMappingError;

/// When a sender should try again.
const RETRY_SECONDS: u64 = 1;

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

impl From<DeleteFileError> for ApiError {
    fn from(error: DeleteFileError) -> Self {
        match error {
            DeleteFileError::NotFound => Self::not_found("file"),
            DeleteFileError::Db(error) => error.into(),
        }
    }
}

impl From<LinkFileError> for ApiError {
    fn from(error: LinkFileError) -> Self {
        match error {
            LinkFileError::NoRecord => Self::not_found("record"),
            LinkFileError::NoFile => Self::not_found("file"),
            LinkFileError::LinkedElsewhere(record) => Self::new(ErrorCode::Conflict)
                .message("The file belongs to another record. Unlink it there first.")
                .with("recordId", record.to_string()),
            LinkFileError::Db(error) => error.into(),
        }
    }
}

impl From<BeginImportError> for ApiError {
    fn from(error: BeginImportError) -> Self {
        match error {
            BeginImportError::NoFile => Self::not_found("file"),
            BeginImportError::UnknownFormat => Self::validation(&[Violation::new(
                "format",
                "required",
                "must be given, since the file's type and name do not tell",
            )]),
            BeginImportError::GivenUp => Self::new(ErrorCode::ServiceUnavailable).retry_after(RETRY_SECONDS),
            BeginImportError::Db(error) => error.into(),
        }
    }
}

impl From<CancelImportError> for ApiError {
    fn from(error: CancelImportError) -> Self {
        match error {
            CancelImportError::NotFound => Self::not_found("import"),
            CancelImportError::Ended(status) => {
                Self::new(ErrorCode::Conflict).message("The import has ended.").with("status", status.as_str())
            }
            CancelImportError::Db(error) => error.into(),
        }
    }
}

impl From<StoreFileError> for ApiError {
    fn from(error: StoreFileError) -> Self {
        match error {
            StoreFileError::NoRecord => Self::not_found("record"),
            StoreFileError::GivenUp => Self::new(ErrorCode::ServiceUnavailable).retry_after(RETRY_SECONDS),
            StoreFileError::Db(error) => error.into(),
        }
    }
}

impl From<ReceiveContentError> for ApiError {
    fn from(error: ReceiveContentError) -> Self {
        match error {
            ReceiveContentError::TooLarge(limit) => Self::new(ErrorCode::PayloadTooLarge).with("limit", limit),
            ReceiveContentError::GivenUp | ReceiveContentError::Blob(_) => {
                Self::new(ErrorCode::ServiceUnavailable).retry_after(RETRY_SECONDS).because(error)
            }
            ReceiveContentError::Db(error) => error.into(),
        }
    }
}

impl From<ActOnRecordError> for ApiError {
    fn from(error: ActOnRecordError) -> Self {
        match error {
            ActOnRecordError::NotFound => Self::not_found("record"),
            ActOnRecordError::VersionConflict(current) => Self::version_conflict(current),
            ActOnRecordError::Refused(obstacle) => refused(obstacle),
            ActOnRecordError::Db(error) => error.into(),
        }
    }
}

impl From<ExpungeRawError> for ApiError {
    fn from(error: ExpungeRawError) -> Self {
        match error {
            ExpungeRawError::NotFound => Self::not_found("record"),
            ExpungeRawError::VersionConflict(current) => Self::version_conflict(current),
            ExpungeRawError::Db(error) => error.into(),
        }
    }
}

impl From<StartOperationError> for ApiError {
    fn from(error: StartOperationError) -> Self {
        match error {
            StartOperationError::TooMany => {
                let message =
                    format!("matches more than {MAX_MATCHED} records; narrow it, for instance by from and to");
                Self::validation(&[Violation::new("filter", "max_items", message)])
            }
            StartOperationError::UnknownLabel(name) => Self::new(ErrorCode::UnknownLabel).with("label", name),
            StartOperationError::Db(error) => error.into(),
        }
    }
}

impl From<CancelOperationError> for ApiError {
    fn from(error: CancelOperationError) -> Self {
        match error {
            CancelOperationError::NotFound => Self::not_found("operation"),
            CancelOperationError::Completed => Self::new(ErrorCode::Conflict)
                .message("The operation is complete. Revert it to undo what it did.")
                .with("reason", "completed"),
            CancelOperationError::Db(error) => error.into(),
        }
    }
}

impl From<RevertOperationError> for ApiError {
    fn from(error: RevertOperationError) -> Self {
        let conflict = |message: &str| Self::new(ErrorCode::Conflict).message(message);
        match error {
            RevertOperationError::NotFound => Self::not_found("operation"),
            RevertOperationError::StillRunning => {
                conflict("The operation still runs. Revert it when it has completed.").with("reason", "running")
            }
            RevertOperationError::IsRevert => {
                conflict("The operation is a revert itself. Ask for the first act again instead.")
                    .with("reason", "is_revert")
            }
            RevertOperationError::IsReplay => {
                conflict("What a replay took in stays. Archive its records instead.").with("reason", "is_replay")
            }
            RevertOperationError::Reverted(by) => conflict("The operation was reverted before.")
                .with("reason", "reverted")
                .with("operationId", by.to_string()),
            RevertOperationError::Db(error) => error.into(),
        }
    }
}

fn refused(obstacle: Obstacle) -> ApiError {
    let message = match obstacle {
        Obstacle::Held => "The record is held because its source is paused. Resume the source first.",
        Obstacle::Archived => "The record is archived. Restore it first.",
        Obstacle::DecidedByPerson => "A person decided the record, and a machine never overrules that.",
        Obstacle::AlreadyArchived | Obstacle::NotArchived => "The record is so already.",
    };
    ApiError::new(ErrorCode::Conflict).message(message).with("reason", obstacle.as_str())
}

impl From<QuotaError> for ApiError {
    fn from(error: QuotaError) -> Self {
        match error {
            QuotaError::Exhausted(exhausted) => {
                let until = exhausted.resets_at.map(|at| at.to_rfc3339());
                let way_out = until.as_ref().map_or_else(
                    || "An owner finds the way out in GET /billing/portal.".to_owned(),
                    |at| format!("There is room again on {at}; an owner finds a larger plan in GET /billing/plans."),
                );
                Self::new(ErrorCode::QuotaExceeded)
                    .message(format!("Nothing was stored: {}. {way_out}", exhausted.reason))
                    .with("entitlement", "recordsPerMonth")
                    .with("plan", exhausted.plan)
                    .with("reason", exhausted.reason)
                    .with("limit", exhausted.limit)
                    .with("used", exhausted.used)
                    .with("resetsAt", until)
            }
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

impl From<ApplyMappingError> for ApiError {
    fn from(error: ApplyMappingError) -> Self {
        match error {
            ApplyMappingError::NotFound => Self::not_found("integration"),
            ApplyMappingError::Unusable => Self::internal(error),
            ApplyMappingError::Start(error) => error.into(),
            ApplyMappingError::Db(error) => error.into(),
        }
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
