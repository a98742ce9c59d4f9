//! Changes a label. Rules refer to it by id, so a new name is a new rule set and no new version of any rule.

use common::LabelId;
use common::event::{Cause, Event};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::label::{Label, LabelChange};
use crate::store::{labels, rule_sets};

#[derive(Debug, thiserror::Error)]
pub(crate) enum UpdateLabelError {
    #[error("there is no such label")]
    NotFound,
    #[error("the label is at version {0}")]
    VersionConflict(i32),
    #[error("a label of the name {0:?} exists")]
    NameTaken(String),
    #[error("the label cannot be stored")]
    Db(#[from] DbError),
}

pub(crate) async fn update_label(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: LabelId,
    expected: Option<i32>,
    change: LabelChange,
) -> Result<Label, UpdateLabelError> {
    let before = labels::find_and_lock(connection, cause.tenant_id, id).await?.ok_or(UpdateLabelError::NotFound)?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(UpdateLabelError::VersionConflict(before.version));
    }
    let Some(after) = before.changed(change, cause.at) else { return Ok(before) };
    labels::update(connection, &after).await.map_err(|error| match error.unique_constraint() {
        Some(labels::NAME_UNIQUE) => UpdateLabelError::NameTaken(after.name.clone()),
        Some(_) | None => UpdateLabelError::Db(error),
    })?;
    if after.name != before.name && labels::usage(connection, cause.tenant_id, id).await?.rules > 0 {
        let next = rule_sets::begin_next(connection, cause.tenant_id).await?;
        next.publish(connection, cause.at).await?;
    }
    app.outbox.append(connection, &[Event::new(cause, SERVICE, &after.updated(&before))]).await?;
    Ok(after)
}
