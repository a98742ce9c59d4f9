//! Items of operations that waited for records to be decided again end with the news of it.

use std::collections::BTreeMap;

use common::event::{Cause, ReprocessOutcome, Reprocessed};
use common::{OperationId, RecordId};
use db::{Connection, DbError};

use super::run_operations::{count, work_of};
use crate::app::App;
use crate::domain::act::Obstacle;
use crate::domain::item::{ItemResult, tally};
use crate::domain::work::Work;
use crate::store;

/// News of a record that was decided again.
#[derive(Clone, Debug)]
pub(crate) struct News {
    pub(crate) cause: Cause,
    pub(crate) reprocessed: Reprocessed,
}

/// Ends the items. What was heard before changes nothing.
pub(crate) async fn end_items(connection: &mut Connection, app: &App, news: Vec<News>) -> Result<(), DbError> {
    let mut of_operations: BTreeMap<OperationId, Vec<News>> = BTreeMap::new();
    for one in news {
        if let Some(operation) = one.reprocessed.operation_id {
            of_operations.entry(operation).or_default().push(one);
        }
    }
    // In the order of their ids, so that two batches cannot lock each other out.
    for (operation, news) in of_operations {
        let Some(cause) = news.first().map(|one| one.cause.clone()) else { continue };
        let key = (operation, cause.tenant_id);
        let Some(row) = store::operations::lock(connection, cause.tenant_id, operation).await? else { continue };
        let end = if work_of(&row) == Some(Work::Remap) { end_of_remap } else { end };
        let mut ends: Vec<(RecordId, ItemResult, Option<&'static str>)> = news.iter().map(end).collect();
        ends.sort_unstable_by_key(|(record, ..)| *record);
        ends.dedup_by_key(|(record, ..)| *record);
        let ended = store::operation_items::end_requested(connection, key, &ends, cause.at).await?;
        count(connection, app, &cause, operation, tally(ended)).await?;
    }
    Ok(())
}

/// The record's form was changed, whatever was decided of it then.
const fn end_of_remap(news: &News) -> (RecordId, ItemResult, Option<&'static str>) {
    let (record, _, reason) = end(news);
    (record, ItemResult::Changed, reason)
}

const fn end(news: &News) -> (RecordId, ItemResult, Option<&'static str>) {
    let record = news.reprocessed.record_id;
    match news.reprocessed.outcome {
        ReprocessOutcome::Changed => (record, ItemResult::Changed, None),
        ReprocessOutcome::Unchanged => (record, ItemResult::Unchanged, None),
        ReprocessOutcome::Pinned => (record, ItemResult::Skipped, Some(Obstacle::DecidedByPerson.as_str())),
    }
}
