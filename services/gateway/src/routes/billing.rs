//! Plans and usage.

use common::Permission::BillingRead;

use super::Upstream::Billing;
use super::Verb::Get;
use super::{Access, Route, Target};

pub(super) const ROUTES: &[Route] = &[
    Route::to(Billing, Get, "/api/v1/billing/plans", BillingRead),
    Route::new(Get, "/api/v1/billing/status", Target::Upstream(Billing), Access::Member),
];
