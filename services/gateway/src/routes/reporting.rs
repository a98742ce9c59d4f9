//! The event feed and reports.

use common::Permission::{EventsRead, ReportsRead};

use super::Route;
use super::Upstream::Reporting;
use super::Verb::Get;

pub(super) const ROUTES: &[Route] = &[
    Route::to(Reporting, Get, "/api/v1/reports/summary", ReportsRead),
    Route::to(Reporting, Get, "/api/v1/events", EventsRead),
];
