//! Items of operations that waited for processing end with the news of it.

use std::collections::BTreeMap;

use common::OperationId;
use common::event::{Cause, ReprocessOutcome, Reprocessed};
use db::{Connection, DbError};

use super::run_operations::{CHANGED_BY_PERSON, count, work_of};
use crate::app::App;
use crate::domain::act::{Act, Obstacle};
use crate::domain::item::ItemResult;
use crate::domain::work::Work;
use crate::store;
use crate::store::operation_items::ItemEnd;

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
        let work = work_of(&row);
        let mut ends: Vec<ItemEnd> = news.iter().map(|news| end(&news.reprocessed, work)).collect();
        ends.sort_unstable_by_key(|end| end.record_id);
        ends.dedup_by_key(|end| end.record_id);
        let ended = store::operation_items::end_requested(connection, key, &ends, cause.at).await?;
        count(connection, app, &cause, operation, ended).await?;
    }
    Ok(())
}

fn end(news: &Reprocessed, work: Option<Work>) -> ItemEnd {
    let (result, reason) = match news.outcome {
        ReprocessOutcome::Changed => (ItemResult::Changed, None),
        ReprocessOutcome::Unchanged => (ItemResult::Unchanged, None),
        ReprocessOutcome::Pinned if work == Some(Work::Act(Act::Relabel)) => {
            (ItemResult::Conflict, Some(CHANGED_BY_PERSON))
        }
        ReprocessOutcome::Pinned => (ItemResult::Skipped, Some(Obstacle::DecidedByPerson.as_str())),
        ReprocessOutcome::UnknownLabel => (ItemResult::Skipped, Some("unknown_label")),
    };
    // The record's form was changed by then, whatever was decided of it.
    let result = if work == Some(Work::Remap) { ItemResult::Changed } else { result };
    let decision = (result == ItemResult::Changed).then_some((news.decision_id, news.previous_decision_id));
    ItemEnd { record_id: news.record_id, result, reason, decision }
}
