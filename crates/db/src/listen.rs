//! `LISTEN`: hearing at once what another process committed.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use futures_util::StreamExt as _;
use settings::{DatabaseSettings, ExposeSecret as _};

use crate::DbError;

/// How long a connection may take to open.
const PATIENCE: Duration = Duration::from_secs(10);

/// Listens on a channel over a connection of its own, for as long as that lasts. `begun` is called once it listens:
/// what was told before was not heard. Needs a direct connection or a pooler in session mode.
///
/// # Errors
/// When the connection cannot be opened or breaks.
pub async fn listen(
    settings: &DatabaseSettings,
    channel: &'static str,
    begun: impl FnOnce(),
    mut heard: impl FnMut(&str),
) -> Result<Infallible, DbError> {
    let opening = AsyncPgConnection::establish(settings.url.expose_secret());
    let late = |error: tokio::time::error::Elapsed| DbError::Unavailable(Box::new(error));
    let opened = tokio::time::timeout(PATIENCE, opening).await.map_err(late)?;
    let mut connection = opened.map_err(|error| DbError::Unavailable(Box::new(error)))?;
    connection.batch_execute(&format!("LISTEN {channel}")).await?;
    begun();
    let mut notifications = pin!(connection.notifications_stream());
    while let Some(notification) = notifications.next().await {
        heard(&notification?.payload);
    }
    Err(DbError::Unavailable("the connection that listens was closed".into()))
}
