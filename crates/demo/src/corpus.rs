//! Any number of different records for measuring, made out of the demo's own ones.
//!
//! Each body is unique and about 600 bytes long, as the webhooks of real payment providers are; the padding is an
//! attribute, so that the rules meet the same texts as in the demo.

use serde_json::{Map, Value, json};

use crate::clock;
use crate::data::{self, Sample};

const TARGET_BYTES: usize = 600;

pub(crate) struct Corpus {
    samples: Vec<Sample>,
    run: String,
}

impl Corpus {
    /// The records of one run; `run` keeps its ids apart from those of other runs.
    pub(crate) fn new(run: String) -> anyhow::Result<Self> {
        let mut samples = [data::messages()?, data::transactions()?].concat();
        // Longer texts would not leave the bodies alike in size.
        samples.retain(|sample| sample.text.len() <= 170);
        Ok(Self { samples, run })
    }

    /// The delivery id of the record with that number.
    pub(crate) fn delivery_id(&self, number: usize) -> String {
        format!("dlv_{}_{number}", self.run)
    }

    /// The body of the record with that number: a Standard Webhooks payload on one line.
    pub(crate) fn body(&self, number: usize) -> String {
        let mut sample = self.samples[number % self.samples.len()].clone();
        sample.id = format!("rec_{}_{number}", self.run);
        sample.attributes.insert("run".to_owned(), self.run.clone().into());
        let bare = payload(&sample, "").len();
        let padding = filler(number, TARGET_BYTES.saturating_sub(bare));
        payload(&sample, &padding)
    }
}

fn payload(sample: &Sample, padding: &str) -> String {
    let mut data = serde_json::to_value(sample).unwrap_or(Value::Null);
    if let Some(attributes) = data["attributes"].as_object_mut() {
        attributes.insert("reference".to_owned(), padding.into());
    }
    let envelope: Map<String, Value> = [
        ("type".to_owned(), json!("record.created")),
        ("timestamp".to_owned(), json!(clock::rfc3339(clock::now()))),
        ("data".to_owned(), data),
    ]
    .into_iter()
    .collect();
    Value::Object(envelope).to_string()
}

/// So many characters that differ from number to number and do not compress to nothing.
fn filler(number: usize, length: usize) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnopqrstuvwxyz2345678";
    let mut word = (number as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    let letters = std::iter::repeat_with(|| {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        char::from(LETTERS[(word % 32) as usize])
    });
    letters.take(length).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn bodies_are_unique_one_line_and_alike_in_size() {
        let corpus = Corpus::new("r".to_owned()).expect("the data set reads");
        let bodies: HashSet<String> = (0..2_000).map(|number| corpus.body(number)).collect();
        assert_eq!(bodies.len(), 2_000);
        for body in bodies {
            assert!((500..=700).contains(&body.len()), "{} bytes: {body}", body.len());
            assert!(!body.contains(['\n', '\t', '\r']));
        }
    }
}
