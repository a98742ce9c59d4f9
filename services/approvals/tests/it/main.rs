//! The service on a real PostgreSQL and RabbitMQ. Modules mirror `src`.

mod consumers;
mod http;
mod schema;
mod support;
