//! Flows through all six services as real processes: what a tenant sees from outside, and what must survive.

mod acts;
mod api;
mod billing;
mod files;
mod isolation;
mod outage;
mod pulls;
mod races;
mod remaps;
mod traces;
mod way;
