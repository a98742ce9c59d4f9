//! The gateway on a real PostgreSQL and RabbitMQ, with a small real HTTP server in place of the services.

mod access;
mod auth;
mod bad_input;
mod browsers;
mod commands;
mod consumers;
mod envelope;
mod isolation;
mod limits;
mod openapi;
mod proxy;
mod refresh;
mod schema;
mod support;
mod tenants;
mod totp;
mod upstream;
