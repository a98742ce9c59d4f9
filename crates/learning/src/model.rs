//! A tenant's model: the head, and the memory's neighbours beside it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::head::{FitSettings, Head, Sample, Target};
use crate::index::Neighbour;
use crate::memory::{Inferred, Memory, Seen};
use crate::settled::settled;
use crate::softmax::log_odds;
use crate::spread::{SpreadSettings, spread};
use crate::words::WordHead;

/// Words never exclude a label.
const WORD_FLOOR: f64 = 1e-6;

/// The vector of a label's own words: its name, description or an example given with it.
#[derive(Clone, Debug)]
pub struct Description {
    /// The label's number.
    pub label: u32,
    /// The vector of the words.
    pub vector: Vec<f32>,
}

/// How a model is fitted and asked. Part of each decision's versions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelSettings {
    /// The head.
    pub fit: FitSettings,
    /// How much a label's words count beside a decided record, as long as there are few.
    pub description_weight: f32,
    /// The neighbours.
    pub spread: SpreadSettings,
    /// With so many decided records a label, head and neighbours have the same share; the neighbours' falls from there.
    pub even_at: f64,
    /// The most that words say beside the vector, as an exponent.
    pub word_say: f64,
    /// With so many decided records a label, words say half of that.
    pub words_half_at: f64,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            fit: FitSettings::default(),
            description_weight: 1.0,
            spread: SpreadSettings::default(),
            even_at: 45.0,
            word_say: 0.35,
            words_half_at: 20.0,
        }
    }
}

/// The fitted part of a tenant's model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    labels: usize,
    settings: ModelSettings,
    head: Head,
    words: WordHead,
    /// Decided records a label, when it was fitted.
    examples: f64,
    version: String,
}

/// What the model says of a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// The probability of each label, not yet calibrated.
    pub probabilities: Vec<f64>,
    /// The likeliest label.
    pub top: u32,
    /// Its log-odds: what calibration and thresholds work on.
    pub score: f64,
    /// How much likelier it is than the next.
    pub margin: f64,
    /// The nearest decided records.
    pub neighbours: Vec<Neighbour>,
    /// The nearest one's similarity, 0 without any.
    pub similarity: f64,
    /// How much of what was heard comes from decided records in the end, directly or through undecided ones.
    pub reach: f64,
}

/// What a record hears from its neighbours.
struct Heard {
    shares: Vec<f64>,
    reach: f64,
}

impl Model {
    /// A model that knows nothing.
    pub fn blank(labels: usize, dimensions: usize, settings: ModelSettings) -> Self {
        Self::of(labels, settings, Head::blank(labels, dimensions), WordHead::default(), 0.0)
    }

    fn of(labels: usize, settings: ModelSettings, head: Head, words: WordHead, examples: f64) -> Self {
        let mut digest = Sha256::new();
        head.digest(&mut digest);
        words.digest(&mut digest);
        digest.update(examples.to_le_bytes());
        let version = hex::encode(&digest.finalize()[..8]);
        Self { labels, settings, head, words, examples, version }
    }

    /// The head fitted to what is decided and to the labels' words, starting from this one.
    #[must_use]
    pub fn fit(&self, memory: &Memory, descriptions: &[Description]) -> Self {
        let decided = memory.decided().exemplars();
        let mut samples: Vec<Sample<'_>> = decided
            .iter()
            .map(|(_, label, vector)| Sample { features: vector, target: Target::Label(*label), weight: 1.0 })
            .collect();
        samples.extend(descriptions.iter().map(|description| Sample {
            features: &description.vector,
            target: Target::Label(description.label),
            weight: self.settings.description_weight,
        }));
        let head = self.head.fit(&samples, self.settings.fit);
        let said: Vec<(&[u32], u32)> = decided.iter().map(|(id, label, _)| (memory.words(*id), *label)).collect();
        let words = WordHead::fit(&said, self.labels, self.settings.fit);
        let mut present: Vec<u32> = decided.iter().map(|exemplar| exemplar.1).collect();
        present.sort_unstable();
        present.dedup();
        let examples = settled(decided.len() as f64 / present.len().max(1) as f64);
        Self::of(self.labels, self.settings, head, words, examples)
    }

    /// Infers the labels of the undecided records of a memory, for [`Model::score`] to use.
    pub fn infer(&self, memory: &mut Memory) {
        let guess = |vector: &[f32]| self.head.probabilities(vector);
        let shares = spread(memory.decided(), memory.undecided(), self.labels, &self.settings.spread, guess);
        memory.infer(shares);
    }

    /// Scores a record.
    pub fn score<'a>(&self, memory: &Memory, seen: impl Into<Seen<'a>>) -> Scored {
        let seen = seen.into();
        let head = self.head_says(&seen);
        let (decided, inferred) = memory.nearest(seen.vector, self.settings.spread.neighbours);
        let share = self.settings.even_at / (self.settings.even_at + self.examples);
        let heard = self.heard(&decided, &inferred);
        let reach = heard.as_ref().map_or(0.0, |heard| heard.reach);
        let probabilities = match heard {
            Some(heard) => {
                head.iter().zip(heard.shares).map(|(own, heard)| (1.0 - share) * own + share * heard).collect()
            }
            None => head,
        };
        scored(probabilities, decided, reach)
    }

    /// Names the head's weights.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How many labels it tells apart.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// How it is fitted and asked.
    pub fn settings(&self) -> &ModelSettings {
        &self.settings
    }

    // The head's probabilities, bent by what the words say: the more, the more of them were seen.
    fn head_says(&self, seen: &Seen<'_>) -> Vec<f64> {
        let mut shares = self.head.probabilities(seen.vector);
        let say = self.settings.word_say * self.examples / (self.examples + self.settings.words_half_at);
        let Some(words) = self.words.probabilities(seen.words) else { return shares };
        shares.iter_mut().zip(words).for_each(|(share, word)| *share *= libm::pow(word + WORD_FLOOR, say));
        let sum: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= sum);
        shares
    }

    // The mean of the nearest records' labels, decided and inferred ones together.
    fn heard(&self, decided: &[Neighbour], inferred: &[(Neighbour, &Inferred)]) -> Option<Heard> {
        let settings = &self.settings.spread;
        let decided = decided.iter().map(|neighbour| (neighbour, None));
        let mut all: Vec<(&Neighbour, Option<&Inferred>)> =
            decided.chain(inferred.iter().map(|(neighbour, inferred)| (neighbour, Some(*inferred)))).collect();
        all.sort_by(|a, b| b.0.similarity.total_cmp(&a.0.similarity).then(a.0.id.cmp(&b.0.id)));
        let mut heard = Heard { shares: vec![0.0; self.labels], reach: 0.0 };
        let mut sum = 0.0;
        for (neighbour, inferred) in all.iter().take(settings.neighbours) {
            let say = settings.say(neighbour.similarity);
            sum += say;
            let Some(inferred) = inferred else {
                heard.shares[neighbour.label as usize] += say;
                heard.reach += say;
                continue;
            };
            heard.reach += say * f64::from(inferred.reach);
            inferred.shares.iter().for_each(|(label, share)| heard.shares[*label as usize] += say * f64::from(*share));
        }
        heard.shares.iter_mut().for_each(|value| *value /= sum);
        heard.reach /= sum;
        (sum > 0.0).then_some(heard)
    }
}

fn scored(probabilities: Vec<f64>, neighbours: Vec<Neighbour>, reach: f64) -> Scored {
    let mut order: Vec<u32> = (0..probabilities.len() as u32).collect();
    order.sort_by(|a, b| probabilities[*b as usize].total_cmp(&probabilities[*a as usize]).then(a.cmp(b)));
    let at = |place: usize| order.get(place).map_or(0.0, |label| probabilities[*label as usize]);
    let (first, second) = (at(0), at(1));
    Scored {
        top: order.first().copied().unwrap_or(0),
        score: settled(log_odds(first)),
        margin: first - second,
        similarity: neighbours.first().map_or(0.0, |neighbour| f64::from(neighbour.similarity)),
        neighbours,
        reach,
        probabilities,
    }
}
