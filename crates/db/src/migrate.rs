//! Migrations: the shared foundation, then the service's own.

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel_async::{AsyncConnection as _, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

const FOUNDATION: EmbeddedMigrations = embed_migrations!("../../migrations/shared");

/// A migration that did not run.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database is away, or the URL is wrong.
    #[error("cannot connect to the database to migrate")]
    Connect(#[from] diesel::ConnectionError),
    /// A statement failed; the database is as it was before that migration.
    #[error("a migration failed: {0}")]
    Run(Box<dyn std::error::Error + Send + Sync>),
}

/// Brings the database at `url` up to date and returns the names of the migrations that ran.
///
/// Needs a multi-threaded tokio runtime and the owner's role; two runs at once wait for each other.
///
/// # Errors
/// When the database is away or a migration fails.
pub async fn migrate(url: &str, service: EmbeddedMigrations) -> Result<Vec<String>, MigrateError> {
    use diesel_async::SimpleAsyncConnection as _;
    let mut connection = AsyncPgConnection::establish(url).await?;
    // Held by the session until the connection closes.
    connection
        .batch_execute("SELECT pg_advisory_lock(7208253)")
        .await
        .map_err(|error| MigrateError::Run(Box::new(error)))?;
    let mut harness = AsyncMigrationHarness::new(connection);
    let ran = tokio::task::block_in_place(|| harness.run_pending_migrations(Both(service)).map(|ran| names(&ran)));
    ran.map_err(MigrateError::Run)
}

fn names(ran: &[diesel::migration::MigrationVersion<'_>]) -> Vec<String> {
    ran.iter().map(ToString::to_string).collect()
}

struct Both(EmbeddedMigrations);

impl MigrationSource<Pg> for Both {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<Pg>>>> {
        let mut all = FOUNDATION.migrations()?;
        all.extend(self.0.migrations()?);
        Ok(all)
    }
}
