//! Transactions that say whose rows they touch.

use std::fmt::Write as _;

use common::TenantId;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};

use crate::{Db, DbError};

/// No statement holds a connection of the pool for longer, however large the tenant and whatever it searches for.
const BEGIN: &str = "BEGIN; SET LOCAL statement_timeout = '20s'; ";

impl Db {
    /// Runs `work` in one transaction that sees the rows of one tenant. It commits when `work` is `Ok`.
    ///
    /// # Errors
    /// The error of `work`, or that of the database turned into it.
    pub async fn tenant<T, E>(
        &self,
        tenant: TenantId,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<DbError>,
    {
        self.tenants(&[tenant], work).await
    }

    /// The same for a batch that holds rows of several tenants.
    ///
    /// # Errors
    /// The error of `work`, or that of the database turned into it.
    pub async fn tenants<T, E>(
        &self,
        tenants: &[TenantId],
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<DbError>,
    {
        // The ids are typed UUIDs, so formatting them into the statement is safe; SET takes no parameters.
        let mut begin = String::with_capacity(96 + 37 * tenants.len());
        begin.push_str(BEGIN);
        begin.push_str("SET LOCAL app.tenants = '{");
        for (index, tenant) in tenants.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(begin, "{comma}{tenant}");
        }
        begin.push_str("}'");
        self.transaction(&begin, work).await
    }

    /// Runs `work` in one transaction that sees every tenant's rows. Only for what spans tenants by nature:
    /// relaying the outbox, finding whose a credential or a webhook is.
    ///
    /// # Errors
    /// The error of `work`, or that of the database turned into it.
    pub async fn system<T, E>(&self, work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        self.transaction(&format!("{BEGIN}SET LOCAL app.scope = 'system'"), work).await
    }

    async fn transaction<T, E>(
        &self,
        begin: &str,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<DbError>,
    {
        let mut open = OpenTransaction(Some(self.connection().await?));
        open.execute(begin).await?;
        let outcome = work(open.connection()).await;
        match outcome {
            Ok(value) => {
                open.execute("COMMIT").await?;
                open.finish();
                Ok(value)
            }
            Err(error) => {
                // A failed rollback leaves the guard armed, and the connection is thrown away.
                if open.execute("ROLLBACK").await.is_ok() {
                    open.finish();
                }
                Err(error)
            }
        }
    }
}

/// A connection inside a transaction. Dropped before it is finished (a caller went away in mid-work), it
/// leaves the pool and is closed, so that PostgreSQL rolls back and nobody inherits the open transaction.
struct OpenTransaction(Option<Object<AsyncPgConnection>>);

impl OpenTransaction {
    fn connection(&mut self) -> &mut AsyncPgConnection {
        self.0.as_mut().expect("present until finished")
    }

    async fn execute(&mut self, sql: &str) -> Result<(), DbError> {
        Ok(self.connection().batch_execute(sql).await?)
    }

    /// Gives the connection back to the pool.
    fn finish(mut self) {
        self.0 = None;
    }
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}
