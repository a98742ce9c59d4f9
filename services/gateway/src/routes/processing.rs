//! Labels, rules and decisions.

use common::Permission::{
    LabelsRead, LabelsWrite, ProcessingRead, ProcessingWrite, RecordsRead, RulesPropose, RulesRead, RulesTest,
    RulesWrite,
};

use super::Route;
use super::Upstream::Processing;
use super::Verb::{Delete, Get, Patch, Post};

pub(super) const ROUTES: &[Route] = &[
    Route::to(Processing, Get, "/api/v1/labels", LabelsRead),
    Route::to(Processing, Post, "/api/v1/labels", LabelsWrite),
    Route::to(Processing, Get, "/api/v1/labels/{id}", LabelsRead),
    Route::to(Processing, Patch, "/api/v1/labels/{id}", LabelsWrite),
    Route::to(Processing, Delete, "/api/v1/labels/{id}", LabelsWrite),
    Route::to(Processing, Get, "/api/v1/rules", RulesRead),
    Route::to(Processing, Post, "/api/v1/rules", RulesWrite),
    Route::to(Processing, Post, "/api/v1/rules/test", RulesTest),
    Route::to(Processing, Post, "/api/v1/rules/preview", RulesTest),
    Route::to(Processing, Get, "/api/v1/rules/proposals", RulesRead),
    Route::to(Processing, Post, "/api/v1/rules/proposals/{id}/accept", RulesPropose),
    Route::to(Processing, Post, "/api/v1/rules/proposals/{id}/dismiss", RulesPropose),
    Route::to(Processing, Get, "/api/v1/rules/export", RulesRead),
    Route::to(Processing, Post, "/api/v1/rules/import/plan", RulesTest),
    Route::to(Processing, Post, "/api/v1/rules/import/apply", RulesWrite),
    Route::to(Processing, Get, "/api/v1/rules/{id}", RulesRead),
    Route::to(Processing, Patch, "/api/v1/rules/{id}", RulesWrite),
    Route::to(Processing, Delete, "/api/v1/rules/{id}", RulesWrite),
    Route::to(Processing, Post, "/api/v1/rules/{id}/enable", RulesWrite),
    Route::to(Processing, Post, "/api/v1/rules/{id}/disable", RulesWrite),
    Route::to(Processing, Post, "/api/v1/rules/{id}/promote", RulesWrite),
    Route::to(Processing, Post, "/api/v1/rules/{id}/restore", RulesWrite),
    Route::to(Processing, Get, "/api/v1/rules/{id}/stats", RulesRead),
    Route::to(Processing, Get, "/api/v1/rules/{id}/versions", RulesRead),
    Route::to(Processing, Get, "/api/v1/value-lists", RulesRead),
    Route::to(Processing, Post, "/api/v1/value-lists", RulesWrite),
    Route::to(Processing, Get, "/api/v1/value-lists/{id}", RulesRead),
    Route::to(Processing, Patch, "/api/v1/value-lists/{id}", RulesWrite),
    Route::to(Processing, Delete, "/api/v1/value-lists/{id}", RulesWrite),
    Route::to(Processing, Get, "/api/v1/processing/outcomes/{recordId}", ProcessingRead),
    Route::to(Processing, Get, "/api/v1/processing/calibration", ProcessingRead),
    // Records are ingestion's; what is like them is known where their vectors are.
    Route::to(Processing, Get, "/api/v1/records/{id}/similar", RecordsRead),
    Route::to(Processing, Post, "/api/v1/processing/explain", ProcessingRead),
    Route::to(Processing, Post, "/api/v1/processing/run", ProcessingWrite),
    Route::to(Processing, Get, "/api/v1/processing/runs", ProcessingRead),
    Route::to(Processing, Get, "/api/v1/processing/runs/{id}", ProcessingRead),
    Route::to(Processing, Get, "/api/v1/processing/runs/{id}/outcomes", ProcessingRead),
    Route::to(Processing, Post, "/api/v1/processing/runs/{id}/cancel", ProcessingWrite),
    Route::to(Processing, Get, "/api/v1/processing/settings", ProcessingRead),
    Route::to(Processing, Patch, "/api/v1/processing/settings", ProcessingWrite),
];
