//! What the service makes of events, also twice and in another order.

mod labels;
mod reviews;
mod shelved;
