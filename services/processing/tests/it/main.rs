//! The processing service on a real PostgreSQL and RabbitMQ.

mod consumers;
mod flows;
mod http;
mod isolation;
mod schema;
mod similarity;
mod support;
