//! Labels.

use common::{DateTime, LabelId, TenantId};
use std::collections::{HashMap, HashSet};

use db::{Connection, statement};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Stored;
use super::schema::labels;
use crate::domain::label::Label;

/// Refuses a second label of one name.
pub(crate) const NAME_UNIQUE: &str = "labels_name_unique";

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = labels)]
struct LabelRow {
    id: Uuid,
    tenant_id: Uuid,
    name: String,
    description: String,
    examples: Vec<String>,
    version: i32,
    created_at: DateTime,
    updated_at: DateTime,
}

/// What uses a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub(crate) struct LabelUse {
    #[diesel(sql_type = sql_types::BigInt)]
    pub(crate) rules: i64,
    #[diesel(sql_type = sql_types::Bool)]
    pub(crate) decisions: bool,
}

pub(crate) async fn insert(connection: &mut Connection, label: &Label) -> Stored<()> {
    diesel::insert_into(labels::table).values(LabelRow::from(label)).execute(connection).await?;
    Ok(())
}

pub(crate) async fn update(connection: &mut Connection, label: &Label) -> Stored<()> {
    let target = labels::table.filter(labels::tenant_id.eq(label.tenant_id.0)).filter(labels::id.eq(label.id.0));
    diesel::update(target).set(LabelRow::from(label)).execute(connection).await?;
    Ok(())
}

pub(crate) async fn delete(connection: &mut Connection, label: &Label) -> Stored<()> {
    let target = labels::table.filter(labels::tenant_id.eq(label.tenant_id.0)).filter(labels::id.eq(label.id.0));
    diesel::delete(target).execute(connection).await?;
    Ok(())
}

pub(crate) async fn find(connection: &mut Connection, tenant: TenantId, id: LabelId) -> Stored<Option<Label>> {
    let query = labels::table.filter(labels::tenant_id.eq(tenant.0)).filter(labels::id.eq(id.0));
    let row = query.select(LabelRow::as_select()).first(connection).await.optional()?;
    Ok(row.map(Label::from))
}

/// The label, which nobody else changes, deletes or comes to refer to before the transaction ends.
pub(crate) async fn find_and_lock(connection: &mut Connection, tenant: TenantId, id: LabelId) -> Stored<Option<Label>> {
    let query = labels::table.filter(labels::tenant_id.eq(tenant.0)).filter(labels::id.eq(id.0));
    let row = query.select(LabelRow::as_select()).for_update().first(connection).await.optional()?;
    Ok(row.map(Label::from))
}

/// The id of the label of that name, which nobody renames or deletes before the transaction ends.
pub(crate) async fn find_by_name(connection: &mut Connection, tenant: TenantId, name: &str) -> Stored<Option<LabelId>> {
    let query = labels::table.filter(labels::tenant_id.eq(tenant.0)).filter(labels::name.eq(name));
    let id: Option<Uuid> = query.select(labels::id).for_key_share().first(connection).await.optional()?;
    Ok(id.map(LabelId))
}

/// The name of the label, which nobody renames or deletes before the transaction ends.
pub(crate) async fn find_name(connection: &mut Connection, tenant: TenantId, id: LabelId) -> Stored<Option<String>> {
    let query = labels::table.filter(labels::tenant_id.eq(tenant.0)).filter(labels::id.eq(id.0));
    Ok(query.select(labels::name).for_key_share().first(connection).await.optional()?)
}

/// The names of the tenant's labels.
pub(crate) async fn names(connection: &mut Connection, tenant: TenantId) -> Stored<HashMap<LabelId, String>> {
    let query = labels::table.filter(labels::tenant_id.eq(tenant.0)).select((labels::id, labels::name));
    let rows: Vec<(Uuid, String)> = query.load(connection).await?;
    Ok(rows.into_iter().map(|(id, name)| (LabelId(id), name)).collect())
}

/// Labels newest first, those before `before` only.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    before: Option<LabelId>,
    limit: i64,
) -> Stored<Vec<Label>> {
    let mut query = labels::table.filter(labels::tenant_id.eq(tenant.0)).select(LabelRow::as_select()).into_boxed();
    if let Some(before) = before {
        query = query.filter(labels::id.lt(before.0));
    }
    let rows = query.order(labels::id.desc()).limit(limit).load(connection).await?;
    Ok(rows.into_iter().map(Label::from).collect())
}

/// What refers to the label: rules, and decisions that are the current ones of their records.
pub(crate) async fn usage(connection: &mut Connection, tenant: TenantId, id: LabelId) -> Stored<LabelUse> {
    Ok(statement(
        "SELECT (SELECT count(*) FROM rules WHERE tenant_id = $1 AND label_id = $2) AS rules, \
                EXISTS (SELECT FROM decisions d JOIN records r ON r.id = d.record_id AND r.current_decision_id = d.id \
                        WHERE d.tenant_id = $1 AND d.label_id = $2) AS decisions",
    )
    .bind::<sql_types::Uuid, _>(tenant.0)
    .bind::<sql_types::Uuid, _>(id.0)
    .get_result(connection)
    .await?)
}

impl From<LabelRow> for Label {
    fn from(row: LabelRow) -> Self {
        Self {
            id: LabelId(row.id),
            tenant_id: TenantId(row.tenant_id),
            name: row.name,
            description: row.description,
            examples: row.examples,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<&Label> for LabelRow {
    fn from(label: &Label) -> Self {
        Self {
            id: label.id.0,
            tenant_id: label.tenant_id.0,
            name: label.name.clone(),
            description: label.description.clone(),
            examples: label.examples.clone(),
            version: label.version,
            created_at: label.created_at,
            updated_at: label.updated_at,
        }
    }
}

/// Those of the names that are labels of their tenants.
pub(crate) async fn existing(
    connection: &mut Connection,
    names: &HashSet<(TenantId, String)>,
) -> Stored<HashSet<(TenantId, String)>> {
    if names.is_empty() {
        return Ok(HashSet::new());
    }
    let (tenants, wanted): (Vec<Uuid>, Vec<&str>) =
        names.iter().map(|(tenant, name)| (tenant.0, name.as_str())).unzip();
    let rows: Vec<(Uuid, String)> = labels::table
        .filter(labels::tenant_id.eq_any(tenants))
        .filter(labels::name.eq_any(wanted))
        .select((labels::tenant_id, labels::name))
        .load(connection)
        .await?;
    let found = rows.into_iter().map(|(tenant, name)| (TenantId(tenant), name));
    Ok(found.filter(|one| names.contains(one)).collect())
}
