//! The words of a text beside its vector: what the encoder blurs, such as one word that tells two labels apart.
//!
//! Single words and pairs of neighbours, hashed, so that no text is kept; weighted by TF-IDF (sublinear, Salton & Buckley
//! 1988), and a logistic head of their own upon them. With few examples the vector knows better, with many the words add.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::head::{FitSettings, lbfgs, sparse::SparseLoss};
use crate::softmax::softmax;

/// A word that only one exemplar has teaches nothing of others.
const LEAST_EXEMPLARS: u32 = 2;
/// The words that most exemplars have; a limit for memory.
const MOST_WORDS: usize = 20_000;

/// The hashes of a text's words and pairs, ordered, each as often as it occurs.
pub fn words_of(text: &str) -> Vec<u32> {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().nth(1).is_some()).collect();
    let mut hashes: Vec<u32> = words.iter().map(|word| hash(word, "")).collect();
    hashes.extend(words.windows(2).map(|pair| hash(pair[0], pair[1])));
    hashes.sort_unstable();
    hashes
}

/// A head on words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WordHead {
    /// Hashes with their inverse document frequency, ordered by hash.
    vocabulary: Vec<(u32, f32)>,
    /// A row of weights, one for each label, for each word.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl WordHead {
    /// Fits to the exemplars' words and labels.
    pub fn fit(exemplars: &[(&[u32], u32)], labels: usize, settings: FitSettings) -> Self {
        let mut head = Self { vocabulary: vocabulary(exemplars), weights: Vec::new(), bias: vec![0.0; labels] };
        if head.vocabulary.is_empty() {
            return head;
        }
        let samples: Vec<(Vec<(u32, f32)>, u32)> =
            exemplars.iter().map(|(words, label)| (head.features(words), *label)).collect();
        let loss = SparseLoss::new(&samples, labels, head.vocabulary.len(), settings.cost);
        let mut weights = lbfgs::minimise(&loss, loss.start(), settings.steps);
        head.bias = weights.split_off(head.vocabulary.len() * labels);
        head.weights = weights;
        head
    }

    /// The probability of each label; none when no word is known.
    pub fn probabilities(&self, words: &[u32]) -> Option<Vec<f64>> {
        let features = self.features(words);
        if features.is_empty() || self.weights.is_empty() {
            return None;
        }
        let labels = self.bias.len();
        let mut logits = self.bias.clone();
        for (place, value) in features {
            let row = &self.weights[place as usize * labels..(place as usize + 1) * labels];
            crate::vector::add_scaled(&mut logits, value, row);
        }
        Some(softmax(&logits))
    }

    pub(crate) fn digest(&self, into: &mut Sha256) {
        self.vocabulary.iter().for_each(|(word, weight)| {
            into.update(word.to_le_bytes());
            into.update(weight.to_le_bytes());
        });
        self.weights.iter().chain(&self.bias).for_each(|value| into.update(value.to_le_bytes()));
    }

    // Places of known words with their weight, scaled to length one.
    fn features(&self, words: &[u32]) -> Vec<(u32, f32)> {
        let known = words.chunk_by(|a, b| a == b).filter_map(|same| {
            let place = self.vocabulary.binary_search_by_key(&same[0], |word| word.0).ok()?;
            let often = 1.0 + libm::logf(same.len() as f32);
            Some((place as u32, often * self.vocabulary[place].1))
        });
        let mut features: Vec<(u32, f32)> = known.collect();
        let length = features.iter().map(|feature| feature.1 * feature.1).sum::<f32>().sqrt();
        features.iter_mut().for_each(|feature| feature.1 /= length);
        features
    }
}

fn vocabulary(exemplars: &[(&[u32], u32)]) -> Vec<(u32, f32)> {
    let mut frequencies: BTreeMap<u32, u32> = BTreeMap::new();
    for (words, _) in exemplars {
        words.chunk_by(|a, b| a == b).for_each(|same| *frequencies.entry(same[0]).or_default() += 1);
    }
    let mut words: Vec<(u32, u32)> = frequencies.into_iter().filter(|word| word.1 >= LEAST_EXEMPLARS).collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    words.truncate(MOST_WORDS);
    words.sort_unstable();
    let all = exemplars.len() as f32 + 1.0;
    words.into_iter().map(|(word, seen)| (word, libm::logf(all / (seen as f32 + 1.0)) + 1.0)).collect()
}

// FNV-1a over both words and a mark between them.
fn hash(first: &str, second: &str) -> u32 {
    let bytes = first.bytes().chain([0xff]).chain(second.bytes());
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash ^ (hash >> 32)) as u32
}
