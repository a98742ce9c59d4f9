//! Several parts at once.

mod one_current_decision;
mod precedence;
mod rule_races;
mod shadow;
