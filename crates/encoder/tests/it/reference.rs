//! Vectors, held to those of onnxruntime on the same weights.

use encoder::{Embedder, Encoder, HashedEmbedder, Precision, golden};

use crate::model;

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn texts() -> Vec<String> {
    let long = "the parcel was left with a neighbour who has moved away ".repeat(60);
    let more = [
        "Refund please",
        "Überweisung für die Miete",
        "カードが届きません",
        "",
        long.as_str(),
        "ok ok ok 12345",
        "💳 declined again",
    ];
    golden::SENTENCES.iter().chain(&more).map(|text| (*text).to_owned()).collect()
}

fn embed(encoder: &Encoder, texts: &[String]) -> Vec<Vec<f32>> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    encoder.embed(&texts).unwrap()
}

#[test]
fn f32_gives_the_reference_vectors() {
    let Some(encoder) = model::encoder(Precision::F32) else { return };
    for (found, wanted) in encoder.embed(&golden::SENTENCES).unwrap().iter().zip(golden::vectors()) {
        assert!(cosine(found, &wanted) > 0.99999, "{}", cosine(found, &wanted));
    }
}

#[test]
fn int8_stays_near_the_reference() {
    let (Some(exact), Some(small)) = (model::encoder(Precision::F32), model::encoder(Precision::Int8)) else { return };
    let texts = texts();
    for ((exact, small), text) in embed(&exact, &texts).iter().zip(embed(&small, &texts)).zip(&texts) {
        assert!(cosine(exact, &small) > 0.985, "{text:?}: {}", cosine(exact, &small));
    }
    assert_ne!(exact.model_id(), small.model_id(), "vectors of the two must never meet in one index");
}

#[test]
fn the_company_of_a_text_does_not_change_its_vector() {
    let Some(encoder) = model::encoder(Precision::Int8) else { return };
    let texts = texts();
    let together = embed(&encoder, &texts);
    for (text, vector) in texts.iter().zip(&together) {
        let alone = embed(&encoder, std::slice::from_ref(text));
        assert!(cosine(vector, &alone[0]) > 0.9999, "{text:?}");
        let length = cosine(vector, vector);
        assert!((length - 1.0).abs() < 1e-4, "{text:?} has length {length}");
    }
}

#[test]
fn texts_are_read_up_to_the_limit() {
    let Some(encoder) = model::encoder(Precision::Int8) else { return };
    let long = "a ".repeat(1_000);
    assert_eq!(encoder.tokens(&long).len(), 256);
    assert_eq!(
        encoder.embed(&[&long, &format!("{long} and then something else")]).map(|two| two[0] == two[1]).ok(),
        Some(true)
    );
}

#[tokio::test]
async fn the_hashed_embedder_needs_no_files_and_knows_words() {
    let texts = ["where is my card", "my card, where is it", "invoice of november"].map(str::to_owned).to_vec();
    let vectors = HashedEmbedder.embed(texts).await.unwrap();
    assert_eq!(vectors[0].len(), HashedEmbedder.dimensions());
    assert!(cosine(&vectors[0], &vectors[1]) > cosine(&vectors[0], &vectors[2]) + 0.3);
}
