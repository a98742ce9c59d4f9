//! `/rules/proposals`: rules that people's decisions suggest.

pub(crate) mod accept;
pub(crate) mod dismiss;
pub(crate) mod list;

use common::{RecordId, RuleProposalId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::usecases::propose_rules::RuleProposal;

/// A rule that people's decisions suggest.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RuleProposal)]
pub(crate) struct ProposalResponse {
    /// The same at each look, as long as it says the same.
    id: RuleProposalId,
    /// A name for the rule.
    name: String,
    condition: String,
    label: String,
    evidence: EvidenceResponse,
}

/// What a proposal rests on: people's newest 5,000 decisions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RuleProposalEvidence)]
pub(crate) struct EvidenceResponse {
    /// In a sentence.
    summary: String,
    /// Records that it matches, of those that people decided.
    matches: usize,
    /// Those where people chose the label.
    agrees: usize,
    /// Those where they chose another.
    disagrees: usize,
    /// Share of agreement.
    precision: f64,
    /// Some of the records that agree, at most 20.
    agreeing_records: Vec<RecordId>,
    /// Some of those that do not, at most 20.
    disagreeing_records: Vec<RecordId>,
}

impl From<RuleProposal> for ProposalResponse {
    fn from(proposal: RuleProposal) -> Self {
        let suggestion = proposal.suggestion;
        Self {
            id: proposal.id,
            evidence: EvidenceResponse {
                summary: suggestion.summary(),
                matches: suggestion.agreeing + suggestion.disagreeing,
                agrees: suggestion.agreeing,
                disagrees: suggestion.disagreeing,
                precision: suggestion.precision(),
                agreeing_records: suggestion.agreeing_records,
                disagreeing_records: suggestion.disagreeing_records,
            },
            name: suggestion.name,
            condition: suggestion.condition,
            label: suggestion.label,
        }
    }
}
