//! Rules as they are now.

use std::collections::HashSet;

use common::rule::{RuleOrigin, RuleStatus};
use common::{DateTime, LabelId, RuleId, TenantId};
use db::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::schema::{labels, rules};
use super::{Stored, containing, known};
use crate::domain::rule::Rule;

/// Refuses a second rule of one name.
pub(crate) const NAME_UNIQUE: &str = "rules_name_unique";

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = rules)]
struct RuleRow {
    id: Uuid,
    tenant_id: Uuid,
    version: i32,
    name: String,
    condition: String,
    label_id: Uuid,
    priority: i32,
    status: String,
    requires_review: bool,
    description: String,
    origin: String,
    created_at: DateTime,
    updated_at: DateTime,
}

/// Which rules a list shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleFilter {
    pub(crate) status: Option<RuleStatus>,
    /// The label's name.
    pub(crate) label: Option<String>,
    /// Text in name, description or condition.
    pub(crate) text: Option<String>,
}

pub(crate) async fn insert(connection: &mut Connection, rule: &Rule) -> Stored<()> {
    diesel::insert_into(rules::table).values(RuleRow::from(rule)).execute(connection).await?;
    Ok(())
}

pub(crate) async fn update(connection: &mut Connection, rule: &Rule) -> Stored<()> {
    let target = rules::table.filter(rules::tenant_id.eq(rule.tenant_id.0)).filter(rules::id.eq(rule.id.0));
    diesel::update(target).set(RuleRow::from(rule)).execute(connection).await?;
    Ok(())
}

pub(crate) async fn delete(connection: &mut Connection, rule: &Rule) -> Stored<()> {
    let target = rules::table.filter(rules::tenant_id.eq(rule.tenant_id.0)).filter(rules::id.eq(rule.id.0));
    diesel::delete(target).execute(connection).await?;
    Ok(())
}

pub(crate) async fn find(connection: &mut Connection, tenant: TenantId, id: RuleId) -> Stored<Option<Rule>> {
    let row: Option<(RuleRow, String)> = rules::table
        .inner_join(labels::table)
        .filter(rules::tenant_id.eq(tenant.0))
        .filter(rules::id.eq(id.0))
        .select((RuleRow::as_select(), labels::name))
        .first(connection)
        .await
        .optional()?;
    row.map(Rule::try_from).transpose()
}

/// The rule, which nobody else changes before the transaction ends.
pub(crate) async fn find_and_lock(connection: &mut Connection, tenant: TenantId, id: RuleId) -> Stored<Option<Rule>> {
    let query = rules::table.filter(rules::tenant_id.eq(tenant.0)).filter(rules::id.eq(id.0));
    // Locked alone first: in a join, a lock that had to wait would meet the label's name of before the wait.
    let locked: Option<Uuid> = query.select(rules::id).for_update().first(connection).await.optional()?;
    match locked {
        Some(_) => find(connection, tenant, id).await,
        None => Ok(None),
    }
}

/// All of the tenant's rules, which nobody else changes before the transaction ends.
pub(crate) async fn lock_all(connection: &mut Connection, tenant: TenantId) -> Stored<()> {
    let query = rules::table.filter(rules::tenant_id.eq(tenant.0)).order(rules::id);
    let _: Vec<Uuid> = query.select(rules::id).for_update().load(connection).await?;
    Ok(())
}

/// Rules newest first, those before `before` only.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    filter: RuleFilter,
    before: Option<RuleId>,
    limit: i64,
) -> Stored<Vec<Rule>> {
    let mut query = rules::table
        .inner_join(labels::table)
        .filter(rules::tenant_id.eq(tenant.0))
        .select((RuleRow::as_select(), labels::name))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(rules::id.lt(before.0));
    }
    if let Some(status) = filter.status {
        query = query.filter(rules::status.eq(status.as_str()));
    }
    if let Some(label) = filter.label {
        query = query.filter(labels::name.eq(label));
    }
    if let Some(text) = filter.text {
        let pattern = containing(&text);
        let found = rules::name.ilike(pattern.clone()).or(rules::description.ilike(pattern.clone()));
        query = query.filter(found.or(rules::condition.ilike(pattern)));
    }
    let rows: Vec<(RuleRow, String)> = query.order(rules::id.desc()).limit(limit).load(connection).await?;
    rows.into_iter().map(Rule::try_from).collect()
}

/// The names of all of the tenant's rules.
pub(crate) async fn names(connection: &mut Connection, tenant: TenantId) -> Stored<HashSet<String>> {
    let names: Vec<String> =
        rules::table.filter(rules::tenant_id.eq(tenant.0)).select(rules::name).load(connection).await?;
    Ok(names.into_iter().collect())
}

impl TryFrom<(RuleRow, String)> for Rule {
    type Error = db::DbError;

    fn try_from((row, label): (RuleRow, String)) -> Stored<Self> {
        Ok(Self {
            id: RuleId(row.id),
            tenant_id: TenantId(row.tenant_id),
            version: row.version,
            name: row.name,
            condition: row.condition,
            label_id: LabelId(row.label_id),
            label,
            priority: row.priority,
            status: known("rules.status", &row.status, RuleStatus::parse)?,
            requires_review: row.requires_review,
            description: row.description,
            origin: known("rules.origin", &row.origin, RuleOrigin::parse)?,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl From<&Rule> for RuleRow {
    fn from(rule: &Rule) -> Self {
        Self {
            id: rule.id.0,
            tenant_id: rule.tenant_id.0,
            version: rule.version,
            name: rule.name.clone(),
            condition: rule.condition.clone(),
            label_id: rule.label_id.0,
            priority: rule.priority,
            status: rule.status.as_str().to_owned(),
            requires_review: rule.requires_review,
            description: rule.description.clone(),
            origin: rule.origin.as_str().to_owned(),
            created_at: rule.created_at,
            updated_at: rule.updated_at,
        }
    }
}
