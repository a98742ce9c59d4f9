//! Rules as all services speak of them: their states, origins and limits.

use crate::Violation;
use crate::record::wire_enum;
use crate::violation::check_text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest rule and label name, in characters.
pub const MAX_NAME: usize = 200;
/// Longest condition, in bytes.
pub const MAX_CONDITION: usize = 2_048;
/// Priority of a rule that names none; the lowest number wins.
pub const DEFAULT_PRIORITY: i32 = 100;
/// Priorities run from 0 to this.
pub const MAX_PRIORITY: i32 = 1_000_000;

wire_enum! {
    /// Whether a rule decides.
    RuleStatus {
        /// It decides.
        Active = "active",
        /// It is evaluated and recorded, and never decides.
        Shadow = "shadow",
        /// It is not evaluated.
        Disabled = "disabled",
    }
}

wire_enum! {
    /// Where a rule came from.
    RuleOrigin {
        /// Written by a person.
        Manual = "manual",
        /// Made along with an override.
        Override = "override",
        /// Mined from people's decisions, and accepted by a person.
        Proposal = "proposal",
        /// Came in a document of rules.
        Import = "import",
    }
}

/// Checks name and priority, which every path that makes a rule shares.
pub fn check_rule(found: &mut Vec<Violation>, prefix: &str, name: &str, priority: i32) {
    check_text(found, &format!("{prefix}name"), name, 1, MAX_NAME);
    if !(0..=MAX_PRIORITY).contains(&priority) {
        found.push(Violation::new(
            format!("{prefix}priority"),
            "range",
            format!("must be from 0 to {MAX_PRIORITY}; the lowest number wins"),
        ));
    }
}
