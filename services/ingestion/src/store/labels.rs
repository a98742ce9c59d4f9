//! The tenants' labels, as far as events told of them.

use common::TenantId;
use common::event::LabelState;
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Bool, Integer, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

/// Whether the tenant has a label of that name. One that was made before this service listened is known by its records.
pub(crate) async fn is_known(connection: &mut Connection, tenant: TenantId, name: &str) -> Result<bool, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        known: bool,
    }
    let row: Row = statement(
        "SELECT EXISTS (SELECT FROM labels WHERE tenant_id = $1 AND name = $2 AND NOT deleted) \
             OR NOT EXISTS (SELECT FROM labels WHERE tenant_id = $1 AND name = $2) \
                AND EXISTS (SELECT FROM record_facets WHERE tenant_id = $1 AND label = $2) AS known",
    )
    .bind::<SqlUuid, _>(tenant.0)
    .bind::<Text, _>(name)
    .get_result(connection)
    .await?;
    Ok(row.known)
}

/// Takes over states that are newer than the known ones. Each label may be there once.
///
/// A deletion names the last version and so wins against it; nothing undoes a deletion.
pub(crate) async fn upsert(connection: &mut Connection, states: &[LabelState]) -> Result<(), DbError> {
    statement(
        "INSERT INTO labels AS known (tenant_id, label_id, name, version, deleted) \
         SELECT * FROM unnest($1, $2, $3, $4, $5) AS e (tenant, label, name, version, deleted) \
         ORDER BY tenant, label \
         ON CONFLICT (tenant_id, label_id) DO UPDATE \
         SET name = excluded.name, version = excluded.version, deleted = excluded.deleted \
         WHERE NOT known.deleted AND (known.version, known.deleted) < (excluded.version, excluded.deleted)",
    )
    .bind::<Array<SqlUuid>, _>(states.iter().map(|state| state.tenant.0).collect::<Vec<Uuid>>())
    .bind::<Array<SqlUuid>, _>(states.iter().map(|state| state.label.0).collect::<Vec<Uuid>>())
    .bind::<Array<Text>, _>(states.iter().map(|state| state.name.as_str()).collect::<Vec<&str>>())
    .bind::<Array<Integer>, _>(states.iter().map(|state| state.version).collect::<Vec<i32>>())
    .bind::<Array<Bool>, _>(states.iter().map(|state| state.deleted).collect::<Vec<bool>>())
    .execute(connection)
    .await?;
    Ok(())
}
