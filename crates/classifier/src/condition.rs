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
mod literals;
mod logic;
mod need;
mod parse;
mod pattern_cost;
mod shape;
mod source;
mod spans;
mod text_tests;

use std::fmt;
use std::sync::Arc;

pub(crate) use code::{Eval, Scalar, TextField};
pub use error::{ConditionError, ConditionErrorKind, EvalError, EvalErrorReason};
pub(crate) use need::{Clue, Need, Place, Plain};

use crate::lists::ValueLists;
use crate::trace::Step;
use crate::view::RecordView;
use compiler::{Compiler, TracedCode};
use parse::Parsed;

/// A compiled condition; cheap to clone, safe to share.
#[derive(Clone)]
pub struct Condition {
    source: Arc<str>,
    eval: Eval<bool>,
    need: Arc<Need>,
    /// The lists that it refers to, as they were when it was compiled.
    lists: ValueLists,
}

impl Condition {
    /// Checks and compiles the source, which may refer to no value list.
    ///
    /// # Errors
    /// Says where and why the source is no condition, and what to write instead.
    pub fn compile(source: &str) -> Result<Self, ConditionError> {
        Self::compile_with(source, &ValueLists::default())
    }

    /// Checks and compiles the source, which may refer to these value lists.
    ///
    /// # Errors
    /// Says where and why the source is no condition, and what to write instead.
    pub fn compile_with(source: &str, lists: &ValueLists) -> Result<Self, ConditionError> {
        Self::from_parsed(source, &parse::parse(source)?, lists)
    }

    /// Compiles many at once: the parser's thread is started once and not for each.
    pub(crate) fn compile_each(sources: &[&str], lists: &ValueLists) -> Vec<Result<Self, ConditionError>> {
        let compile = |(source, parsed): (&&str, Result<Parsed, _>)| Self::from_parsed(source, &parsed?, lists);
        sources.iter().zip(parse::parse_each(sources)).map(compile).collect()
    }

    fn from_parsed(source: &str, parsed: &Parsed, lists: &ValueLists) -> Result<Self, ConditionError> {
        limits::check(parsed)?;
        let mut compiler = Compiler::new(parsed, lists);
        let eval = compiler.condition()?;
        let used = std::mem::take(&mut compiler.used_lists);
        Ok(Self { source: source.into(), eval, need: Arc::new(need::of(parsed, lists)), lists: used })
    }

    /// What a record must show for the condition to be anything but a miss.
    pub(crate) fn need(&self) -> &Need {
        &self.need
    }

    /// The value lists that the condition refers to, as they were when it was compiled.
    #[must_use]
    pub const fn lists(&self) -> &ValueLists {
        &self.lists
    }

    /// Whether it is known without a record that the condition never matches.
    #[must_use]
    pub fn never_matches(&self) -> bool {
        self.need.options().iter().any(Vec::is_empty)
    }

    /// The source as it was given.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The source without what means nothing: space and comments outside of texts. Equal ones mean the same.
    #[must_use]
    pub fn canonical(&self) -> String {
        source::canonical(&self.source)
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
        let mut compiler = Compiler::new(&parsed, &self.lists);
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
