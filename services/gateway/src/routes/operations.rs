//! Calls for operators and tools.

use super::Access::Public;
use super::Local::{RedirectToDocs, ShowDocs, ShowJwks, ShowLive, ShowOpenApi, ShowReady};
use super::Verb::Get;
use super::{RateClass, Route};

pub(super) const ROUTES: &[Route] = &[
    Route::local(ShowLive, Get, "/health/live", Public).counted(RateClass::Exempt),
    Route::local(ShowReady, Get, "/health/ready", Public).counted(RateClass::Exempt),
    Route::local(ShowJwks, Get, "/.well-known/jwks.json", Public),
    Route::local(ShowOpenApi, Get, "/api/v1/openapi.json", Public),
    Route::local(RedirectToDocs, Get, "/docs", Public),
    Route::local(ShowDocs, Get, "/docs/{*file}", Public),
];
