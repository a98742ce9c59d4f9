//! Classification as pure functions: conditions, rule sets, the cascade of stages and receipts.
//!
//! No HTTP, no SQL, no clock: a record and a rule set go in, a decision comes out. The README has the semantics of
//! conditions as a table.

pub mod cascade;
pub mod condition;
mod index;
pub mod lists;
pub mod receipt;
pub mod rule_set;
pub mod trace;
pub mod view;

pub use cascade::{Outcome, Trial, decide};
pub use condition::{Condition, ConditionError, ConditionErrorKind, EvalError, EvalErrorReason};
pub use lists::{ValueList, ValueLists};
pub use receipt::{ListedRule, Receipt, RuleOutcome, RuleResult, expand};
pub use rule_set::{CompiledRule, RuleError, RuleSet, RuleSource, Verdict};
pub use trace::Step;
pub use view::RecordView;
