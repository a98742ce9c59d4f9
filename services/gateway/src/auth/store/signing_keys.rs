//! `signing_keys`: the newest signs, the two newest verify.

use common::DateTime;
use db::{Connection, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{Binary, Text, Timestamptz};
use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};

/// A key pair; the private half is sealed.
#[derive(Clone, QueryableByName)]
pub(crate) struct SigningKeyRow {
    #[diesel(sql_type = Text)]
    pub kid: String,
    #[diesel(sql_type = Binary)]
    pub public_key: Vec<u8>,
    #[diesel(sql_type = Binary)]
    pub private_sealed: Vec<u8>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime,
}

/// The live keys, newest first.
pub(crate) async fn live(connection: &mut Connection) -> Result<Vec<SigningKeyRow>, DbError> {
    Ok(statement(
        "SELECT kid, public_key, private_sealed, created_at FROM signing_keys ORDER BY created_at DESC, kid LIMIT 2",
    )
    .load(connection)
    .await?)
}

/// Lets nobody else make a key until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection) -> Result<(), DbError> {
    Ok(connection.batch_execute("SELECT pg_advisory_xact_lock(7208254)").await?)
}

/// Adds a key and deletes all but the two newest.
pub(crate) async fn insert(connection: &mut Connection, key: &SigningKeyRow) -> Result<(), DbError> {
    statement("INSERT INTO signing_keys (kid, public_key, private_sealed, created_at) VALUES ($1, $2, $3, $4)")
        .bind::<Text, _>(&key.kid)
        .bind::<Binary, _>(&key.public_key)
        .bind::<Binary, _>(&key.private_sealed)
        .bind::<Timestamptz, _>(key.created_at)
        .execute(connection)
        .await?;
    statement(
        "DELETE FROM signing_keys WHERE kid NOT IN \
         (SELECT kid FROM signing_keys ORDER BY created_at DESC, kid LIMIT 2)",
    )
    .execute(connection)
    .await?;
    Ok(())
}
