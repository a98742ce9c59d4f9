//! Takes into the tenants' memories what people have decided, and out of them what was taken back.

use common::{RecordId, TenantId};
use db::{Connection, DbError};

use crate::app::App;
use crate::store::{embeddings, exemplars};

/// Learns what is true of the records now, in the transaction that made it so. They must be locked.
pub(super) async fn learn_from_people(
    connection: &mut Connection,
    app: &App,
    tenants: &[TenantId],
    records: &[RecordId],
) -> Result<(), DbError> {
    if exemplars::take_in(connection, tenants, records, app.model_id(), false).await? > 0 {
        app.learning.wake();
    }
    Ok(())
}

/// Forgets the vectors of records that say something else now; they get new ones in the background. The records must
/// be locked.
pub(super) async fn forget_texts(
    connection: &mut Connection,
    app: &App,
    tenants: &[TenantId],
    records: &[RecordId],
) -> Result<(), DbError> {
    if records.is_empty() {
        return Ok(());
    }
    embeddings::forget(connection, tenants, records).await?;
    exemplars::take_in(connection, tenants, records, app.model_id(), true).await?;
    Ok(())
}
