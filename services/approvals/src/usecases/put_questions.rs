//! Put questions: open one for each record that machines could not decide, once per decision of theirs.

use std::collections::HashMap;

use common::{Actor, DateTime, RecordId, TenantId};
use db::{Connection, DbError};

use crate::store::queue::{Question, expire_replaced, put};

/// The service that asks.
const ASKER: &str = "processing";

/// Opens the questions of a batch. A later question about a record replaces a pending earlier one; what was put
/// before, and what a person decided, stays as it is.
pub(crate) async fn put_questions(
    connection: &mut Connection,
    mut questions: Vec<Question>,
    now: DateTime,
) -> Result<(), DbError> {
    if questions.is_empty() {
        return Ok(());
    }
    mark_latest(&mut questions);
    let asker = Actor::service(ASKER);
    expire_replaced(connection, &questions, &asker, now).await?;
    put(connection, &questions, &asker, now).await
}

fn mark_latest(questions: &mut [Question]) {
    let mut latest: HashMap<(TenantId, RecordId), i32> = HashMap::new();
    for question in questions.iter() {
        let known = latest.entry((question.tenant, question.record.record_id)).or_insert(question.sequence);
        *known = question.sequence.max(*known);
    }
    for question in questions {
        question.is_latest = latest[&(question.tenant, question.record.record_id)] == question.sequence;
    }
}
