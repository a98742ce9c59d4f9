//! Events, and a handler that notes what it was given.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bus::{Bus, Consumer, HandleError, Handler, Outbox, Relay};
use common::event::{Cause, Event, LabelCreated};
use common::trace::TraceContext;
use common::{Actor, Clock as _, EventId, LabelId, SystemClock, TenantId};
use db::{Db, DbError, EmbeddedMigrations};
use settings::{BrokerSettings, ExposeSecret as _};
use test_support::{CutProxy, TestBroker, TestDb};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A label event with the given name; handlers here go by the name.
pub(crate) fn event(name: &str) -> Event {
    let tenant_id = TenantId::generate();
    let cause =
        Cause { tenant_id, actor: Actor::service("test"), trace: TraceContext::random(), at: SystemClock.now() };
    let data =
        LabelCreated { label_id: LabelId::generate(), name: name.into(), description: String::new(), version: 1 };
    Event::new(&cause, "test", &data)
}

pub(crate) struct House {
    pub(crate) database: TestDb,
    pub(crate) broker: TestBroker,
    /// The line to the broker.
    pub(crate) line: CutProxy,
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) outbox: Outbox,
    shutdown: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl House {
    pub(crate) async fn build() -> Self {
        let database = TestDb::create("bus", || EmbeddedMigrations::new(&[])).await;
        let broker = TestBroker::create().await;
        let line =
            CutProxy::start(broker.settings().url.expose_secret().split(['@', '/']).nth(3).expect("a host")).await;
        let url = line.replace_host(broker.settings().url.expose_secret());
        let (db, bus) = (database.pool(), Bus::new("test", &BrokerSettings { url: url.into(), prefetch: 64 }));
        let (shutdown, outbox) = (CancellationToken::new(), Outbox::default());
        Self { database, broker, line, db, bus, outbox, shutdown, tasks: Vec::new() }
    }

    /// Writes events in a transaction that commits.
    pub(crate) async fn tell(&self, events: &[Event]) {
        self.db.system(async |conn| self.outbox.append(conn, events).await).await.expect("committed");
    }

    /// Writes events in a transaction that fails.
    pub(crate) async fn tell_and_fail(&self, events: &[Event]) {
        let outcome: Result<(), DbError> = self
            .db
            .system(async |conn| {
                self.outbox.append(conn, events).await?;
                Err(DbError::Unavailable("on purpose".into()))
            })
            .await;
        assert!(outcome.is_err());
    }

    pub(crate) fn start_relay(&mut self) {
        let relay = Relay::new(self.db.clone(), self.bus.clone(), self.outbox.clone());
        self.tasks.push(tokio::spawn(relay.run(self.shutdown.clone())));
    }

    pub(crate) fn start_consumer(&mut self, handler: Arc<dyn Handler>) {
        let consumer = Consumer::new(self.bus.clone(), bus::queue("approvals.labels"), handler);
        self.tasks.push(tokio::spawn(consumer.run(self.shutdown.clone())));
    }

    pub(crate) async fn demolish(self) {
        self.shutdown.cancel();
        for task in self.tasks {
            task.await.expect("ends without a panic");
        }
        self.bus.close().await;
        self.broker.drop().await;
        self.database.drop().await;
    }
}

/// Notes events; fails on names that begin with `poison` for good and on `flaky` the first three times.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) seen: Mutex<HashMap<EventId, u32>>,
    flakes: Mutex<u32>,
    pub(crate) calls: Mutex<Vec<usize>>,
}

impl Notes {
    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[async_trait]
impl Handler for Notes {
    async fn handle(&self, events: &[Event]) -> Result<(), HandleError> {
        self.calls.lock().expect("no panic before").push(events.len());
        for event in events {
            let label: LabelCreated = event.decode()?;
            if label.name.starts_with("poison") {
                return Err(HandleError::Permanent("poisonous".into()));
            }
            let mut flakes = self.flakes.lock().expect("no panic before");
            if label.name == "flaky" && *flakes < 3 {
                *flakes += 1;
                return Err(HandleError::Transient("not yet".into()));
            }
        }
        let mut seen = self.seen.lock().expect("no panic before");
        for event in events {
            *seen.entry(event.id).or_default() += 1;
        }
        Ok(())
    }
}
