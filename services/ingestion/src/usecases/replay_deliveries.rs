//! Beginning to replay many of a source's deliveries.

use common::event::Cause;
use common::{DeliveryId, IntegrationId};
use db::{Connection, DbError};
use uuid::Uuid;

use super::start_operation::{Beginning, MAX_MATCHED, StartOperationError, Started, begin};
use crate::app::App;
use crate::domain::work::Work;
use crate::store;
use crate::store::deliveries::DeliveryFilter;

/// Ids read at a time while the deliveries are counted.
const STEP: i64 = 5_000;

/// Which deliveries.
#[derive(Debug)]
pub(crate) enum DeliverySelection {
    /// These, as far as the source has them.
    Ids(Vec<DeliveryId>),
    /// All that a list with this filter shows at this moment.
    Filter(DeliveryFilter),
}

/// What is asked for.
#[derive(Debug)]
pub(crate) struct ReplayDeliveries {
    pub(crate) selection: DeliverySelection,
    /// The selection as it was asked for, as JSON text.
    pub(crate) described: String,
    pub(crate) dry_run: bool,
}

/// Why nothing was begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayDeliveriesError {
    #[error("there is no such integration")]
    NotFound,
    #[error(transparent)]
    Start(#[from] StartOperationError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Fixes the deliveries and begins the operation, or only counts them.
pub(crate) async fn replay_deliveries(
    connection: &mut Connection,
    app: &App,
    cause: &Cause,
    id: IntegrationId,
    input: ReplayDeliveries,
) -> Result<Started, ReplayDeliveriesError> {
    let of = (cause.tenant_id, id);
    store::integrations::find(connection, of.0, id).await?.ok_or(ReplayDeliveriesError::NotFound)?;
    let deliveries = match &input.selection {
        DeliverySelection::Ids(ids) => store::deliveries::existing(connection, of, ids).await?,
        DeliverySelection::Filter(filter) => {
            let mut found: Vec<Uuid> = Vec::new();
            loop {
                let after = found.last().copied().map(DeliveryId);
                let step = store::deliveries::ids(connection, of, filter, after, STEP).await?;
                let is_last = i64::try_from(step.len()).is_ok_and(|count| count < STEP);
                found.extend(step);
                if found.len() > MAX_MATCHED {
                    return Err(StartOperationError::TooMany.into());
                }
                if is_last {
                    break found;
                }
            }
        }
    };
    if input.dry_run {
        return Ok(Started::counted(&deliveries)?);
    }
    let beginning = Beginning {
        work: Work::Replay,
        integration_id: Some(id),
        label: None,
        described: input.described,
        items: &deliveries,
    };
    Ok(begin(connection, app, cause, beginning).await?)
}
