//! Rule sets: a tenant's active rules at each version, immutable once there.

use std::collections::HashMap;

use classifier::{ListedRule, RuleSource, ValueList, ValueLists};
use common::rule::RuleStatus;
use common::{DateTime, LabelId, RuleId, TenantId};
use db::{Connection, statement};
use diesel::sql_types::{Array, BigInt, Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension as _, QueryableByName};
use diesel_async::RunQueryDsl as _;
use serde::Deserialize;
use uuid::Uuid;

use super::{Stored, from_json};
use crate::domain::settings::TenantSettings;

/// The version that the running transaction will publish. Holding it, no other changes the tenant's rules.
#[derive(Debug)]
#[must_use = "a version that is begun must be published"]
pub(crate) struct NextRuleSet {
    tenant: TenantId,
    version: i64,
}

/// What decides a tenant's records at this moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Head {
    pub(crate) tenant: TenantId,
    /// The newest rule set; 0 when the tenant never had a rule.
    pub(crate) version: i64,
    pub(crate) rule_stage: bool,
    pub(crate) embedding_stage: bool,
    pub(crate) llm_stage: bool,
    pub(crate) auto_accept_threshold: f64,
}

/// A rule set to be compiled.
#[derive(Debug, Default)]
pub(crate) struct LoadedRules {
    pub(crate) version: i64,
    /// Those that decide, and those on trial.
    pub(crate) rules: Vec<(RuleSource, Option<LabelId>)>,
    pub(crate) lists: ValueLists,
}

#[derive(QueryableByName)]
struct VersionRow {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    rules: String,
}

#[derive(Deserialize)]
struct LoadedRule {
    id: RuleId,
    version: i32,
    name: String,
    condition: String,
    priority: i32,
    requires_review: bool,
    status: RuleStatus,
    /// None of a label that is gone.
    label_id: Option<LabelId>,
    label: String,
}

#[derive(Deserialize)]
struct LoadedList {
    name: String,
    version: i32,
    values: Vec<String>,
}

#[derive(QueryableByName)]
struct LoadedRow {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    rules: String,
    #[diesel(sql_type = Text)]
    lists: String,
}

impl LoadedRow {
    fn into_rules(self) -> Stored<LoadedRules> {
        let rules: Vec<LoadedRule> = from_json(&self.rules)?;
        let lists: Vec<LoadedList> = from_json(&self.lists)?;
        let list = |list: LoadedList| (list.name, ValueList::new(list.version, list.values));
        Ok(LoadedRules {
            version: self.version,
            rules: rules.into_iter().map(LoadedRule::into_source).collect(),
            lists: lists.into_iter().map(list).collect(),
        })
    }
}

impl LoadedRule {
    fn into_source(self) -> (RuleSource, Option<LabelId>) {
        let source = RuleSource {
            id: self.id,
            version: self.version,
            name: self.name,
            condition: self.condition,
            label: self.label,
            priority: self.priority,
            status: self.status,
            requires_review: self.requires_review,
        };
        (source, self.label_id)
    }
}

/// Begins the tenant's next rule set; waits while another transaction is at it.
pub(crate) async fn begin_next(connection: &mut Connection, tenant: TenantId) -> Stored<NextRuleSet> {
    #[derive(QueryableByName)]
    struct Begun {
        #[diesel(sql_type = BigInt)]
        version: i64,
    }
    let begun: Begun = statement(
        "INSERT INTO rule_set_heads (tenant_id, version) VALUES ($1, 1) \
         ON CONFLICT (tenant_id) DO UPDATE SET version = rule_set_heads.version + 1 RETURNING version",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .get_result(connection)
    .await?;
    Ok(NextRuleSet { tenant, version: begun.version })
}

impl NextRuleSet {
    /// The version that will be published.
    pub(crate) const fn version(&self) -> i64 {
        self.version
    }

    /// Keeps the list of active rules as they are now, in the order in which the classifier tries them, with their
    /// labels, and which value lists they were compiled with.
    pub(crate) async fn publish(self, connection: &mut Connection, at: DateTime) -> Stored<()> {
        statement(
            "INSERT INTO rule_sets (tenant_id, version, rules, lists, created_at) \
             SELECT $1, $2, coalesce(json_agg(json_build_object('id', r.id, 'version', r.version, 'name', r.name, \
                                                                'labelId', r.label_id, 'label', l.name) \
                                              ORDER BY r.priority, r.id), '[]'), \
                    (SELECT coalesce(json_agg(json_build_object('id', v.id, 'version', v.version, 'name', v.name) \
                                              ORDER BY v.name), '[]') FROM value_lists v WHERE v.tenant_id = $1), $3 \
             FROM rules r JOIN labels l ON l.id = r.label_id WHERE r.tenant_id = $1 AND r.status = 'active'",
        )
        .bind::<SqlUuid, _>(self.tenant.0)
        .bind::<BigInt, _>(self.version)
        .bind::<Timestamptz, _>(at)
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// The newest rule set and the settings of each tenant, read anew for every batch: a rule whose creation was
/// answered is seen by every record that comes after it, on whatever replica.
pub(crate) async fn heads(connection: &mut Connection, tenants: &[TenantId]) -> Stored<Vec<Head>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        tenant_id: Uuid,
        #[diesel(sql_type = BigInt)]
        version: i64,
        #[diesel(sql_type = Nullable<Bool>)]
        rule_stage: Option<bool>,
        #[diesel(sql_type = Nullable<Bool>)]
        embedding_stage: Option<bool>,
        #[diesel(sql_type = Nullable<Bool>)]
        llm_stage: Option<bool>,
        #[diesel(sql_type = Nullable<Double>)]
        auto_accept_threshold: Option<f64>,
    }
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    let rows: Vec<Row> = statement(
        "SELECT t.id AS tenant_id, coalesce(h.version, 0) AS version, s.rule_stage, s.embedding_stage, \
                s.llm_stage, s.auto_accept_threshold \
         FROM unnest($1) AS t (id) \
         LEFT JOIN rule_set_heads h ON h.tenant_id = t.id \
         LEFT JOIN processing_settings s ON s.tenant_id = t.id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)
    .await?;
    let defaults = TenantSettings::default();
    let head = |row: Row| Head {
        tenant: TenantId(row.tenant_id),
        version: row.version,
        rule_stage: row.rule_stage.unwrap_or(defaults.stages.rule),
        embedding_stage: row.embedding_stage.unwrap_or(defaults.stages.embedding),
        llm_stage: row.llm_stage.unwrap_or(defaults.stages.llm),
        auto_accept_threshold: row.auto_accept_threshold.unwrap_or(defaults.auto_accept_threshold),
    };
    Ok(rows.into_iter().map(head).collect())
}

/// The newest rule set with its version, in one snapshot: two statements could meet a change between them.
pub(crate) async fn load(connection: &mut Connection, tenant: TenantId) -> Stored<LoadedRules> {
    let row: Option<LoadedRow> = statement(
        "SELECT h.version, coalesce(( \
             SELECT json_agg(json_build_object( \
                 'id', r.id, 'version', r.version, 'name', r.name, 'condition', r.condition, 'priority', r.priority, \
                 'requires_review', r.requires_review, 'status', r.status, 'label_id', r.label_id, 'label', l.name)) \
             FROM rules r JOIN labels l ON l.id = r.label_id \
             WHERE r.tenant_id = $1 AND r.status IN ('active', 'shadow')), '[]')::text AS rules, \
         coalesce(( \
             SELECT json_agg(json_build_object('name', v.name, 'version', v.version, 'values', v.values)) \
             FROM value_lists v WHERE v.tenant_id = $1), '[]')::text AS lists \
         FROM rule_set_heads h WHERE h.tenant_id = $1",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .get_result(connection)
    .await
    .optional()?;
    row.map_or_else(|| Ok(LoadedRules::default()), LoadedRow::into_rules)
}

/// The rules that decided at a version of the set, with the lists and the labels' names of that time; `None` when there
/// was no such version. A set of a time at which labels were not kept with it has them by their rules.
pub(crate) async fn load_past(
    connection: &mut Connection,
    tenant: TenantId,
    version: i64,
) -> Stored<Option<LoadedRules>> {
    let row: Option<LoadedRow> = statement(
        "SELECT s.version, coalesce(( \
             SELECT json_agg(json_build_object( \
                 'id', v.rule_id, 'version', v.version, 'name', v.name, 'condition', v.condition, \
                 'priority', v.priority, 'requires_review', v.requires_review, 'status', 'active', \
                 'label_id', coalesce(e.\"labelId\", l.id), 'label', coalesce(e.label, v.label))) \
             FROM json_to_recordset(s.rules) AS e (id uuid, version integer, \"labelId\" uuid, label text) \
             JOIN rule_versions v ON v.rule_id = e.id AND v.version = e.version AND v.tenant_id = $1 \
             LEFT JOIN labels l ON l.tenant_id = $1 AND l.name = v.label), '[]')::text AS rules, \
         coalesce(( \
             SELECT json_agg(json_build_object('name', v.name, 'version', v.version, 'values', v.values)) \
             FROM json_to_recordset(s.lists) AS e (id uuid, version integer) \
             JOIN value_list_versions v ON v.list_id = e.id AND v.version = e.version AND v.tenant_id = $1), \
             '[]')::text AS lists \
         FROM rule_sets s WHERE s.tenant_id = $1 AND s.version = $2",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<BigInt, _>(version)
    .get_result(connection)
    .await
    .optional()?;
    row.map(LoadedRow::into_rules).transpose()
}

/// The newest rule set of the tenant, or the one that was in force at a time; 0 when there was none.
pub(crate) async fn version_at(connection: &mut Connection, tenant: TenantId, at: Option<DateTime>) -> Stored<i64> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        version: i64,
    }
    let row: Row = statement(
        "SELECT coalesce(max(version), 0) AS version FROM rule_sets \
         WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR created_at <= $2)",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Nullable<Timestamptz>, _>(at)
    .get_result(connection)
    .await?;
    Ok(row.version)
}

/// The lists of some versions of the tenant's rule set.
pub(crate) async fn lists(
    connection: &mut Connection,
    tenant: TenantId,
    versions: Vec<i64>,
) -> Stored<HashMap<i64, Vec<ListedRule>>> {
    let rows: Vec<VersionRow> =
        statement("SELECT version, rules::text AS rules FROM rule_sets WHERE tenant_id = $1 AND version = ANY ($2)")
            .bind::<SqlUuid, _>(tenant.0)
            .bind::<Array<BigInt>, _>(versions)
            .load(connection)
            .await?;
    rows.into_iter().map(|row| Ok((row.version, from_json(&row.rules)?))).collect()
}
