//! `/approvals`: questions and what people do with them.

pub(crate) mod approve;
pub(crate) mod claim;
pub(crate) mod list;
pub(crate) mod override_;
pub(crate) mod release;
mod response;
pub(crate) mod show;
pub(crate) mod stats;

pub(crate) use response::ApprovalResponse;

use common::Violation;
use common::violation::check_text;
use serde::Deserialize;
use utoipa::ToSchema;
use web::Check;

/// Longest comment, in characters.
const MAX_COMMENT: usize = 4_000;

/// The body of an act that needs none: nothing, or `{}`.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoContent {}

impl Check for NoContent {}

fn check_comment(found: &mut Vec<Violation>, comment: Option<&String>) {
    if let Some(comment) = comment {
        check_text(found, "comment", comment, 0, MAX_COMMENT);
    }
}
