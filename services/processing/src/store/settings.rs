//! Tenants' settings, where they differ from the defaults.

use bigdecimal::BigDecimal;
use common::amount::Amount;
use common::{Actor, DateTime, TenantId};
use db::{Connection, statement};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::schema::processing_settings;
use super::{Stored, unreadable};
use crate::domain::settings::{Disclosure, LlmSettings, Stages, TenantSettings};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = processing_settings)]
#[diesel(treat_none_as_null = true)]
struct SettingsRow {
    tenant_id: Uuid,
    version: i32,
    rule_stage: bool,
    embedding_stage: bool,
    llm_stage: bool,
    auto_accept_threshold: f64,
    target_error_rate: f64,
    audit_sample_rate: f64,
    llm_model: Option<String>,
    llm_monthly_budget: Option<BigDecimal>,
    llm_currency: String,
    llm_disclosure: String,
    updated_by: Value,
    updated_at: DateTime,
}

/// The tenant's settings, or the defaults.
pub(crate) async fn find(connection: &mut Connection, tenant: TenantId) -> Stored<TenantSettings> {
    let query = processing_settings::table.filter(processing_settings::tenant_id.eq(tenant.0));
    let row = query.select(SettingsRow::as_select()).first(connection).await.optional()?;
    Ok(row.map_or_else(TenantSettings::default, TenantSettings::from))
}

/// The same, which nobody else changes before the transaction ends. There may be no row to lock yet, so the lock
/// is one on the tenant.
pub(crate) async fn find_and_lock(connection: &mut Connection, tenant: TenantId) -> Stored<TenantSettings> {
    statement("SELECT pg_advisory_xact_lock(hashtextextended('processing_settings/' || $1::text, 0))")
        .bind::<sql_types::Uuid, _>(tenant.0)
        .execute(connection)
        .await?;
    find(connection, tenant).await
}

pub(crate) async fn save(
    connection: &mut Connection,
    tenant: TenantId,
    settings: &TenantSettings,
    by: &Actor,
    at: DateTime,
) -> Stored<()> {
    let row = SettingsRow {
        tenant_id: tenant.0,
        version: settings.version,
        rule_stage: settings.stages.rule,
        embedding_stage: settings.stages.embedding,
        llm_stage: settings.stages.llm,
        auto_accept_threshold: settings.auto_accept_threshold,
        target_error_rate: settings.target_error_rate,
        audit_sample_rate: settings.audit_sample_rate,
        llm_model: settings.llm.model.clone(),
        llm_monthly_budget: settings.llm.monthly_budget.as_ref().map(|budget| budget.as_decimal().clone()),
        llm_currency: settings.llm.currency.clone(),
        llm_disclosure: settings.llm.disclosure.as_str().to_owned(),
        updated_by: serde_json::to_value(by).map_err(unreadable)?,
        updated_at: at,
    };
    diesel::insert_into(processing_settings::table)
        .values(&row)
        .on_conflict(processing_settings::tenant_id)
        .do_update()
        .set(&row)
        .execute(connection)
        .await?;
    Ok(())
}

impl From<SettingsRow> for TenantSettings {
    fn from(row: SettingsRow) -> Self {
        Self {
            stages: Stages { rule: row.rule_stage, embedding: row.embedding_stage, llm: row.llm_stage },
            auto_accept_threshold: row.auto_accept_threshold,
            target_error_rate: row.target_error_rate,
            audit_sample_rate: row.audit_sample_rate,
            llm: LlmSettings {
                model: row.llm_model,
                monthly_budget: row.llm_monthly_budget.map(Amount::from_stored),
                currency: row.llm_currency,
                // Of a word from a later build: no record leaves.
                disclosure: Disclosure::parse(&row.llm_disclosure).unwrap_or(Disclosure::Forbidden),
            },
            version: row.version,
            updated_at: Some(row.updated_at),
        }
    }
}
