//! A double of Stripe, in memory: what billing needs of its API, its hosted pages, its clock and its webhooks.
//!
//! For tests, and for trying subscriptions without an account. It takes form-encoded calls and answers in the shapes
//! of API version 2026-09-30; both official SDKs drive it (`scripts/vectors/stripe.sh`). Cards are never kept: of a
//! number only what it stands for is remembered.

#![recursion_limit = "256"]

mod api;
mod clock;
mod engine;
mod error;
mod expand;
mod form;
mod knobs;
mod lists;
mod objects;
mod pages;
mod renewal;
mod serve;
mod webhooks;
mod world;

pub use serve::{Double, Seed};
