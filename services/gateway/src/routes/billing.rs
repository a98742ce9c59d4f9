//! Plans and usage.

use common::Permission::{BillingRead, BillingWrite};

use super::Upstream::Billing;
use super::Verb::{Get, Post};
use super::{Access, Route, Target};

/// An event of a payment provider, as large as they come.
const WEBHOOK: usize = 1 << 20;

pub(super) const ROUTES: &[Route] = &[
    Route::to(Billing, Get, "/api/v1/billing/plans", BillingRead),
    Route::new(Get, "/api/v1/billing/status", Target::Upstream(Billing), Access::Member),
    Route::to(Billing, Post, "/api/v1/billing/session", BillingWrite),
    Route::to(Billing, Get, "/api/v1/billing/portal", BillingWrite),
    Route::to(Billing, Get, "/api/v1/billing/events", BillingRead),
    // No bearer: the signature over the raw bytes speaks for the provider, and billing checks it.
    Route::new(Post, "/api/v1/billing/webhooks/{provider}", Target::Upstream(Billing), Access::Public)
        .body_limit(WEBHOOK),
];
