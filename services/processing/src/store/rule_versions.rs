//! Every version of every rule, those of deleted rules too.

use std::collections::HashSet;

use common::event::RuleState;
use common::rule::{RuleOrigin, RuleStatus};
use common::{Actor, DateTime, RuleId, TenantId};
use db::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::schema::rule_versions;
use super::{Stored, known, unreadable};
use crate::domain::rule::{Rule, RuleVersion};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = rule_versions)]
struct VersionRow {
    rule_id: Uuid,
    version: i32,
    tenant_id: Uuid,
    name: String,
    condition: String,
    label: String,
    priority: i32,
    status: String,
    requires_review: bool,
    description: String,
    origin: String,
    changed_by: Value,
    changed_at: DateTime,
}

/// Keeps the rule as it is now.
pub(crate) async fn append(connection: &mut Connection, rule: &Rule, by: &Actor) -> Stored<()> {
    let row = VersionRow {
        rule_id: rule.id.0,
        version: rule.version,
        tenant_id: rule.tenant_id.0,
        name: rule.name.clone(),
        condition: rule.condition.clone(),
        label: rule.label.clone(),
        priority: rule.priority,
        status: rule.status.as_str().to_owned(),
        requires_review: rule.requires_review,
        description: rule.description.clone(),
        origin: rule.origin.as_str().to_owned(),
        changed_by: serde_json::to_value(by).map_err(unreadable)?,
        changed_at: rule.updated_at,
    };
    diesel::insert_into(rule_versions::table).values(row).execute(connection).await?;
    Ok(())
}

/// Whether there ever was a rule of that id.
pub(crate) async fn exists(connection: &mut Connection, tenant: TenantId, id: RuleId) -> Stored<bool> {
    let versions =
        rule_versions::table.filter(rule_versions::tenant_id.eq(tenant.0)).filter(rule_versions::rule_id.eq(id.0));
    Ok(diesel::select(diesel::dsl::exists(versions)).get_result(connection).await?)
}

/// The first version from which on the rule has had the condition and label that it has now.
pub(crate) async fn said_the_same_since(connection: &mut Connection, rule: &Rule) -> Stored<i32> {
    let others = rule_versions::condition.ne(&rule.condition).or(rule_versions::label.ne(&rule.label));
    let last_other: Option<i32> = rule_versions::table
        .filter(rule_versions::tenant_id.eq(rule.tenant_id.0))
        .filter(rule_versions::rule_id.eq(rule.id.0))
        .filter(others)
        .select(diesel::dsl::max(rule_versions::version))
        .first(connection)
        .await?;
    Ok(last_other.unwrap_or(0) + 1)
}

/// Every condition that a rule ever had.
pub(crate) async fn conditions(connection: &mut Connection, tenant: TenantId) -> Stored<HashSet<String>> {
    let conditions: Vec<String> = rule_versions::table
        .filter(rule_versions::tenant_id.eq(tenant.0))
        .select(rule_versions::condition)
        .distinct()
        .load(connection)
        .await?;
    Ok(conditions.into_iter().collect())
}

/// One version of a rule.
pub(crate) async fn find(
    connection: &mut Connection,
    tenant: TenantId,
    id: RuleId,
    version: i32,
) -> Stored<Option<RuleVersion>> {
    let row: Option<VersionRow> = rule_versions::table
        .filter(rule_versions::tenant_id.eq(tenant.0))
        .filter(rule_versions::rule_id.eq(id.0))
        .filter(rule_versions::version.eq(version))
        .select(VersionRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(RuleVersion::try_from).transpose()
}

/// A rule's versions newest first, those below `below` only.
pub(crate) async fn list(
    connection: &mut Connection,
    tenant: TenantId,
    id: RuleId,
    below: Option<i32>,
    limit: i64,
) -> Stored<Vec<RuleVersion>> {
    let rows: Vec<VersionRow> = rule_versions::table
        .filter(rule_versions::tenant_id.eq(tenant.0))
        .filter(rule_versions::rule_id.eq(id.0))
        .filter(rule_versions::version.lt(below.unwrap_or(i32::MAX)))
        .select(VersionRow::as_select())
        .order(rule_versions::version.desc())
        .limit(limit)
        .load(connection)
        .await?;
    rows.into_iter().map(RuleVersion::try_from).collect()
}

impl TryFrom<VersionRow> for RuleVersion {
    type Error = db::DbError;

    fn try_from(row: VersionRow) -> Stored<Self> {
        let state = RuleState {
            rule_id: RuleId(row.rule_id),
            version: row.version,
            name: row.name,
            condition: row.condition,
            label: row.label,
            priority: row.priority,
            status: known("rule_versions.status", &row.status, RuleStatus::parse)?,
            requires_review: row.requires_review,
            origin: known("rule_versions.origin", &row.origin, RuleOrigin::parse)?,
        };
        let changed_by = serde_json::from_value(row.changed_by).map_err(unreadable)?;
        Ok(Self { state, description: row.description, changed_by, changed_at: row.changed_at })
    }
}
