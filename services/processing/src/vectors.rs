//! Texts to vectors, from wherever the installation has them: this process, an endpoint, or a stand-in without files.
//!
//! Owns which text of a record is embedded. Vectors of two model ids are never compared.

mod in_process;
mod remote;
mod start;

use std::fmt;

use async_trait::async_trait;
use common::TenantId;
use common::record::NormalizedRecord;

pub(crate) use start::{Absent, start};

/// A source of vectors.
#[async_trait]
pub(crate) trait VectorSource: fmt::Debug + Send + Sync {
    /// Names weights and quantisation; stored with each vector.
    fn model_id(&self) -> &str;

    /// The length of each vector.
    fn dimensions(&self) -> usize;

    /// A vector of length one for each passage, in their order; none for one that must not leave the house.
    async fn embed(&self, tenant: TenantId, passages: Vec<Passage>) -> Result<Vec<Option<Vec<f32>>>, NoVectors>;
}

/// Why there are no vectors; trying again may help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the embedding model did not answer: {0}")]
pub(crate) struct NoVectors(pub(crate) String);

/// A text to be embedded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Passage {
    text: String,
    /// The record's marks that say whether it may be sent elsewhere; none of a label's own words.
    marks: Option<NormalizedRecord>,
}

impl Passage {
    /// What of a record tells what it is.
    pub(crate) fn of_record(record: &NormalizedRecord) -> Self {
        let parts = [record.title.as_deref(), record.counterparty.as_deref(), Some(record.text.as_str())];
        let parts: Vec<&str> = parts.into_iter().flatten().map(str::trim).filter(|part| !part.is_empty()).collect();
        let marks = NormalizedRecord { attributes: record.attributes.clone(), ..NormalizedRecord::default() };
        Self { text: parts.join("\n"), marks: Some(marks) }
    }

    /// A tenant's own words.
    pub(crate) const fn of_words(text: String) -> Self {
        Self { text, marks: None }
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Names the text.
    pub(crate) fn hash(&self) -> Vec<u8> {
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.text.as_bytes()).as_ref().to_vec()
    }

    /// Its words, for the head that looks at words.
    pub(crate) fn words(&self) -> Vec<u32> {
        learning::words_of(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_is_what_the_record_says_without_what_is_missing() {
        let record = NormalizedRecord {
            title: Some(" Refund ".into()),
            counterparty: Some(String::new()),
            text: "please".into(),
            ..NormalizedRecord::default()
        };
        let passage = Passage::of_record(&record);
        assert_eq!(passage.text(), "Refund\nplease");
        assert_eq!(passage.hash(), Passage::of_words("Refund\nplease".into()).hash());
        assert_ne!(passage.hash(), Passage::of_words("Refund please".into()).hash());
    }
}
