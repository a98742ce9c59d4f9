//! Changes a value list: a new version of it, and the tenant's next rule set.

use classifier::{Condition, ValueList, ValueLists};
use common::event::{Cause, Event};
use common::{RuleId, TenantId, ValueListId};
use db::{Connection, DbError};

use crate::app::App;
use crate::domain::decision::SERVICE;
use crate::domain::value_list::{ListChange, MAX_VALUES, NamedList};
use crate::store::{rule_sets, value_lists};

#[derive(Debug, thiserror::Error)]
pub(crate) enum UpdateValueListError {
    #[error("there is no such value list")]
    NotFound,
    #[error("the value list is at version {0}")]
    VersionConflict(i32),
    #[error("a value list of the name {0:?} exists")]
    NameTaken(String),
    #[error("the rules {0:?} refer to the value list by its name")]
    InUse(Vec<RuleId>),
    #[error("the value list would have {0} values")]
    TooMany(usize),
    #[error("the value list cannot be stored")]
    Db(#[from] DbError),
}

/// Conditions name lists, so one that rules refer to keeps its name.
pub(crate) async fn update_value_list(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: ValueListId,
    expected: Option<i32>,
    change: ListChange,
) -> Result<NamedList, UpdateValueListError> {
    let tenant = cause.tenant_id;
    let before = value_lists::find_and_lock(connection, tenant, id).await?.ok_or(UpdateValueListError::NotFound)?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(UpdateValueListError::VersionConflict(before.version));
    }
    let Some(after) = before.changed(change, cause.at) else { return Ok(before) };
    if after.values.len() > MAX_VALUES {
        return Err(UpdateValueListError::TooMany(after.values.len()));
    }
    if after.name != before.name {
        let rules = users(connection, tenant, &before).await?;
        if !rules.is_empty() {
            return Err(UpdateValueListError::InUse(rules));
        }
    }
    let next = rule_sets::begin_next(connection, tenant).await?;
    value_lists::update(connection, &after).await.map_err(|error| match error.unique_constraint() {
        Some(value_lists::NAME_UNIQUE) => UpdateValueListError::NameTaken(after.name.clone()),
        Some(_) | None => UpdateValueListError::Db(error),
    })?;
    value_lists::append_version(connection, &after, &cause.actor).await?;
    next.publish(connection, cause.at).await?;
    app.outbox.append(connection, &[Event::new(cause, SERVICE, &after.updated(&before))]).await?;
    Ok(after)
}

/// The rules that refer to the list. It must be locked, so that none comes to do so after this look.
pub(super) async fn users(
    connection: &mut Connection,
    tenant: TenantId,
    list: &NamedList,
) -> Result<Vec<RuleId>, DbError> {
    let mut users = Vec::new();
    for (rule, condition) in value_lists::mentions(connection, tenant, &list.name).await? {
        // The name may stand in a text, or in that of another list: whether it is meant shows when it is compiled.
        let alone: ValueLists = [(list.name.clone(), ValueList::default())].into_iter().collect();
        let all = value_lists::of_condition(connection, tenant, &condition).await?;
        let is_used = Condition::compile_with(&condition, &all).map_or_else(
            |_| Condition::compile_with(&condition, &alone).is_ok(),
            |condition| condition.lists().get(&list.name).is_some(),
        );
        if is_used {
            users.push(rule);
        }
    }
    Ok(users)
}
