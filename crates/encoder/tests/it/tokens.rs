//! Token numbers, held to those of Hugging Face's `tokenizers`.

use encoder::Precision;
use encoder::text::Tokenizer;
use proptest::prelude::*;
use serde::Deserialize;

use crate::model;

#[derive(Deserialize)]
struct Case {
    text: String,
    tokens: Vec<u32>,
}

#[test]
fn odd_texts_have_the_reference_tokens() {
    let Some(encoder) = model::encoder(Precision::Int8) else { return };
    let cases: Vec<Case> = serde_json::from_str(include_str!("tokens.json")).unwrap();
    for case in cases {
        // A special token spelt out in a text is that text here: nobody writes marks through a record.
        if !case.text.contains("[CLS]") {
            assert_eq!(encoder.tokens(&case.text), case.tokens, "{:?}", case.text);
        }
    }
}

fn small() -> Tokenizer {
    let pieces = ["[UNK]", "[CLS]", "[SEP]", "play", "##ing", "##ed", "un", "##play", "a", "!", "\u{6f22}", "["];
    let vocab: serde_json::Map<String, serde_json::Value> =
        pieces.iter().enumerate().map(|(id, piece)| ((*piece).to_owned(), id.into())).collect();
    let json = serde_json::json!({ "model": { "vocab": vocab } });
    Tokenizer::from_json(json.to_string().as_bytes()).unwrap()
}

#[test]
fn words_are_cut_into_their_longest_pieces() {
    assert_eq!(small().encode("Playing unplayed!", 16), [1, 3, 4, 6, 7, 5, 9, 2]);
    assert_eq!(small().encode("a\u{6f22}a", 16), [1, 8, 10, 8, 2]);
    assert_eq!(small().encode("plays", 16), [1, 0, 2], "a word with an unknown piece is unknown as a whole");
    assert_eq!(small().encode("\u{c1}", 16), [1, 8, 2], "accents are dropped");
    assert_eq!(small().encode("", 16), [1, 2]);
}

#[test]
fn special_tokens_cannot_be_written_in_a_text() {
    assert!(!small().encode("[SEP]", 16)[1..].starts_with(&[2]));
}

#[test]
fn a_vocabulary_without_the_marks_is_refused() {
    assert!(Tokenizer::from_json(br#"{"model":{"vocab":{"a":0}}}"#).is_err());
    assert!(Tokenizer::from_json(b"[]").is_err());
}

proptest! {
    #[test]
    fn any_text_gives_marks_and_no_more_tokens_than_allowed(text in "\\PC*", limit in 2_usize..40) {
        let tokens = small().encode(&text, limit);
        prop_assert!(tokens.len() >= 2 && tokens.len() <= limit);
        prop_assert_eq!((tokens[0], tokens[tokens.len() - 1]), (1, 2));
    }
}
