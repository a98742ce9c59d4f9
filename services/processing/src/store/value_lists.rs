//! Value lists.

use classifier::{ValueList, ValueLists};
use common::{Actor, DateTime, RuleId, TenantId, ValueListId};
use db::{Connection, statement};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::schema::value_lists;
use super::{Stored, to_json};
use crate::domain::value_list::NamedList;

/// Refuses a second list of one name.
pub(crate) const NAME_UNIQUE: &str = "value_lists_name_unique";

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = value_lists)]
struct ListRow {
    id: Uuid,
    tenant_id: Uuid,
    name: String,
    description: String,
    values: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
}

pub(crate) async fn insert(connection: &mut Connection, list: &NamedList) -> Stored<()> {
    diesel::insert_into(value_lists::table).values(ListRow::from(list)).execute(connection).await?;
    Ok(())
}

pub(crate) async fn update(connection: &mut Connection, list: &NamedList) -> Stored<()> {
    let target =
        value_lists::table.filter(value_lists::tenant_id.eq(list.tenant_id.0)).filter(value_lists::id.eq(list.id.0));
    diesel::update(target).set(ListRow::from(list)).execute(connection).await?;
    Ok(())
}

pub(crate) async fn delete(connection: &mut Connection, list: &NamedList) -> Stored<()> {
    let target =
        value_lists::table.filter(value_lists::tenant_id.eq(list.tenant_id.0)).filter(value_lists::id.eq(list.id.0));
    diesel::delete(target).execute(connection).await?;
    Ok(())
}

/// Keeps the list as it is now.
pub(crate) async fn append_version(connection: &mut Connection, list: &NamedList, by: &Actor) -> Stored<()> {
    statement(
        "INSERT INTO value_list_versions (list_id, version, tenant_id, name, values, changed_by, changed_at) \
         VALUES ($1, $2, $3, $4, $5, $6::json, $7)",
    )
    .bind::<SqlUuid, _>(list.id.0)
    .bind::<Integer, _>(list.version)
    .bind::<SqlUuid, _>(list.tenant_id.0)
    .bind::<Text, _>(&list.name)
    .bind::<Array<Text>, _>(&list.values)
    .bind::<Text, _>(to_json(by)?)
    .bind::<Timestamptz, _>(list.updated_at)
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn find(connection: &mut Connection, tenant: TenantId, id: ValueListId) -> Stored<Option<NamedList>> {
    let query = value_lists::table.filter(value_lists::tenant_id.eq(tenant.0)).filter(value_lists::id.eq(id.0));
    let row = query.select(ListRow::as_select()).first(connection).await.optional()?;
    Ok(row.map(NamedList::from))
}

/// The list, which nobody else changes, deletes or comes to refer to before the transaction ends.
pub(crate) async fn find_and_lock(
    connection: &mut Connection,
    tenant: TenantId,
    id: ValueListId,
) -> Stored<Option<NamedList>> {
    let query = value_lists::table.filter(value_lists::tenant_id.eq(tenant.0)).filter(value_lists::id.eq(id.0));
    let row = query.select(ListRow::as_select()).for_update().first(connection).await.optional()?;
    Ok(row.map(NamedList::from))
}

/// All of the tenant's lists, which nobody else changes or comes to refer to before the transaction ends.
pub(crate) async fn lock_all(connection: &mut Connection, tenant: TenantId) -> Stored<()> {
    let query = value_lists::table.filter(value_lists::tenant_id.eq(tenant.0)).order(value_lists::id);
    let _: Vec<Uuid> = query.select(value_lists::id).for_update().load(connection).await?;
    Ok(())
}

/// Lists newest first, those before `before` only.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    before: Option<ValueListId>,
    limit: i64,
) -> Stored<Vec<NamedList>> {
    let mut query = value_lists::table
        .filter(value_lists::tenant_id.eq(tenant.0))
        .select(ListRow::as_select())
        .order(value_lists::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(value_lists::id.lt(before.0));
    }
    let rows: Vec<ListRow> = query.load(connection).await?;
    Ok(rows.into_iter().map(NamedList::from).collect())
}

/// Whether a look for value lists is worth it.
pub(crate) fn may_refer(condition: &str) -> bool {
    condition.contains("lists")
}

/// The value lists that a condition can refer to. Nobody renames or deletes them before the transaction ends.
pub(crate) async fn of_condition(connection: &mut Connection, tenant: TenantId, condition: &str) -> Stored<ValueLists> {
    if !may_refer(condition) {
        return Ok(ValueLists::default());
    }
    let rows: Vec<ListRow> = value_lists::table
        .filter(value_lists::tenant_id.eq(tenant.0))
        .select(ListRow::as_select())
        .order(value_lists::id)
        .for_key_share()
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.name, ValueList::new(row.version, row.values))).collect())
}

/// The tenant's rules whose conditions have the name in them, with those conditions.
pub(crate) async fn mentions(
    connection: &mut Connection,
    tenant: TenantId,
    name: &str,
) -> Stored<Vec<(RuleId, String)>> {
    use super::schema::rules;
    let rows: Vec<(Uuid, String)> = rules::table
        .filter(rules::tenant_id.eq(tenant.0))
        .filter(rules::condition.like("%lists%"))
        .filter(rules::condition.like(super::containing(name)))
        .select((rules::id, rules::condition))
        .order(rules::id)
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|(id, condition)| (RuleId(id), condition)).collect())
}

impl From<ListRow> for NamedList {
    fn from(row: ListRow) -> Self {
        Self {
            id: ValueListId(row.id),
            tenant_id: TenantId(row.tenant_id),
            name: row.name,
            description: row.description,
            values: row.values,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<&NamedList> for ListRow {
    fn from(list: &NamedList) -> Self {
        Self {
            id: list.id.0,
            tenant_id: list.tenant_id.0,
            name: list.name.clone(),
            description: list.description.clone(),
            values: list.values.clone(),
            version: list.version,
            created_at: list.created_at,
            updated_at: list.updated_at,
        }
    }
}
