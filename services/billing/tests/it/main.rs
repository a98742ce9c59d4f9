//! The service on a real PostgreSQL and RabbitMQ. Modules mirror `src`.

mod consumers;
mod http;
mod jobs;
mod payments;
mod schema;
mod settings;
mod support;
