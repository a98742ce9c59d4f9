//! Archiving or restoring one record.

use std::collections::HashMap;

use common::RecordId;
use common::event::Cause;
use db::{Connection, DbError};

use super::carry_out::{Undertaking, carry_out};
use crate::app::App;
use crate::domain::act::{Act, Obstacle};
use crate::store;
use crate::store::records::RecordRow;

/// Why nothing was done to a record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActOnRecordError {
    #[error("there is no such record")]
    NotFound,
    #[error("the record is at version {0}")]
    VersionConflict(i32),
    #[error("the record does not allow it: {}", .0.as_str())]
    Refused(Obstacle),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Does it and returns the record after it. One that is so already stays as it is.
pub(crate) async fn act_on_record(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    act: Act,
    (id, expected): (RecordId, Option<i32>),
) -> Result<RecordRow, ActOnRecordError> {
    let found = store::acts::lock(connection, cause.tenant_id, &[id.0]).await?;
    let before = found.first().ok_or(ActOnRecordError::NotFound)?;
    if expected.is_some_and(|expected| expected != before.version) {
        return Err(ActOnRecordError::VersionConflict(before.version));
    }
    match act.obstacle(before.status, before.decided_by_human) {
        Some(obstacle) if obstacle.is_fulfilled() => {}
        Some(obstacle) => return Err(ActOnRecordError::Refused(obstacle)),
        None => {
            let undertaking = Undertaking { act, operation: None, undone: &HashMap::new() };
            carry_out(connection, app, cause, &undertaking, &[id.0]).await?;
        }
    }
    store::records::find(connection, cause.tenant_id, id).await?.ok_or(ActOnRecordError::NotFound)
}
