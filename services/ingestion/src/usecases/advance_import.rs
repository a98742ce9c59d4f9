//! One step of an import: up to five hundred lines, stored in one transaction with the place where the next one begins.

use blobs::BlobError;
use bytes::Bytes;
use common::event::Cause;
use common::record::NormalizedRecord;
use common::{DateTime, ImportId, TenantId};
use db::{Connection, DbError, ErrorClass};
use serde::Deserialize;
use serde_json::value::RawValue;
use web::{ApiError, Check, parse_json};

use super::end_import::end;
use super::receive_content::key;
use super::submit_records::submit_records_in;
use crate::app::App;
use crate::domain::import::csv::{Fault, Header};
use crate::domain::import::lines::{Cut, Line, MAX_RECORD, Place, Rules, cut};
use crate::domain::import::{Import, ImportFormat, ImportStatus, Rejection};
use crate::domain::submission::Submission;
use crate::quotas::{QuotaError, Room};
use crate::store;

/// Most lines of a step; more at once would only make the buffers of its statement larger.
const LINES: usize = 500;
/// Most bytes that a step looks at: room for one record of the greatest length.
const WINDOW: u64 = 2 << 20;
/// Bytes that a step looks at as long as nobody knows how long the lines are.
const FIRST_WINDOW: u64 = 128 << 10;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Why a step was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdvanceImportError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Blob(#[from] BlobError),
}

/// A record as a line of NDJSON, the same as in `POST /records`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ImportedRecord {
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    raw: Option<Box<RawValue>>,
    #[serde(default)]
    normalized: Option<NormalizedRecord>,
}

#[derive(Deserialize)]
#[serde(from = "ImportedRecord")]
struct CheckedRecord(Submission);

impl From<ImportedRecord> for CheckedRecord {
    fn from(read: ImportedRecord) -> Self {
        let ImportedRecord { external_id, source, raw, normalized } = read;
        Self(Submission { external_id, source, raw, normalized })
    }
}

impl Check for CheckedRecord {
    fn check(&self) -> Vec<common::Violation> {
        self.0.violations()
    }
}

/// What a step found.
#[derive(Default)]
struct Sorted {
    submissions: Vec<Submission>,
    rejections: Vec<Rejection>,
}

/// Does one step; nothing, when the import has ended.
pub(crate) async fn advance_import(app: &App, (tenant, id): (TenantId, ImportId)) -> Result<(), AdvanceImportError> {
    let now = app.clock.now();
    // Kept beyond the commit.
    let mut room = None;
    let done = app
        .db
        .tenant(tenant, async |connection| match store::imports::find_for_update(connection, tenant, id).await? {
            Some(import) if !import.has_ended() => step(connection, app, import, now, &mut room).await,
            _ => Ok(()),
        })
        .await;
    drop(room);
    match done {
        Err(AdvanceImportError::Db(error)) if error.class() == ErrorClass::Permanent => {
            tracing::error!(import = %id, %error, "an import cannot go on");
            fail(app, (tenant, id), "the database refuses a line; see the log").await
        }
        Err(AdvanceImportError::Blob(BlobError::NotFound)) => fail(app, (tenant, id), "its content is gone").await,
        done => done,
    }
}

async fn fail(app: &App, (tenant, id): (TenantId, ImportId), why: &str) -> Result<(), AdvanceImportError> {
    let now = app.clock.now();
    app.db
        .tenant(tenant, async |connection| {
            if let Some(mut import) = store::imports::find_for_update(connection, tenant, id).await?
                && !import.has_ended()
            {
                let cause = import.cause.clone();
                end(connection, app, &cause, &mut import, (ImportStatus::Failed, Some(why.to_owned()), now)).await?;
            }
            Ok(())
        })
        .await
}

async fn step(
    connection: &mut Connection,
    app: &App,
    mut import: Import,
    now: DateTime,
    room: &mut Option<Room>,
) -> Result<(), AdvanceImportError> {
    let tenant = import.cause.tenant_id;
    let cause = Cause { at: now, ..import.cause.clone() };
    let likely = read_window(app, &import, likely_window(&import)).await?;
    let longest;
    let mut cut = cut_window(&import, &likely);
    if !cut.has_progress() {
        longest = read_window(app, &import, WINDOW).await?;
        cut = cut_window(&import, &longest);
    }
    let sorted = match sort(&mut import, &cut) {
        Ok(sorted) => sorted,
        Err(why) => {
            let ended = (ImportStatus::Failed, Some(format!("The first line: {why}.")), now);
            return Ok(end(connection, app, &cause, &mut import, ended).await?);
        }
    };
    let taken = app.quotas.take(&app.db, tenant, sorted.submissions.len(), now).await;
    if let Err(QuotaError::Exhausted(exhausted)) = taken {
        let ended = (ImportStatus::Failed, Some(format!("{}; see GET /billing/status.", exhausted.reason)), now);
        return Ok(end(connection, app, &cause, &mut import, ended).await?);
    }
    *room = taken.ok();
    let stored = submit_records_in(connection, app, &cause, sorted.submissions).await?;
    store::imports::insert_rejections(connection, (tenant, import.id), &sorted.rejections).await?;
    let duplicates = count(stored.iter().filter(|stored| stored.duplicate).count());
    import.accepted += count(stored.len()) - duplicates;
    import.duplicates += duplicates;
    import.rejected += count(sorted.rejections.len());
    import.position += cut.consumed as u64;
    (import.line, import.skipping) = (cut.next.line, cut.next.skipping);
    if import.position < import.size {
        import.status = ImportStatus::Running;
        store::imports::update(connection, &import).await?;
    } else {
        end(connection, app, &cause, &mut import, (ImportStatus::Completed, None, now)).await?;
    }
    Ok(())
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

/// Bytes that hold a step's lines, if they are as long as those before; and a quarter more.
fn likely_window(import: &Import) -> u64 {
    let seen = import.line.saturating_sub(1);
    let likely = import.position.saturating_mul(LINES as u64 * 5 / 4).checked_div(seen);
    likely.unwrap_or_default().clamp(FIRST_WINDOW, WINDOW)
}

async fn read_window(app: &App, import: &Import, bytes: u64) -> Result<Bytes, AdvanceImportError> {
    let blob = import.blob_id.ok_or(BlobError::NotFound)?;
    let range = import.position..import.size.min(import.position + bytes);
    Ok(app.blobs.read_small(&key(import.cause.tenant_id, blob), range).await?)
}

fn cut_window<'w>(import: &Import, window: &'w [u8]) -> Cut<'w> {
    let at_end = import.position + window.len() as u64 >= import.size;
    let bom = if import.position == 0 && window.starts_with(BOM) { BOM.len() } else { 0 };
    let rules = Rules { format: import.format, most: LINES, longest: MAX_RECORD, at_end };
    let mut cut = cut(&window[bom..], Place { line: import.line, skipping: import.skipping }, rules);
    cut.consumed += bom;
    cut
}

/// Tells records from what is none. The first line of a CSV is its header, without which nothing can be read.
fn sort(import: &mut Import, cut: &Cut<'_>) -> Result<Sorted, String> {
    let mut sorted = Sorted::default();
    for line in &cut.lines {
        let (number, bytes) = match *line {
            Line::Whole { line, bytes } => (line, bytes),
            Line::TooLong { line } => {
                if import.format == ImportFormat::Csv && import.header.is_none() {
                    return Err("it is too long for a line of column names".to_owned());
                }
                let message = format!("The line is longer than {MAX_RECORD} bytes.");
                sorted.rejections.push(Rejection { line, code: "payload_too_large".to_owned(), message });
                continue;
            }
        };
        let read = match (import.format, &import.header) {
            (ImportFormat::Csv, None) => {
                import.header = Some(Header::read(bytes)?);
                continue;
            }
            (ImportFormat::Csv, Some(header)) => header.submission(bytes).map_err(|fault| match fault {
                Fault::Unreadable(why) => ApiError::invalid_request(format!("The line cannot be read: {why}.")),
                Fault::Invalid(violations) => ApiError::validation(&violations),
            }),
            (ImportFormat::Ndjson, _) => parse_json::<CheckedRecord>(bytes).map(|CheckedRecord(read)| read),
        };
        match read {
            Ok(mut submission) => {
                submission.source = submission.source.or_else(|| import.source.clone());
                sorted.submissions.push(submission);
            }
            Err(error) => {
                let (code, message) =
                    (error.code().as_str().to_owned(), error.body().message.replace('\0', "\u{fffd}"));
                sorted.rejections.push(Rejection { line: number, code, message });
            }
        }
    }
    Ok(sorted)
}
