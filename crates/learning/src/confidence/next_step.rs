//! What would bring more automation, in words for the tenant's administrator.

use super::audit::Standing;
use super::threshold::{Target, Threshold};

/// Where a tenant, or one of its labels, stands.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// What is allowed.
    pub target: Target,
    /// What is in force.
    pub threshold: Threshold,
    /// What audits say.
    pub standing: Standing,
}

/// One or two sentences: what is in force, why, and what changes it.
pub fn next_step(situation: &Situation) -> String {
    let Situation { target, threshold, standing } = situation;
    let evidence = &threshold.evidence;
    let (allowed, sure) = (percent(target.error_rate), percent(target.confidence));
    let known = evidence.decisions.floor();
    match (standing, threshold.score) {
        (Standing::Suspended, _) => format!(
            "Nothing is accepted automatically: audits show with {sure} confidence that more than {allowed} were wrong. \
             Look at the audited errors, correct rules or labels, and decide new records; it resumes by itself once the proof is there."
        ),
        (Standing::Strained, Some(_)) => format!(
            "Audits show more errors than the {allowed} allowed, not yet proven; until that is settled the threshold is the one for half of it."
        ),
        (_, Some(_)) => format!(
            "{} of decisions are accepted automatically; at most {} of these are wrong with {sure} confidence, {allowed} are allowed. \
             More decided records of the labels that still go to people raise the share.",
            percent(evidence.coverage),
            percent(evidence.upper_bound),
        ),
        (_, None) if known < evidence.needed => format!(
            "Nothing is accepted automatically yet: {allowed} errors with {sure} confidence takes at least {} decided records without an \
             error, and {known} are there. Decide {} more.",
            evidence.needed,
            evidence.needed - known,
        ),
        (_, None) => format!(
            "Nothing is accepted automatically: {} of the {known} decided records were proposed wrongly, and no score separates them well \
             enough for {allowed}. Describe labels that are confused with each other, decide more records, or allow more errors.",
            percent(evidence.error_rate),
        ),
    }
}

fn percent(share: f64) -> String {
    format!("{} %", libm::round(share * 1000.0) / 10.0)
}
