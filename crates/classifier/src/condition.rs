//! Conditions: from CEL source to something that answers yes or no in nanoseconds.
//!
//! [`Condition::compile`] does all checking; what it accepts evaluates in bounded time on every record.

mod arithmetic;
mod brackets;
mod code;
mod compare;
mod compiler;
mod error;
mod fields;
mod functions;
mod limits;
mod logic;
mod parse;
mod pattern_cost;
mod source;
mod spans;
mod text_tests;

use std::fmt;
use std::sync::Arc;

pub(crate) use code::Scalar;
pub use error::{ConditionError, ConditionErrorKind, EvalError, EvalErrorReason};

use crate::trace::Step;
use crate::view::RecordView;
use code::Eval;
use compiler::{Compiler, TracedCode};

/// A compiled condition; cheap to clone, safe to share.
#[derive(Clone)]
pub struct Condition {
    source: Arc<str>,
    eval: Eval<bool>,
}

impl Condition {
    /// Checks and compiles the source.
    ///
    /// # Errors
    /// Says where and why the source is no condition, and what to write instead.
    pub fn compile(source: &str) -> Result<Self, ConditionError> {
        let parsed = parse::parse(source)?;
        limits::check(&parsed)?;
        let eval = Compiler::new(&parsed).condition()?;
        Ok(Self { source: source.into(), eval })
    }

    /// The source as it was given.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the record fulfils the condition.
    ///
    /// A condition that asks for the amount or the time of a record without one is not fulfilled.
    ///
    /// # Errors
    /// When an attribute is missing or of another type than needed, or a number leaves its range, and the rest of the
    /// condition does not decide without it.
    pub fn matches(&self, view: &RecordView<'_>) -> Result<bool, EvalError> {
        match (self.eval)(view) {
            Ok(value) => Ok(value),
            Err(fault) if fault.is_absence() => Ok(false),
            Err(fault) => Err(fault.explain(&self.source)),
        }
    }

    /// The value of every sub-expression for the record, inner ones first, the whole condition last.
    ///
    /// Each is evaluated by itself, so a part that [`Self::matches`] would skip has a value here too. This compiles
    /// the condition anew; it is for people who try a condition, not for every record.
    #[must_use]
    pub fn trace(&self, view: &RecordView<'_>) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for traced in self.traced() {
            let expression = source::text_of(&self.source, traced.span);
            if steps.iter().all(|step| step.expression != expression) {
                let outcome = traced.code.eval(view).map_err(|fault| fault.explain(&self.source));
                steps.push(Step::new(expression, outcome));
            }
        }
        steps
    }

    fn traced(&self) -> Vec<TracedCode> {
        let Ok(parsed) = parse::parse(&self.source) else { return Vec::new() };
        let mut compiler = Compiler::new(&parsed);
        match compiler.condition() {
            Ok(_) => compiler.traced,
            Err(_) => Vec::new(),
        }
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.source).finish()
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}
