//! What models behind endpoints can do; no tenant's.

use common::DateTime;
use db::{Connection, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Text, Timestamptz};
use diesel_async::RunQueryDsl as _;
use language_model::Capabilities;

use super::{Stored, from_json, to_json};

/// What is known of a model.
pub(crate) async fn find(connection: &mut Connection, base_url: &str, model: &str) -> Stored<Option<Capabilities>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        capabilities: String,
    }
    let rows: Vec<Row> = statement(
        "SELECT capabilities::text AS capabilities FROM model_capabilities WHERE base_url = $1 AND model = $2",
    )
    .bind::<Text, _>(base_url)
    .bind::<Text, _>(model)
    .load(connection)
    .await?;
    rows.into_iter().next().map(|row| from_json(&row.capabilities)).transpose()
}

/// Keeps what was found out.
pub(crate) async fn put(
    connection: &mut Connection,
    base_url: &str,
    model: &str,
    found: Capabilities,
    at: DateTime,
) -> Stored<()> {
    statement(
        "INSERT INTO model_capabilities (base_url, model, capabilities, probed_at) VALUES ($1, $2, $3::json, $4) \
         ON CONFLICT (base_url, model) DO UPDATE \
         SET capabilities = excluded.capabilities, probed_at = excluded.probed_at",
    )
    .bind::<Text, _>(base_url)
    .bind::<Text, _>(model)
    .bind::<Text, _>(to_json(&found)?)
    .bind::<Timestamptz, _>(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what was found out before that time, so that it is found out anew.
pub(crate) async fn forget(connection: &mut Connection, base_url: &str, model: &str, before: DateTime) -> Stored<()> {
    statement("DELETE FROM model_capabilities WHERE base_url = $1 AND model = $2 AND probed_at < $3")
        .bind::<Text, _>(base_url)
        .bind::<Text, _>(model)
        .bind::<Timestamptz, _>(before)
        .execute(connection)
        .await?;
    Ok(())
}
