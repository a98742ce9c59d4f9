//! The relay: from the outbox to the broker, and out of the outbox once confirmed.

use std::time::Duration;

use db::{Connection, Db, DbError, statement};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl as _;
use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Channel, Confirmation};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::{Bus, BusError, Frame, Outbox, topology};

/// Most events claimed at once, and most bytes of them: a window is in memory twice.
const WINDOW: i64 = 1_000;
const WINDOW_BYTES: i64 = 8 << 20;
/// Below this the relay waits a moment after a claim, so that the next one fills fuller frames.
const FULL_ENOUGH: usize = 250;
const LINGER: Duration = Duration::from_millis(25);
/// While callers who wait for their answers keep the machine busy, a relay carries this share of what they bring, as a
/// fraction: decisions keep up with more than half of a rush however long it lasts, and what is left over goes out once
/// it has passed.
const RUSH_SHARE: (usize, usize) = (3, 5);
/// Where nobody pressed for so long, the rush is over.
const RUSH_STEP: Duration = Duration::from_millis(50);
/// Longest wait for callers after one window.
const LONGEST_YIELD: Duration = Duration::from_secs(1);
/// How often an idle relay looks, for rows that another process wrote.
const IDLE_POLL: Duration = Duration::from_millis(100);
const BACKOFF: Duration = Duration::from_millis(500);
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    routing_key: String,
    #[diesel(sql_type = Text)]
    event: String,
}

/// Publishes a service's outbox. Any number may run; each claims rows that no other holds.
#[derive(Debug)]
pub struct Relay {
    db: Db,
    bus: Bus,
    outbox: Outbox,
    channel: Option<Channel>,
}

impl Relay {
    /// A relay that has not begun.
    #[must_use]
    pub const fn new(db: Db, bus: Bus, outbox: Outbox) -> Self {
        Self { db, bus, outbox, channel: None }
    }

    /// Publishes until told to stop. A broker or database that is away is waited for.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut quiet = Duration::from_millis(1);
        while !shutdown.is_cancelled() {
            match self.publish_window().await {
                Ok(0) => {
                    tokio::select! {
                        () = shutdown.cancelled() => {}
                        () = self.outbox.woken() => quiet = Duration::from_millis(1),
                        () = sleep(quiet) => quiet = (quiet * 2).min(IDLE_POLL),
                    }
                }
                Ok(count) => {
                    quiet = Duration::from_millis(1);
                    tokio::select! {
                        () = shutdown.cancelled() => {}
                        () = self.pause_after(count) => {}
                    }
                }
                Err(error) => {
                    self.channel = None;
                    tracing::warn!(error = %error_chain(&error), "events wait in the outbox");
                    tokio::select! {
                        () = shutdown.cancelled() => {}
                        () = sleep(BACKOFF) => {}
                    }
                }
            }
        }
    }

    /// Lets callers go first while they press; otherwise waits a moment where the last window was small.
    async fn pause_after(&self, carried: usize) {
        let mut came = self.outbox.take_pressure();
        if came == 0 {
            if carried < FULL_ENOUGH {
                sleep(LINGER).await;
            }
            return;
        }
        let (share, whole) = RUSH_SHARE;
        let until = Instant::now() + LONGEST_YIELD;
        while came * share < carried * whole && Instant::now() < until {
            sleep(RUSH_STEP).await;
            match self.outbox.take_pressure() {
                0 => return,
                more => came += more,
            }
        }
    }

    /// Publishes what is in the outbox now, up to one window, and returns how many events left it.
    ///
    /// # Errors
    /// When the broker or the database failed; all events are still there.
    pub async fn publish_window(&mut self) -> Result<usize, BusError> {
        let slot = &mut self.channel;
        // Before the transaction, so that no broker that is away keeps one open.
        if slot.as_ref().is_none_or(|channel| !channel.status().connected()) {
            *slot = Some(self.bus.confirming_channel().await?);
        }
        self.db
            .system(async |connection| {
                let rows = claim(connection).await?;
                if rows.is_empty() {
                    return Ok(0);
                }
                let frames = Frame::pack(rows.iter().map(|row| (row.routing_key.as_str(), row.event.as_str())));
                let channel = slot.as_ref().ok_or(BusError::Silent)?;
                publish_all(channel, &frames).await?;
                Ok(rows.len())
            })
            .await
    }
}

/// Takes the oldest rows out of the outbox; they are back if the transaction does not commit.
async fn claim(connection: &mut Connection) -> Result<Vec<Row>, DbError> {
    // ARRAY() around the subquery makes the planner go by the primary key whatever the statistics say. The oldest
    // event travels however long it is.
    Ok(statement(
        "WITH locked AS MATERIALIZED ( \
             SELECT seq, octet_length(event::text) AS bytes FROM outbox ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED \
         ), fitting AS ( \
             SELECT seq, sum(bytes) OVER (ORDER BY seq) - bytes AS before FROM locked \
         ), claimed AS ( \
             DELETE FROM outbox WHERE seq = ANY (ARRAY(SELECT seq FROM fitting WHERE before < $2)) \
             RETURNING seq, routing_key, event) \
         SELECT routing_key, event::text AS event FROM claimed ORDER BY seq",
    )
    .bind::<BigInt, _>(WINDOW)
    .bind::<BigInt, _>(WINDOW_BYTES)
    .load(connection)
    .await?)
}

/// Publishes the frames in one go and waits until the broker has all of them on disk.
async fn publish_all(channel: &Channel, frames: &[Frame]) -> Result<(), BusError> {
    let mut confirms = Vec::with_capacity(frames.len());
    for frame in frames {
        let key = frame.routing_key.as_str();
        confirms.push((key, publish(channel, topology::EVENTS, key, frame.body.as_bytes(), properties()).await?));
    }
    for (key, confirm) in confirms {
        confirmed(confirm, key).await?;
    }
    Ok(())
}

/// Persistent JSON.
pub(crate) fn properties() -> BasicProperties {
    const PERSISTENT: u8 = 2;
    BasicProperties::default().with_delivery_mode(PERSISTENT).with_content_type("application/json".into())
}

pub(crate) async fn publish(
    channel: &Channel,
    exchange: &str,
    key: &str,
    body: &[u8],
    properties: BasicProperties,
) -> Result<lapin::PublisherConfirm, BusError> {
    let options = BasicPublishOptions { mandatory: true, ..Default::default() };
    Ok(channel.basic_publish(exchange.into(), key.into(), options, body, properties).await?)
}

/// Waits for the broker's word. An unroutable message is confirmed too, with the message given back.
pub(crate) async fn confirmed(confirm: lapin::PublisherConfirm, key: &str) -> Result<(), BusError> {
    match timeout(CONFIRM_TIMEOUT, confirm).await {
        Ok(Ok(Confirmation::Ack(None))) => Ok(()),
        Ok(Ok(Confirmation::Ack(Some(_)))) => Err(BusError::Unroutable(key.to_owned())),
        Ok(Ok(Confirmation::Nack(_) | Confirmation::NotRequested)) | Err(_) => Err(BusError::Refused),
        Ok(Err(error)) => Err(BusError::Broker(error)),
    }
}

/// An error with all of its causes in one line.
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
