//! Questions to people.

use common::Permission::{ApprovalsDecide, ApprovalsRead};

use super::Route;
use super::Upstream::Approvals;
use super::Verb::{Get, Post};

pub(super) const ROUTES: &[Route] = &[
    Route::to(Approvals, Get, "/api/v1/approvals", ApprovalsRead),
    Route::to(Approvals, Get, "/api/v1/approvals/stats", ApprovalsRead),
    Route::to(Approvals, Get, "/api/v1/approvals/{id}", ApprovalsRead),
    Route::to(Approvals, Post, "/api/v1/approvals/{id}/claim", ApprovalsDecide),
    Route::to(Approvals, Post, "/api/v1/approvals/{id}/release", ApprovalsDecide),
    Route::to(Approvals, Post, "/api/v1/approvals/{id}/approve", ApprovalsDecide),
    Route::to(Approvals, Post, "/api/v1/approvals/{id}/override", ApprovalsDecide),
];
