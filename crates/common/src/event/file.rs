//! Events of files and of imports.

use serde::{Deserialize, Serialize};

use super::rule::subject;
use super::{EventData, EventType, Subject};
use crate::{FileId, ImportId, RecordId};

/// A file was stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileStored {
    /// The file.
    pub file_id: FileId,
    /// Its name.
    pub name: String,
    /// Its length, in bytes.
    pub size: u64,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
    /// The record that it belongs to.
    pub record_id: Option<RecordId>,
}

/// A file was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileDeleted {
    /// The file.
    pub file_id: FileId,
    /// Its name.
    pub name: String,
    /// The record that it belonged to.
    pub record_id: Option<RecordId>,
}

/// A file was linked to a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileLinked {
    /// The file.
    pub file_id: FileId,
    /// Its name.
    pub name: String,
    /// The record that it belongs to from now on.
    pub record_id: RecordId,
}

/// A record's file was let go of; it stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileUnlinked {
    /// The file.
    pub file_id: FileId,
    /// Its name.
    pub name: String,
    /// The record that it belonged to.
    pub record_id: RecordId,
}

/// An import of records ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportCompleted {
    /// The import.
    pub import_id: ImportId,
    /// `completed`, `failed` or `cancelled`.
    pub status: String,
    /// Lines that became new records.
    pub accepted: i64,
    /// Lines that were records before.
    pub duplicates: i64,
    /// Lines that are no records.
    pub rejected: i64,
}

subject!(FileStored, FileStored, "file", |e| e.file_id);
subject!(FileLinked, FileLinked, "file", |e| e.file_id);
subject!(FileUnlinked, FileUnlinked, "file", |e| e.file_id);
subject!(FileDeleted, FileDeleted, "file", |e| e.file_id);
subject!(ImportCompleted, ImportCompleted, "import", |e| e.import_id);
