//! PostgreSQL for a service: the pool, tenant-scoped transactions, error classes and migrations.
//!
//! Every transaction says whose rows it touches: [`Db::tenant`], [`Db::tenants`] or, for the few jobs that
//! span tenants by nature, [`Db::system`]. Row-level security enforces what is said.

mod error;
pub mod idempotency;
pub mod inbox;
mod listen;
mod migrate;
pub use diesel_migrations::{EmbeddedMigrations, embed_migrations};
mod pool;
mod statement;
mod transaction;

pub use diesel_async::AsyncPgConnection as Connection;
pub use error::{DbError, ErrorClass};
pub use listen::listen;
pub use migrate::{MigrateError, migrate};
pub use pool::Db;
pub use statement::{Statement, statement};
