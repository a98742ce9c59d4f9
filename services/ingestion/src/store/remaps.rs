//! Records whose normalised form is made anew from what their source delivered.

use std::collections::HashMap;

use common::amount::Amount;
use common::event::Cause;
use common::record::NormalizedRecord;
use common::{DateTime, OperationId, RecordId, TenantId};
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Binary, Bool, Json, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::history::is_person;

/// What a mapping makes of a delivery, and what is put back by a revert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Form {
    pub(crate) external_id: Option<String>,
    pub(crate) normalized: NormalizedRecord,
}

/// A delivery's headers and body.
#[derive(Debug, QueryableByName)]
pub(crate) struct DeliveredRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Json)]
    pub(crate) headers: Value,
    #[diesel(sql_type = Binary)]
    pub(crate) body: Vec<u8>,
}

/// Deliveries by their ids.
pub(crate) async fn delivered(
    connection: &mut Connection,
    tenant: TenantId,
    deliveries: &[Uuid],
) -> Result<HashMap<Uuid, DeliveredRow>, DbError> {
    let rows: Vec<DeliveredRow> =
        statement("SELECT id, headers, body FROM deliveries WHERE tenant_id = $1 AND id = ANY ($2)")
            .bind::<SqlUuid, _>(tenant.0)
            .bind::<Array<SqlUuid>, _>(deliveries)
            .load(connection)
            .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Gives locked records other forms, each a version further, and keeps in the operation's items what they replace.
pub(crate) async fn write(
    connection: &mut Connection,
    cause: &Cause,
    operation: OperationId,
    forms: &[(RecordId, &Form)],
    replaced: &[(RecordId, Form)],
) -> Result<(), DbError> {
    let ids: Vec<Uuid> = forms.iter().map(|(id, _)| id.0).collect();
    let texts = |of: &dyn Fn(&'_ Form) -> Option<String>| forms.iter().map(|(_, form)| of(form)).collect::<Vec<_>>();
    let attributes: Vec<String> = forms.iter().map(|(_, form)| to_json(&form.normalized.attributes)).collect();
    statement(WRITE)
        .bind::<SqlUuid, _>(cause.tenant_id.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Nullable<Text>>, _>(texts(&|form| form.external_id.clone()))
        .bind::<Array<Nullable<Text>>, _>(texts(&|form| form.normalized.title.clone()))
        .bind::<Array<Text>, _>(forms.iter().map(|(_, form)| form.normalized.text.as_str()).collect::<Vec<_>>())
        .bind::<Array<Nullable<Numeric>>, _>(
            forms.iter().map(|(_, form)| form.normalized.amount.as_ref().map(Amount::as_decimal)).collect::<Vec<_>>(),
        )
        .bind::<Array<Nullable<Text>>, _>(texts(&|form| form.normalized.currency.clone()))
        .bind::<Array<Nullable<Text>>, _>(texts(&|form| form.normalized.counterparty.clone()))
        .bind::<Array<Nullable<Timestamptz>>, _>(
            forms.iter().map(|(_, form)| form.normalized.occurred_at).collect::<Vec<Option<DateTime>>>(),
        )
        .bind::<Array<Text>, _>(attributes)
        .bind::<Timestamptz, _>(cause.at)
        .bind::<SqlUuid, _>(operation.0)
        .bind::<Text, _>(to_json(&cause.actor))
        .bind::<Bool, _>(is_person(&cause.actor))
        .execute(connection)
        .await?;
    statement(
        "UPDATE operation_items i SET before = e.before::json FROM unnest($3, $4) AS e (record_id, before) \
         WHERE i.operation_id = $1 AND i.tenant_id = $2 AND i.record_id = e.record_id",
    )
    .bind::<SqlUuid, _>(operation.0)
    .bind::<SqlUuid, _>(cause.tenant_id.0)
    .bind::<Array<SqlUuid>, _>(replaced.iter().map(|(id, _)| id.0).collect::<Vec<Uuid>>())
    .bind::<Array<Text>, _>(replaced.iter().map(|(_, form)| to_json(form)).collect::<Vec<String>>())
    .execute(connection)
    .await?;
    super::facets::refresh(connection, &[cause.tenant_id.0], &ids).await?;
    statement("SELECT record_words_replace($1)").bind::<Array<SqlUuid>, _>(&ids).execute(connection).await?;
    Ok(())
}

const WRITE: &str = "\
WITH changed AS ( \
    UPDATE records SET external_id = e.external_id, title = e.title, text = e.text, amount = e.amount, \
        currency = e.currency, counterparty = e.counterparty, occurred_at = e.occurred_at, \
        attributes = e.attributes::json, updated_at = $11, version = version + 1 \
    FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10) \
        AS e (id, external_id, title, text, amount, currency, counterparty, occurred_at, attributes) \
    WHERE records.tenant_id = $1 AND records.id = e.id RETURNING records.*) \
INSERT INTO record_history (record_id, version, tenant_id, action, status, label, stage, confidence, decision_id, \
    operation_id, actor, by_person, at) \
SELECT id, version, tenant_id, 'remapped', status, label, stage, confidence, decision_id, $12, $13::json, $14, $11 \
FROM changed";

/// The forms that a revert's items give back.
pub(crate) async fn befores(
    connection: &mut Connection,
    (operation, tenant): (OperationId, TenantId),
    records: &[Uuid],
) -> Result<HashMap<Uuid, Form>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        record_id: Uuid,
        #[diesel(sql_type = Json)]
        before: Value,
    }
    let rows: Vec<Row> = statement(
        "SELECT record_id, before FROM operation_items \
         WHERE operation_id = $1 AND tenant_id = $2 AND record_id = ANY ($3) AND before IS NOT NULL",
    )
    .bind::<SqlUuid, _>(operation.0)
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Array<SqlUuid>, _>(records)
    .load(connection)
    .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.record_id, serde_json::from_value(row.before).ok()?))).collect())
}

fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("forms and actors are plain JSON")
}
