//! The gateway on a real PostgreSQL and RabbitMQ, with a small real HTTP server in place of the services.

mod access;
mod audit;
mod auth;
mod bad_input;
mod browsers;
mod commands;
mod consumers;
mod envelope;
mod invites;
mod isolation;
mod limits;
mod mail;
mod openapi;
mod passwords;
mod proxy;
mod races;
mod refresh;
mod schema;
mod sessions;
mod support;
mod tenants;
mod totp;
mod upstream;
