//! The connection pool.

use std::time::Duration;

use deadpool::managed::QueueMode;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use settings::{DatabaseSettings, ExposeSecret as _};

use crate::DbError;

/// A service's database.
#[derive(Clone)]
pub struct Db {
    pool: Pool<AsyncPgConnection>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("pool", &self.pool.status()).finish()
    }
}

impl Db {
    /// Prepares the pool; connections are opened when first needed, so the server may be away.
    ///
    /// # Errors
    /// When the pool cannot be built.
    pub fn new(settings: &DatabaseSettings) -> Result<Self, DbError> {
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(settings.url.expose_secret());
        let wait = Duration::from_millis(settings.wait_timeout_millis);
        let pool = Pool::builder(manager)
            .max_size(settings.pool_size)
            // A connection keeps buffers as large as the largest statement it has carried, on both sides. The one
            // that was used last is used next, so that only as many grow as work at once.
            .queue_mode(QueueMode::Lifo)
            .wait_timeout(Some(wait))
            .create_timeout(Some(wait))
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|error| DbError::Unavailable(Box::new(error)))?;
        Ok(Self { pool })
    }

    pub(crate) async fn connection(&self) -> Result<Object<AsyncPgConnection>, DbError> {
        self.pool.get().await.map_err(|error| DbError::Unavailable(Box::new(error)))
    }

    /// Whether the server answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), DbError> {
        use diesel_async::SimpleAsyncConnection as _;
        let mut connection = self.connection().await?;
        Ok(connection.batch_execute("SELECT 1").await?)
    }
}
