//! Beginning an act on many records: which ones is fixed now, the work is a worker's.

use common::event::{Cause, Event, OperationStarted};
use common::{IntegrationId, OperationId, RecordId};
use db::{Connection, DbError};
use uuid::Uuid;

use crate::app::App;
use crate::domain::act::Act;
use crate::domain::entry::AGENT;
use crate::domain::work::Work;
use crate::store;
use crate::store::operations::NewOperation;
use crate::store::records::RecordFilter;

/// Most records of one operation.
pub(crate) const MAX_MATCHED: usize = 100_000;

/// Keys read at a time while the records are counted.
const STEP: i64 = 5_000;

/// Which records.
#[derive(Clone, Debug)]
pub(crate) enum Selection {
    /// These, as far as the tenant has them.
    Ids(Vec<RecordId>),
    /// All that a list with this filter shows at this moment.
    Filter(Box<RecordFilter>),
}

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) act: Act,
    /// The label that the records are to have, when the act gives one.
    pub(crate) label: Option<String>,
    pub(crate) selection: Selection,
    /// The selection as it was asked for, as JSON text.
    pub(crate) described: String,
    /// Whether only to count.
    pub(crate) dry_run: bool,
}

/// What was begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    /// None when it was only counted.
    pub(crate) operation_id: Option<OperationId>,
    pub(crate) matched: i32,
}

impl Started {
    /// Items that were only counted.
    pub(super) fn counted(items: &[Uuid]) -> Result<Self, StartOperationError> {
        let matched = i32::try_from(items.len()).map_err(|_| StartOperationError::TooMany)?;
        Ok(Self { operation_id: None, matched })
    }
}

/// An operation whose items are known.
#[derive(Debug)]
pub(super) struct Beginning<'b> {
    pub(super) work: Work,
    /// The source that it is about, where it is about one.
    pub(super) integration_id: Option<IntegrationId>,
    /// The label that it gives, where it gives one.
    pub(super) label: Option<String>,
    /// The selection as it was asked for, as JSON text.
    pub(super) described: String,
    /// Records, or for a replay deliveries; each once.
    pub(super) items: &'b [Uuid],
}

/// Why nothing was begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartOperationError {
    #[error("more than {MAX_MATCHED} records match")]
    TooMany,
    #[error("the tenant has no label {0:?}")]
    UnknownLabel(String),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Fixes the records, stores the operation and tells of it; a worker that is woken then begins.
pub(crate) async fn start_operation(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    request: Request,
) -> Result<Started, StartOperationError> {
    if let Some(label) = &request.label
        && !store::labels::is_known(connection, cause.tenant_id, label).await?
    {
        return Err(StartOperationError::UnknownLabel(label.clone()));
    }
    let records = select(connection, cause, &request.selection).await?;
    if request.dry_run {
        return Started::counted(&records);
    }
    let beginning = Beginning {
        work: Work::Act(request.act),
        integration_id: None,
        label: request.label,
        described: request.described,
        items: &records,
    };
    begin(connection, app, cause, beginning).await
}

/// Stores the operation with its items and tells of it.
pub(super) async fn begin(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    beginning: Beginning<'_>,
) -> Result<Started, StartOperationError> {
    let Beginning { work, integration_id, label, described: selection, items } = beginning;
    let matched = Started::counted(items)?.matched;
    let (id, action) = (OperationId::generate(), work.as_str());
    let new = NewOperation { id, action, integration_id, reverts: None, label: label.clone(), selection, matched };
    store::operations::insert(connection, cause, &new).await?;
    store::operations::add_items(connection, cause, id, items).await?;
    let started = OperationStarted { operation_id: id, action: action.into(), label, matched, reverts: None };
    app.outbox.append(connection, &[Event::new(cause, AGENT, &started)]).await?;
    Ok(Started { operation_id: Some(id), matched })
}

/// The records of a selection, in the order of their ids.
pub(super) async fn select(
    connection: &mut Connection,
    cause: &Cause,
    selection: &Selection,
) -> Result<Vec<Uuid>, StartOperationError> {
    let filter = match selection {
        Selection::Ids(ids) => {
            let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
            return Ok(store::records::existing(connection, cause.tenant_id, &ids).await?);
        }
        Selection::Filter(filter) => filter,
    };
    let (mut records, mut before) = (Vec::new(), None);
    loop {
        let found = store::records::keys(connection, cause.tenant_id, filter, before, STEP).await?;
        let is_full = i64::try_from(found.keys.len()).is_ok_and(|count| count >= STEP);
        before = found.resume_at.or_else(|| found.keys.last().copied().filter(|_| is_full));
        records.extend(found.keys.into_iter().map(|(_, id)| id.0));
        if records.len() > MAX_MATCHED {
            return Err(StartOperationError::TooMany);
        }
        if before.is_none() {
            // A record that was changed while its keys were read may have come twice.
            records.sort_unstable();
            records.dedup();
            return Ok(records);
        }
    }
}
