//! Several parts at once.

mod model_stage;
mod one_current_decision;
mod precedence;
mod rule_races;
mod shadow;
