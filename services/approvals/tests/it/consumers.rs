//! What the service makes of events, also twice and in another order.

mod deletions;
mod labels;
mod reviews;
mod shelved;
