//! Imports: records from a content that is read in steps.

pub(crate) mod csv;
pub(crate) mod lines;

use common::event::Cause;
use common::{BlobId, DateTime, ImportId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the records of a content are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ImportFormat {
    /// Comma-separated values below a line of column names.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// Where an import is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ImportStatus {
    /// Waits for its first step, perhaps behind another import of the tenant's.
    Queued,
    /// Under way.
    Running,
    /// Every line is accounted for.
    Completed,
    /// Ended by `error`; what was taken in stays.
    Failed,
    /// Ended by a person; what was taken in stays.
    Cancelled,
}

impl ImportFormat {
    /// The name in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// The format of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Csv, Self::Ndjson].into_iter().find(|format| format.as_str() == name)
    }
}

impl ImportStatus {
    const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Completed, Self::Failed, Self::Cancelled];

    /// The name in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// An import.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) id: ImportId,
    /// The content; none once it has ended.
    pub(crate) blob_id: Option<BlobId>,
    pub(crate) format: ImportFormat,
    /// The source of records that name none.
    pub(crate) source: Option<String>,
    pub(crate) status: ImportStatus,
    pub(crate) size: u64,
    /// The next byte to read.
    pub(crate) position: u64,
    /// The line that it is in.
    pub(crate) line: u64,
    /// Whether it is in the middle of a line that is too long.
    pub(crate) skipping: bool,
    pub(crate) header: Option<csv::Header>,
    pub(crate) accepted: i64,
    pub(crate) duplicates: i64,
    pub(crate) rejected: i64,
    pub(crate) error: Option<String>,
    /// Who asked for it, in which trace; its time is when.
    pub(crate) cause: Cause,
    pub(crate) finished_at: Option<DateTime>,
}

/// A line that is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) line: u64,
    /// A code of the error table.
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Import {
    /// Whether it has ended.
    pub(crate) const fn has_ended(&self) -> bool {
        matches!(self.status, ImportStatus::Completed | ImportStatus::Failed | ImportStatus::Cancelled)
    }

    /// Ends it.
    pub(crate) fn end(&mut self, status: ImportStatus, error: Option<String>, at: DateTime) {
        self.status = status;
        self.error = error;
        self.finished_at = Some(at);
        self.blob_id = None;
    }
}
