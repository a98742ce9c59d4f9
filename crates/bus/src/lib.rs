//! RabbitMQ for a service: events leave through the outbox and a confirmed relay, and arrive in batches.
//!
//! Guarantee: at least once. An event is in the outbox in the transaction of its cause, leaves it only after the
//! broker confirmed it, and is acknowledged to the broker only after its handler committed. Handlers are
//! idempotent.

mod connection;
mod consumer;
mod frame;
mod handler;
pub mod outbox;
mod relay;
mod topology;

pub use connection::{Bus, BusError};
pub use consumer::Consumer;
pub use frame::{Frame, FrameError};
pub use handler::{HandleError, Handler};
pub use outbox::Outbox;
pub use relay::Relay;
pub use topology::{QUEUES, Queue, queue};
