//! The bus on a real broker and database: nothing committed is lost, and one bad event holds up no other.

mod support;

mod consumer;
mod relay;
