//! Plans and usage.

use common::Permission::{BillingRead, BillingWrite};

use super::Upstream::Billing;
use super::Verb::{Get, Post};
use super::{Access, Route, Target};

pub(super) const ROUTES: &[Route] = &[
    Route::to(Billing, Get, "/api/v1/billing/plans", BillingRead),
    Route::new(Get, "/api/v1/billing/status", Target::Upstream(Billing), Access::Member),
    Route::to(Billing, Post, "/api/v1/billing/session", BillingWrite),
    Route::to(Billing, Get, "/api/v1/billing/portal", BillingWrite),
    Route::to(Billing, Get, "/api/v1/billing/events", BillingRead),
];
