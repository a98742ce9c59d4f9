//! Waiting for a label that its creator knows of and this service does not yet.
//!
//! Labels are processing's; this service hears of them over the bus. Whoever creates a label and relabels with it the
//! next moment is answered before LABEL_CREATED has arrived here. The wait is only for misses, holds no transaction,
//! and is short: past it the label does not exist.

use std::time::Duration;

use common::TenantId;
use db::DbError;
use tokio::time::{Instant, sleep};

use crate::app::App;
use crate::store;

/// Longest wait for a label's event.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Waits until the label is known, or the patience is used up.
pub(crate) async fn label_arrives(app: &App, tenant: TenantId, name: &str) -> Result<(), DbError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let known =
            app.db.tenant(tenant, async |connection| store::labels::is_known(connection, tenant, name).await).await?;
        if known || Instant::now() >= deadline {
            return Ok(());
        }
        sleep(LOOK_AGAIN).await;
    }
}
