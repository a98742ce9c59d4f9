//! Deletes a value list that no rule refers to.

use common::event::{Cause, Event};
use common::{RuleId, ValueListId};
use db::{Connection, DbError};

use super::update_value_list::users;
use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::value_list::NamedList;
use crate::store::{rule_sets, value_lists};

#[derive(Debug, thiserror::Error)]
pub(crate) enum DeleteValueListError {
    #[error("there is no such value list")]
    NotFound,
    #[error("the value list is at version {0}")]
    VersionConflict(i32),
    #[error("the rules {0:?} refer to the value list")]
    InUse(Vec<RuleId>),
    #[error("the value list cannot be deleted")]
    Db(#[from] DbError),
}

pub(crate) async fn delete_value_list(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: ValueListId,
    expected: Option<i32>,
) -> Result<NamedList, DeleteValueListError> {
    let tenant = cause.tenant_id;
    let list = value_lists::find_and_lock(connection, tenant, id).await?.ok_or(DeleteValueListError::NotFound)?;
    if expected.is_some_and(|version| version != list.version) {
        return Err(DeleteValueListError::VersionConflict(list.version));
    }
    let rules = users(connection, tenant, &list).await?;
    if !rules.is_empty() {
        return Err(DeleteValueListError::InUse(rules));
    }
    let next = rule_sets::begin_next(connection, tenant).await?;
    value_lists::delete(connection, &list).await?;
    next.publish(connection, cause.at).await?;
    app.outbox.append(connection, &[Event::new(cause, SERVICE, &list.deleted())]).await?;
    Ok(list)
}
