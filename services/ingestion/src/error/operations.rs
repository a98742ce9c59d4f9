//! Errors of acts on records, and of operations.

use common::{ErrorCode, Violation};
use web::ApiError;

use crate::domain::act::Obstacle;
use crate::usecases::act_on_record::ActOnRecordError;
use crate::usecases::apply_mapping::ApplyMappingError;
use crate::usecases::cancel_operation::CancelOperationError;
use crate::usecases::expunge_raw::ExpungeRawError;
use crate::usecases::revert_operation::RevertOperationError;
use crate::usecases::start_operation::{MAX_MATCHED, StartOperationError};

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
