//! The labelled file with its vectors: what every experiment starts from.

use std::time::Instant;

use anyhow::Result;
use encoder::{Embedder, Embedding};
use learning::{Description, Memory, Model, ModelSettings, Seen, words_of};
use uuid::Uuid;

use crate::data::Labelled;

/// Texts, labels and vectors.
pub(crate) struct World {
    pub(crate) data: Labelled,
    pub(crate) vectors: Vec<Embedding>,
    pub(crate) words: Vec<Vec<u32>>,
    pub(crate) descriptions: Vec<Description>,
    pub(crate) settings: ModelSettings,
    pub(crate) dimensions: usize,
    pub(crate) texts_per_second: f64,
}

impl World {
    /// Embeds every text, and the labels' names as their descriptions.
    pub(crate) async fn embed(data: Labelled, embedder: &dyn Embedder, settings: ModelSettings) -> Result<Self> {
        let began = Instant::now();
        let vectors = embedder.embed(data.texts.clone()).await?;
        let texts_per_second = data.texts.len() as f64 / began.elapsed().as_secs_f64();
        let names = data.names.iter().map(|name| name.replace(['_', '-', '.'], " ")).collect();
        let described = embedder.embed(names).await?;
        let descriptions = (0..).zip(described).map(|(label, vector)| Description { label, vector }).collect();
        let words = data.texts.iter().map(|text| words_of(text)).collect();
        Ok(Self { words, dimensions: embedder.dimensions(), data, vectors, descriptions, settings, texts_per_second })
    }

    /// The model fitted to these records, with a memory of them.
    pub(crate) fn learn(&self, records: &[usize]) -> Result<(Model, Memory)> {
        let mut memory = Memory::new(self.dimensions);
        for record in records {
            self.teach(&mut memory, *record)?;
        }
        let blank = Model::blank(self.data.names.len(), self.dimensions, self.settings);
        Ok((blank.fit(&memory, &self.descriptions), memory))
    }

    /// What the pipeline sees of this record.
    pub(crate) fn seen(&self, record: usize) -> Seen<'_> {
        Seen { vector: &self.vectors[record], words: &self.words[record] }
    }

    /// A person decides this record.
    pub(crate) fn teach(&self, memory: &mut Memory, record: usize) -> Result<()> {
        anyhow::ensure!(
            memory.learn(id(record), self.data.labels[record], self.seen(record)),
            "record {record} has no usable vector"
        );
        Ok(())
    }

    /// These records are seen, and nobody decides them.
    pub(crate) fn show(&self, memory: &mut Memory, records: &[usize]) -> Result<()> {
        for record in records {
            anyhow::ensure!(memory.notice(id(*record), &self.vectors[*record]), "record {record} has no usable vector");
        }
        Ok(())
    }
}

/// The record's identity: its place in the file.
pub(crate) fn id(record: usize) -> Uuid {
    Uuid::from_u128(record as u128)
}
