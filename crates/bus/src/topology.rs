//! Exchanges and queues: who hears what.
//!
//! Every process declares all of it when it connects, so that an event published before its consumer has ever
//! run waits in the queue instead of being unroutable.

use common::event::EventType;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

/// Where events are published; the routing key is the event's type.
pub(crate) const EVENTS: &str = "verdict.events";
/// How long an event that failed for a passing reason waits, in milliseconds.
const RETRY_DELAY_MILLIS: u32 = 5_000;
/// Deliveries after which the broker itself gives a frame up; consumers give up long before.
const DELIVERY_LIMIT: i64 = 100;

/// A consumer's queue.
#[derive(Debug, PartialEq, Eq)]
pub struct Queue {
    /// `service.purpose`.
    pub name: &'static str,
    /// What it hears; empty means everything.
    pub types: &'static [EventType],
}

use EventType::{
    Approved, Classified, EntitlementsUpdated, Ingested, IntegrationConnected, IntegrationDeleted, LabelCreated,
    LabelDeleted, LabelUpdated, MemberJoined, MemberRemoved, RecordArchived, RecordRestored, RelabelRequested,
    ReprocessRequested, Reprocessed, ReviewRequested, RuleRequested, SubscriptionUpdated, TenantCreated, TenantDeleted,
    TenantUpdated,
};

/// Every queue there is.
pub const QUEUES: &[Queue] = &[
    Queue { name: "gateway.subscriptions", types: &[SubscriptionUpdated] },
    Queue { name: "gateway.entitlements", types: &[EntitlementsUpdated] },
    Queue { name: "ingestion.entitlements", types: &[EntitlementsUpdated] },
    Queue { name: "ingestion.index", types: &[Ingested] },
    Queue { name: "ingestion.labels", types: &[LabelCreated, LabelUpdated, LabelDeleted] },
    Queue { name: "ingestion.operations", types: &[Reprocessed] },
    Queue { name: "ingestion.states", types: &[Classified, ReviewRequested, Approved] },
    Queue { name: "processing.entitlements", types: &[EntitlementsUpdated] },
    Queue { name: "processing.records", types: &[Ingested] },
    Queue { name: "ingestion.tenants", types: &[TenantUpdated] },
    Queue { name: "processing.reprocess", types: &[ReprocessRequested, RelabelRequested] },
    Queue { name: "processing.feedback", types: &[Approved, RuleRequested] },
    Queue { name: "approvals.reviews", types: &[ReviewRequested] },
    Queue { name: "approvals.records", types: &[RecordArchived, RecordRestored] },
    Queue { name: "approvals.reprocessed", types: &[Reprocessed] },
    Queue { name: "approvals.labels", types: &[LabelCreated, LabelUpdated, LabelDeleted] },
    Queue {
        name: "billing.usage",
        types: &[
            TenantCreated,
            TenantUpdated,
            TenantDeleted,
            Ingested,
            MemberJoined,
            MemberRemoved,
            IntegrationConnected,
            IntegrationDeleted,
        ],
    },
    Queue { name: "reporting.log", types: &[] },
];

/// The queue of that name.
///
/// # Panics
/// When the table has none: a consumer without a queue is a defect that its first start shows.
#[must_use]
pub fn queue(name: &str) -> &'static Queue {
    QUEUES.iter().find(|queue| queue.name == name).expect("the queue is in bus::QUEUES")
}

impl Queue {
    /// Where events wait before another try.
    pub(crate) fn retry_name(&self) -> String {
        format!("{}.retry", self.name)
    }

    /// Where events end that cannot be handled.
    #[must_use]
    pub fn dead_name(&self) -> String {
        format!("{}.dead", self.name)
    }
}

/// Declares everything; declaring again changes nothing.
pub(crate) async fn declare(channel: &Channel) -> Result<(), lapin::Error> {
    let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
    channel.exchange_declare(EVENTS.into(), ExchangeKind::Topic, durable, FieldTable::default()).await?;
    for queue in QUEUES {
        declare_queue(channel, &queue.dead_name(), quorum()).await?;
        declare_queue(channel, &queue.retry_name(), retry(queue)).await?;
        declare_queue(channel, queue.name, main(queue)).await?;
        let all: &[&str] = &["#"];
        let types: Vec<&str> = queue.types.iter().map(|kind| kind.as_str()).collect();
        for key in if types.is_empty() { all } else { &types } {
            let options = QueueBindOptions::default();
            let (name, key) = (queue.name.into(), (*key).into());
            channel.queue_bind(name, EVENTS.into(), key, options, FieldTable::default()).await?;
        }
    }
    Ok(())
}

async fn declare_queue(channel: &Channel, name: &str, arguments: FieldTable) -> Result<(), lapin::Error> {
    let durable = QueueDeclareOptions { durable: true, ..Default::default() };
    channel.queue_declare(name.into(), durable, arguments).await?;
    Ok(())
}

fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments
}

fn main(queue: &Queue) -> FieldTable {
    let mut arguments = passing_on_to(&queue.dead_name());
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(DELIVERY_LIMIT));
    arguments
}

fn retry(queue: &Queue) -> FieldTable {
    let mut arguments = passing_on_to(queue.name);
    arguments.insert("x-message-ttl".into(), AMQPValue::LongUInt(RETRY_DELAY_MILLIS));
    arguments
}

/// A queue that hands what it gives up to another one, and lets go of it only once that one has it: without the
/// strategy a broker that dies in between loses the message, and the strategy needs the overflow rule.
fn passing_on_to(target: &str) -> FieldTable {
    let mut arguments = quorum();
    arguments.insert("x-dead-letter-exchange".into(), text(""));
    arguments.insert("x-dead-letter-routing-key".into(), text(target));
    arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
    arguments.insert("x-overflow".into(), text("reject-publish"));
    arguments
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_heard_by_somebody_and_names_are_unique() {
        assert!(QUEUES.iter().any(|queue| queue.types.is_empty()), "the log hears everything");
        let mut names: Vec<_> = QUEUES.iter().map(|queue| queue.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), QUEUES.len());
    }
}
