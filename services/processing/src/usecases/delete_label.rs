//! Deletes a label that nothing uses.

use common::LabelId;
use common::event::{Cause, Event};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::label::Label;
use crate::store::labels::{self, LabelUse};

#[derive(Debug, thiserror::Error)]
pub(crate) enum DeleteLabelError {
    #[error("there is no such label")]
    NotFound,
    #[error("the label is at version {0}")]
    VersionConflict(i32),
    #[error("the label is in use: {0:?}")]
    InUse(LabelUse),
    #[error("the label cannot be deleted")]
    Db(#[from] DbError),
}

pub(crate) async fn delete_label(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: LabelId,
    expected: Option<i32>,
) -> Result<Label, DeleteLabelError> {
    let label = labels::find_and_lock(connection, cause.tenant_id, id).await?.ok_or(DeleteLabelError::NotFound)?;
    if expected.is_some_and(|version| version != label.version) {
        return Err(DeleteLabelError::VersionConflict(label.version));
    }
    // The lock keeps rules from coming to refer to it after this look.
    let used = labels::usage(connection, cause.tenant_id, id).await?;
    if used.rules > 0 || used.decisions {
        return Err(DeleteLabelError::InUse(used));
    }
    labels::delete(connection, &label).await?;
    app.outbox.append(connection, &[Event::new(cause, SERVICE, &label.deleted())]).await?;
    Ok(label)
}
