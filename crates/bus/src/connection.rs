//! One connection a process, opened when needed and opened again after it broke.

use std::sync::Arc;
use std::time::Duration;

use lapin::options::ConfirmSelectOptions;
use lapin::{Channel, Connection, ConnectionProperties};
use settings::{BrokerSettings, ExposeSecret as _, SecretString};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::topology;

/// Longest that the farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// The broker could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// It is away, or refused.
    #[error("the message broker failed")]
    Broker(#[from] lapin::Error),
    /// It took a message and gave it back.
    #[error("the broker could not route a message with key {0:?}")]
    Unroutable(String),
    /// It did not take a message.
    #[error("the broker refused a message")]
    Refused,
    /// The database behind the outbox failed.
    #[error("the outbox cannot be read")]
    Outbox(#[from] db::DbError),
    /// The process is stopping, or a dependency went away in mid-batch; the batch comes again.
    #[error("a batch was left for the next start")]
    Stopping,
    /// The broker closed the consumer.
    #[error("the broker ended the subscription")]
    Cancelled,
}

/// A service's connection to the broker.
#[derive(Clone)]
pub struct Bus {
    shared: Arc<Shared>,
}

struct Shared {
    url: SecretString,
    name: String,
    prefetch: u16,
    connection: Mutex<Option<Connection>>,
}

impl std::fmt::Debug for Bus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bus").field("name", &self.shared.name).finish_non_exhaustive()
    }
}

impl Bus {
    /// Prepares the connection; it is opened when first needed, so the broker may be away.
    #[must_use]
    pub fn new(service: &str, settings: &BrokerSettings) -> Self {
        let shared = Shared {
            url: settings.url.clone(),
            name: format!("verdict-{service}"),
            prefetch: settings.prefetch,
            connection: Mutex::new(None),
        };
        Self { shared: Arc::new(shared) }
    }

    pub(crate) fn prefetch(&self) -> u16 {
        self.shared.prefetch
    }

    /// A new channel, over a new connection if the present one broke.
    pub(crate) async fn channel(&self) -> Result<Channel, BusError> {
        let mut slot = self.shared.connection.lock().await;
        if let Some(connection) = slot.as_ref().filter(|connection| connection.status().connected()) {
            return Ok(connection.create_channel().await?);
        }
        let properties = ConnectionProperties::default().with_connection_name(self.shared.name.as_str().into());
        let connection = Connection::connect(self.shared.url.expose_secret(), properties).await?;
        let channel = connection.create_channel().await?;
        topology::declare(&channel).await?;
        *slot = Some(connection);
        tracing::info!("connected to the message broker");
        Ok(channel)
    }

    /// A new channel on which the broker confirms what is published.
    pub(crate) async fn confirming_channel(&self) -> Result<Channel, BusError> {
        let channel = self.channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(channel)
    }

    /// Whether the broker answers; connects if need be.
    ///
    /// # Errors
    /// When it is away or refuses.
    pub async fn ping(&self) -> Result<(), BusError> {
        let slot = self.shared.connection.lock().await;
        if slot.as_ref().is_some_and(|connection| connection.status().connected()) {
            return Ok(());
        }
        drop(slot);
        self.channel().await.map(drop)
    }

    /// Closes the connection, so that the broker sees a clean end.
    pub async fn close(&self) {
        if let Some(connection) = self.shared.connection.lock().await.take() {
            // The process is ending; a broker that is away already needs no farewell. lapin's future sometimes never
            // resolves although the connection is closed (seen in one of some hundred), and must not keep us.
            let _ = timeout(FAREWELL, connection.close(200, "stopping".into())).await;
        }
    }
}
