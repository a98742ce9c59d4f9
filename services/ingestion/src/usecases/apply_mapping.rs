//! Beginning to apply a source's mapping to what it delivered before.

use common::IntegrationId;
use common::event::Cause;
use db::{Connection, DbError};

use super::remap_records::{mapping_of, would_change};
use super::start_operation::{Beginning, Selection, StartOperationError, Started, begin, select};
use crate::app::App;
use crate::domain::work::Work;
use crate::store;
use crate::store::records::RecordFilter;

/// Records tried when it is only counted: the newest.
const SAMPLE: usize = 100;

/// Which of the source's records.
#[derive(Debug)]
pub(crate) struct ApplyMapping {
    pub(crate) filter: RecordFilter,
    /// The filter as it was asked for, as JSON text.
    pub(crate) described: String,
    pub(crate) dry_run: bool,
}

/// What was begun, or counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Applied {
    pub(crate) started: Started,
    /// How many of the newest were tried, and how many of these would change; none when it was begun.
    pub(crate) sample: Option<(usize, usize)>,
}

/// Why nothing was begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyMappingError {
    #[error("there is no such integration")]
    NotFound,
    #[error("the integration's mapping cannot be used by this build")]
    Unusable,
    #[error(transparent)]
    Start(#[from] StartOperationError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Fixes the records and begins the operation, or counts them and tries the newest.
pub(crate) async fn apply_mapping(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: IntegrationId,
    input: ApplyMapping,
) -> Result<Applied, ApplyMappingError> {
    let found = store::integrations::find(connection, cause.tenant_id, id).await?;
    let integration = found.ok_or(ApplyMappingError::NotFound)?;
    let mapping = mapping_of(app, &integration).ok_or(ApplyMappingError::Unusable)?;
    let filter = RecordFilter { integration_id: Some(id), ..input.filter };
    let records = select(connection, cause, &Selection::Filter(Box::new(filter))).await?;
    if input.dry_run {
        // Ids are made at receipt, so the last ones are the newest.
        let newest = &records[records.len().saturating_sub(SAMPLE)..];
        let changed = would_change(connection, cause.tenant_id, &mapping, newest).await?;
        let started = Started::counted(&records)?;
        return Ok(Applied { started, sample: Some((newest.len(), changed)) });
    }
    let beginning = Beginning {
        work: Work::Remap,
        integration_id: Some(id),
        label: None,
        described: input.described,
        items: &records,
    };
    let started = begin(connection, app, cause, beginning).await?;
    Ok(Applied { started, sample: None })
}
