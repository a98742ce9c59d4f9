//! Errors of files and imports.

use common::{ErrorCode, Violation};
use web::ApiError;

use super::RETRY_SECONDS;
use super::intake::exhausted_quota;
use crate::usecases::begin_import::BeginImportError;
use crate::usecases::delete_file::DeleteFileError;
use crate::usecases::end_import::CancelImportError;
use crate::usecases::link_file::LinkFileError;
use crate::usecases::receive_content::ReceiveContentError;
use crate::usecases::retry_attachments::RetryAttachmentsError;
use crate::usecases::store_file::StoreFileError;

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

impl From<RetryAttachmentsError> for ApiError {
    fn from(error: RetryAttachmentsError) -> Self {
        match error {
            RetryAttachmentsError::NotFound => Self::not_found("record"),
            RetryAttachmentsError::Db(error) => error.into(),
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
            StoreFileError::Exhausted(exhausted) => exhausted_quota(*exhausted),
            StoreFileError::GivenUp => Self::new(ErrorCode::ServiceUnavailable).retry_after(RETRY_SECONDS),
            StoreFileError::Db(error) => error.into(),
        }
    }
}

impl From<ReceiveContentError> for ApiError {
    fn from(error: ReceiveContentError) -> Self {
        match error {
            ReceiveContentError::TooLarge(limit) => Self::new(ErrorCode::PayloadTooLarge).with("limit", limit),
            ReceiveContentError::Exhausted(exhausted) => exhausted_quota(*exhausted),
            ReceiveContentError::TenantDeleted => Self::not_found("tenant"),
            ReceiveContentError::GivenUp | ReceiveContentError::Blob(_) => {
                Self::new(ErrorCode::ServiceUnavailable).retry_after(RETRY_SECONDS).because(error)
            }
            ReceiveContentError::Db(error) => error.into(),
        }
    }
}
