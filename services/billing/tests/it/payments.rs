//! Subscriptions that are paid for, through a double of the provider.

mod lifecycle;
mod links;
mod manual;
mod reconcile;
mod support;
mod usage;
mod webhooks;
