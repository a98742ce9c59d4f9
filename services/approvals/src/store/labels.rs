//! The tenants' labels, as far as events told of them.

use common::event::LabelState;
use common::{LabelId, TenantId};
use db::{Connection, DbError, statement};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::schema::labels as table;

/// The label that has that name now, if the tenant has one.
pub(crate) async fn find_by_name(
    connection: &mut Connection,
    tenant: TenantId,
    name: &str,
) -> Result<Option<LabelId>, DbError> {
    let of_name = table::tenant_id.eq(tenant.0).and(table::name.eq(name)).and(table::deleted.eq(false));
    // While news of renames is on the way two labels may share a name; the newer one took it over.
    let query = table::table.filter(of_name).order(table::label_id.desc()).select(table::label_id);
    let id: Option<Uuid> = query.first(connection).await.optional()?;
    Ok(id.map(LabelId))
}

/// Takes over states that are newer than the known ones. Each label may be there once.
///
/// A deletion names the last version and so wins against it; nothing undoes a deletion.
pub(crate) async fn upsert(connection: &mut Connection, states: &[LabelState]) -> Result<(), DbError> {
    let tenants: Vec<Uuid> = states.iter().map(|state| state.tenant.0).collect();
    let labels: Vec<Uuid> = states.iter().map(|state| state.label.0).collect();
    let names: Vec<&str> = states.iter().map(|state| state.name.as_str()).collect();
    let versions: Vec<i32> = states.iter().map(|state| state.version).collect();
    let deleted: Vec<bool> = states.iter().map(|state| state.deleted).collect();
    statement(
        "INSERT INTO labels AS known (tenant_id, label_id, name, version, deleted) \
         SELECT * FROM unnest($1, $2, $3, $4, $5) AS e (tenant, label, name, version, deleted) \
         ORDER BY tenant, label \
         ON CONFLICT (tenant_id, label_id) DO UPDATE \
         SET name = excluded.name, version = excluded.version, deleted = excluded.deleted \
         WHERE NOT known.deleted \
           AND (known.version, known.deleted) < (excluded.version, excluded.deleted)",
    )
    .bind::<Array<SqlUuid>, _>(tenants)
    .bind::<Array<SqlUuid>, _>(labels)
    .bind::<Array<Text>, _>(names)
    .bind::<Array<Integer>, _>(versions)
    .bind::<Array<Bool>, _>(deleted)
    .execute(connection)
    .await?;
    Ok(())
}
