//! What a service holds of a tenant beside plain rows.

use async_trait::async_trait;
use common::{DateTime, TenantId};
use db::{Connection, DbError};

/// What a step of a service's own removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Rows that went.
    pub rows: i64,
    /// Whether there may be more to do at once.
    pub has_more: bool,
    /// Whether something is on its way out, so that another pass has to look.
    pub is_pending: bool,
}

/// What a service holds of a tenant. The tables with a `tenant_id` are found by themselves.
#[async_trait]
pub trait Holdings: std::fmt::Debug + Send + Sync + 'static {
    /// Tables whose rows must not simply go, because something else hangs on them; `remove` sees to those.
    fn apart(&self) -> &'static [&'static str] {
        &[]
    }

    /// What must end at once, in the transaction that hears of the deletion. A second time changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    async fn close(&self, _connection: &mut Connection, _tenant: TenantId, _at: DateTime) -> Result<(), DbError> {
        Ok(())
    }

    /// After the tables of a pass: removes up to so many of what else there is. The transaction has the system's scope.
    ///
    /// # Errors
    /// When the database fails.
    async fn remove(&self, _connection: &mut Connection, _tenant: TenantId, _most: i64) -> Result<Removed, DbError> {
        Ok(Removed::default())
    }
}

/// Rows, and nothing beside them.
#[derive(Clone, Copy, Debug)]
pub struct Rows;

impl Holdings for Rows {}
