//! Makes a value list, and with it the tenant's next rule set.

use common::ValueListId;
use common::event::{Cause, Event};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::value_list::{NamedList, sorted};
use crate::store::{rule_sets, value_lists};

/// A list to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewList {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) values: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateValueListError {
    #[error("a value list of the name {0:?} exists")]
    NameTaken(String),
    #[error("the value list cannot be stored")]
    Db(#[from] DbError),
}

pub(crate) async fn create_value_list(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    new: NewList,
) -> Result<NamedList, CreateValueListError> {
    let list = NamedList {
        id: ValueListId::generate(),
        tenant_id: cause.tenant_id,
        name: new.name,
        description: new.description,
        values: sorted(new.values),
        version: 1,
        created_at: cause.at,
        updated_at: cause.at,
    };
    value_lists::insert(connection, &list).await.map_err(|error| match error.unique_constraint() {
        Some(value_lists::NAME_UNIQUE) => CreateValueListError::NameTaken(list.name.clone()),
        Some(_) | None => CreateValueListError::Db(error),
    })?;
    value_lists::append_version(connection, &list, &cause.actor).await?;
    // A rule may refer to it from now on: what is compiled must have it.
    let next = rule_sets::begin_next(connection, cause.tenant_id).await?;
    next.publish(connection, cause.at).await?;
    app.outbox.append(connection, &[Event::new(cause, SERVICE, &list.created())]).await?;
    Ok(list)
}
