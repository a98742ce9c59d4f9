//! A queue's consumer: batches in, one commit, one acknowledgement; failures retried, then set apart.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use common::event::Event;
use futures_util::{FutureExt as _, StreamExt as _};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::relay::{confirmed, error_chain, properties, publish};
use crate::{Bus, BusError, Frame, HandleError, Handler, Queue};

/// A batch is closed once it holds this many events, unless its consumer says otherwise.
const BATCH: usize = 512;
/// Pauses between tries of a batch that fails for a passing reason, in milliseconds.
const PAUSES: [u64; 5] = [50, 200, 500, 1_000, 2_000];
const LONGEST_PAUSE: u64 = 2_000;
/// Rounds through the retry queue before an event is dead; with the pauses some five minutes.
const MAX_ROUNDS: i64 = 30;
/// Links on a batch's span; more would only cost.
const MAX_LINKS: usize = 16;
const RECONNECT: Duration = Duration::from_millis(500);
/// Longest reason kept with what is set apart, in bytes.
const MAX_REASON: usize = 1_024;
const ROUND_HEADER: &str = "x-round";
const REASON_HEADER: &str = "x-reason";

/// Feeds a queue's events to a handler.
pub struct Consumer {
    bus: Bus,
    queue: &'static Queue,
    handler: Arc<dyn Handler>,
    linger: Duration,
    batch: usize,
}

impl std::fmt::Debug for Consumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumer").field("queue", &self.queue.name).finish_non_exhaustive()
    }
}

/// A message and the events in it.
struct Received {
    round: i64,
    events: Vec<Event>,
}

impl Consumer {
    /// A consumer that has not begun.
    #[must_use]
    pub fn new(bus: Bus, queue: &'static Queue, handler: Arc<dyn Handler>) -> Self {
        Self { bus, queue, handler, linger: Duration::ZERO, batch: BATCH }
    }

    /// Waits so long for more events before it closes a batch that is not full. For consumers that nobody waits
    /// for: a commit costs much the same for one event as for hundreds.
    #[must_use]
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Closes a batch once it holds so many events. A batch is in memory as a whole.
    #[must_use]
    pub fn batch(mut self, events: usize) -> Self {
        self.batch = events;
        self
    }

    /// Consumes until told to stop. A broker that is away is waited for.
    pub async fn run(self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.session(&shutdown).await {
                tracing::warn!(queue = self.queue.name, error = %error_chain(&error), "consumer starts again");
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = sleep(RECONNECT) => {}
                }
            }
        }
    }

    async fn session(&self, shutdown: &CancellationToken) -> Result<(), BusError> {
        let channel = self.bus.consuming_channel().await?;
        channel.basic_qos(self.bus.prefetch(), BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        let mut stream =
            channel.basic_consume(self.queue.name.into(), "".into(), options, FieldTable::default()).await?;
        loop {
            let first = tokio::select! {
                () = shutdown.cancelled() => break,
                delivery = stream.next() => delivery.ok_or(BusError::Cancelled)??,
            };
            let mut last_tag = first.delivery_tag;
            let mut batch = vec![self.read(first).await?];
            let mut size: usize = batch[0].events.len();
            let deadline = Instant::now() + self.linger;
            while size < self.batch
                && let Some(delivery) = more(&mut stream, deadline).await
            {
                let delivery = delivery?;
                last_tag = delivery.delivery_tag;
                let received = self.read(delivery).await?;
                size += received.events.len();
                batch.push(received);
            }
            self.handle(batch, shutdown).await?;
            channel.basic_ack(last_tag, BasicAckOptions { multiple: true }).await?;
        }
        channel.basic_cancel(stream.tag(), BasicCancelOptions::default()).await?;
        Ok(())
    }

    /// Unpacks a message; what is no event in it goes to the dead-letter queue as it is.
    async fn read(&self, delivery: Delivery) -> Result<Received, BusError> {
        let round = round_of(&delivery);
        let (events, unreadable) = Frame::unpack(&delivery.data);
        for (body, error) in unreadable {
            self.set_apart(&self.queue.dead_name(), &body, round, &error_chain(&error)).await?;
        }
        Ok(Received { round, events })
    }

    /// Handles a batch as a whole or, if it cannot be, each event by itself, so that one bad event holds up
    /// no other. What comes back from the retry queue is tried alone from the start. When this returns `Ok`, every
    /// event is handled, waiting in the retry queue, or dead.
    async fn handle(&self, batch: Vec<Received>, shutdown: &CancellationToken) -> Result<(), BusError> {
        let (fresh, retried): (Vec<_>, Vec<_>) = batch.into_iter().partition(|one| one.round == 0);
        let fresh: Vec<Event> = fresh.into_iter().flat_map(|one| one.events).collect();
        if !fresh.is_empty() {
            match self.try_handle(&fresh, shutdown).await {
                Ok(()) => {}
                // Not acknowledged, so the broker delivers them again to whoever consumes next.
                Err(HandleError::Unavailable(_)) => return Err(BusError::Stopping),
                Err(HandleError::Transient(_) | HandleError::Permanent(_)) => self.handle_each(&fresh, 0).await?,
            }
        }
        for one in retried {
            self.handle_each(&one.events, one.round).await?;
        }
        Ok(())
    }

    async fn handle_each(&self, events: &[Event], round: i64) -> Result<(), BusError> {
        for event in events {
            match self.attempt(std::slice::from_ref(event)).await {
                Ok(()) => {}
                Err(HandleError::Unavailable(_)) => return Err(BusError::Stopping),
                Err(HandleError::Transient(error)) if round < MAX_ROUNDS => {
                    self.set_event_apart(&self.queue.retry_name(), event, round + 1, &*error).await?;
                }
                Err(HandleError::Transient(error) | HandleError::Permanent(error)) => {
                    self.set_event_apart(&self.queue.dead_name(), event, round, &*error).await?;
                }
            }
        }
        Ok(())
    }

    /// Tries a batch until it is handled, it fails for good, or the pauses are used up. While a dependency is
    /// away it goes on trying until told to stop.
    async fn try_handle(&self, events: &[Event], shutdown: &CancellationToken) -> Result<(), HandleError> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let outcome = self.attempt(events).await;
            let (Err(error), false) = (&outcome, shutdown.is_cancelled()) else { return outcome };
            let pause = match error {
                HandleError::Unavailable(_) => pauses.next().unwrap_or(LONGEST_PAUSE),
                HandleError::Transient(_) => match pauses.next() {
                    Some(pause) => pause,
                    None => return outcome,
                },
                HandleError::Permanent(_) => return outcome,
            };
            tracing::warn!(queue = self.queue.name, events = events.len(), error = %error_chain(error), "trying again");
            sleep(Duration::from_millis(pause)).await;
        }
    }

    async fn set_event_apart(
        &self,
        target: &str,
        event: &Event,
        round: i64,
        error: &(dyn std::error::Error + Send + Sync),
    ) -> Result<(), BusError> {
        let reason = error_chain(error);
        tracing::error!(queue = self.queue.name, event = %event.id, kind = event.kind, target, reason, "event set apart");
        let body = serde_json::to_vec(&[event]).expect("an event is plain JSON");
        self.set_apart(target, &body, round, &reason).await
    }

    async fn attempt(&self, events: &[Event]) -> Result<(), HandleError> {
        let span = tracing::info_span!(
            "consume",
            otel.kind = "consumer",
            messaging.system = "rabbitmq",
            messaging.destination.name = self.queue.name,
            messaging.batch.message_count = events.len(),
        );
        for event in events.iter().take(MAX_LINKS) {
            telemetry::link(&span, event.trace());
        }
        // A panic ends the attempt and not the consumer: the event is set apart like any other that cannot be handled.
        let handled = AssertUnwindSafe(self.handler.handle(events)).catch_unwind().instrument(span).await;
        handled.unwrap_or_else(|_| Err(HandleError::Permanent("the handler panicked".into())))
    }

    async fn set_apart(&self, target: &str, body: &[u8], round: i64, reason: &str) -> Result<(), BusError> {
        // An error may quote a whole record, and headers must fit into one frame of the protocol.
        let reason = reason.get(..reason.floor_char_boundary(MAX_REASON)).unwrap_or(reason);
        let mut headers = FieldTable::default();
        headers.insert(ROUND_HEADER.into(), AMQPValue::LongLongInt(round));
        headers.insert(REASON_HEADER.into(), AMQPValue::LongString(reason.into()));
        let channel = self.bus.confirming_channel().await?;
        let confirm = publish(&channel, "", target, body, properties().with_headers(headers)).await?;
        confirmed(confirm, target).await
    }
}

/// The next delivery, if it is there by the deadline; one that is there already is taken even past it.
async fn more(stream: &mut lapin::Consumer, deadline: Instant) -> Option<Result<Delivery, lapin::Error>> {
    match stream.next().now_or_never() {
        Some(delivery) => delivery,
        None if deadline <= Instant::now() => None,
        None => timeout_at(deadline, stream.next()).await.ok().flatten(),
    }
}

fn round_of(delivery: &Delivery) -> i64 {
    let headers = delivery.properties.headers().as_ref();
    match headers.and_then(|headers| headers.inner().get(ROUND_HEADER)) {
        Some(AMQPValue::LongLongInt(round)) => *round,
        _ => 0,
    }
}
