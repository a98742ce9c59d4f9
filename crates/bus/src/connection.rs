//! A process's connections, opened when needed and opened again after they broke: one to publish, one to consume.
//!
//! They are two because a broker that runs short of memory or disk stops reading from whoever publishes, and the
//! acknowledgements that would relieve it must not wait in the same socket.

use std::sync::Arc;
use std::time::Duration;

use lapin::options::ConfirmSelectOptions;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties};
use settings::{BrokerSettings, ExposeSecret as _, SecretString};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::topology;

/// Longest that the farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);
/// The client keeps buffers of 64 such frames for each connection, and a longer message takes several: with the
/// broker's 128 KiB an idle process would hold 8 MiB a connection for nothing.
const FRAME_MAX: u32 = 32 << 10;
/// Longest wait for a connection and a channel.
const PATIENCE: Duration = Duration::from_secs(10);

/// The broker could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// It is away, or refused.
    #[error("the message broker failed")]
    Broker(#[from] lapin::Error),
    /// Its URL cannot be read.
    #[error("VERDICT__BROKER__URL is not an AMQP URL: {0}")]
    Url(String),
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
    /// The broker took the connection and said nothing.
    #[error("the broker does not answer")]
    Silent,
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
    publishing: Slot,
    consuming: Slot,
}

type Slot = Mutex<Option<Connection>>;

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
            publishing: Slot::default(),
            consuming: Slot::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    pub(crate) fn prefetch(&self) -> u16 {
        self.shared.prefetch
    }

    /// A new channel to consume from.
    pub(crate) async fn consuming_channel(&self) -> Result<Channel, BusError> {
        self.channel(&self.shared.consuming).await
    }

    /// A new channel to publish on, where the broker confirms what it has.
    pub(crate) async fn confirming_channel(&self) -> Result<Channel, BusError> {
        let channel = self.channel(&self.shared.publishing).await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(channel)
    }

    /// A new channel, over a new connection if the present one broke. A broker that takes the connection and says
    /// nothing is given up after a while, so that nobody waits behind it for ever.
    async fn channel(&self, slot: &Slot) -> Result<Channel, BusError> {
        timeout(PATIENCE, self.open(slot)).await.map_err(|_| BusError::Silent)?
    }

    async fn open(&self, slot: &Slot) -> Result<Channel, BusError> {
        let mut slot = slot.lock().await;
        if let Some(connection) = slot.as_ref().filter(|connection| connection.status().connected()) {
            return Ok(connection.create_channel().await?);
        }
        let properties = ConnectionProperties::default().with_connection_name(self.shared.name.as_str().into());
        let mut uri: AMQPUri = self.shared.url.expose_secret().parse().map_err(BusError::Url)?;
        uri.query.frame_max.get_or_insert(FRAME_MAX);
        let connection = Connection::connect_uri(uri, properties).await?;
        let channel = connection.create_channel().await?;
        topology::declare(&channel).await?;
        *slot = Some(connection);
        tracing::info!("connected to the message broker");
        Ok(channel)
    }

    /// Whether the broker answers; connects if need be.
    ///
    /// # Errors
    /// When it is away or refuses.
    pub async fn ping(&self) -> Result<(), BusError> {
        let slot = self.shared.publishing.lock().await;
        if slot.as_ref().is_some_and(|connection| connection.status().connected()) {
            return Ok(());
        }
        drop(slot);
        self.channel(&self.shared.publishing).await.map(drop)
    }

    /// Closes the connections, so that the broker sees a clean end.
    pub async fn close(&self) {
        for slot in [&self.shared.consuming, &self.shared.publishing] {
            if let Some(connection) = slot.lock().await.take() {
                // The process is ending; a broker that is away already needs no farewell. lapin's future sometimes
                // never resolves although the connection is closed (seen in one of some hundred), and must not keep us.
                let _ = timeout(FAREWELL, connection.close(200, "stopping".into())).await;
            }
        }
    }
}
