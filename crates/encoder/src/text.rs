//! From characters to token numbers, as BERT's uncased tokeniser does it.

mod normalise;
mod word_piece;

pub use word_piece::Tokenizer;
