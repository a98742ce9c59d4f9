//! WordPiece: each word is cut greedily into the longest pieces that the vocabulary holds.

use std::collections::HashMap;

use serde::Deserialize;

use super::normalise::words;
use crate::weights::LoadError;

/// A word longer than this is unknown as a whole.
const LONGEST_WORD: usize = 100;

/// Turns texts into token numbers, cut to a limit.
pub struct Tokenizer {
    starts: HashMap<Box<str>, u32>,
    continuations: HashMap<Box<str>, u32>,
    unknown: u32,
    begin: u32,
    end: u32,
}

#[derive(Deserialize)]
struct Described {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    vocab: HashMap<Box<str>, u32>,
}

impl Tokenizer {
    /// Reads the vocabulary out of a `tokenizer.json`. The rules around it are this crate's own: the file is pinned.
    pub fn from_json(json: &[u8]) -> Result<Self, LoadError> {
        let described: Described =
            serde_json::from_slice(json).map_err(|error| LoadError::Malformed(error.to_string()))?;
        let vocab = described.model.vocab;
        let special = |name: &str| {
            vocab.get(name).copied().ok_or_else(|| LoadError::Malformed(format!("the vocabulary lacks {name}")))
        };
        let (unknown, begin, end) = (special("[UNK]")?, special("[CLS]")?, special("[SEP]")?);
        let (mut starts, mut continuations) = (HashMap::new(), HashMap::new());
        for (piece, id) in vocab {
            match piece.strip_prefix("##") {
                Some(rest) if !rest.is_empty() => continuations.insert(rest.into(), id),
                _ => starts.insert(piece, id),
            };
        }
        Ok(Self { starts, continuations, unknown, begin, end })
    }

    /// The tokens of `text` between the two marks, at most `limit` with them.
    pub fn encode(&self, text: &str, limit: usize) -> Vec<u32> {
        let room = limit.saturating_sub(1);
        let mut ids = vec![self.begin];
        for word in words(text, room).iter() {
            if ids.len() >= room {
                break;
            }
            self.pieces(word, &mut ids);
        }
        ids.truncate(room);
        ids.push(self.end);
        ids
    }

    fn pieces(&self, word: &str, ids: &mut Vec<u32>) {
        let before = ids.len();
        let mut rest = word;
        if word.chars().nth(LONGEST_WORD).is_some() {
            return ids.push(self.unknown);
        }
        while !rest.is_empty() {
            let known = if ids.len() == before { &self.starts } else { &self.continuations };
            let Some((id, length)) = longest(known, rest) else {
                ids.truncate(before);
                return ids.push(self.unknown);
            };
            ids.push(id);
            rest = &rest[length..];
        }
    }
}

fn longest(known: &HashMap<Box<str>, u32>, rest: &str) -> Option<(u32, usize)> {
    let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).collect::<Vec<_>>();
    ends.into_iter().rev().find_map(|end| known.get(&rest[..end]).map(|id| (*id, end)))
}
