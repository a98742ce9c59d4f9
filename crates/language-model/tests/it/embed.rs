//! Embeddings from the endpoint.

use std::sync::Arc;

use common::TenantId;
use fake_model::ModelFault;
use language_model::{
    Disclosure, EmbedError, LanguageModelSettings, Micros, Price, RemoteEmbedder, SendableText, Unavailable, Window,
};

use crate::support::{Bench, loopback, record};

fn text(text: &str) -> SendableText {
    SendableText::of(text, &record(text), Disclosure::Permitted, 1_000).unwrap()
}

fn embedder(bench: &Bench, change: impl FnOnce(&mut LanguageModelSettings)) -> RemoteEmbedder {
    let mut settings = bench.settings.clone();
    change(&mut settings);
    RemoteEmbedder::new(&settings, &loopback(), bench.parts.clone()).unwrap().unwrap()
}

#[tokio::test]
async fn texts_become_vectors_of_length_one_in_their_order() {
    let bench = Bench::new().await;
    let embedder = embedder(&bench, |_| {});
    let texts = ["taxi", "sushi", "rent", "salary", "train", "hotel", "pens"];
    let all = embedder.embed(bench.tenant, texts.map(text).into()).await.unwrap();
    assert_eq!((bench.fake.count(), all.vectors.len()), (3, 7), "three texts a call");
    for (place, single) in texts.iter().enumerate() {
        let alone = embedder.embed(bench.tenant, vec![text(single)]).await.unwrap();
        assert_eq!(alone.vectors[0], all.vectors[place], "{single}");
        let length: f32 = all.vectors[place].iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
    assert!(all.tokens.prompt > 0 && all.cost == Micros(all.tokens.prompt));
    let body = &bench.fake.seen()[0].body;
    assert_eq!((body["dimensions"].as_u64(), body["encoding_format"].as_str()), (Some(8), Some("float")));
    assert_eq!(embedder.model_id(), "default:embed-a:8");
    assert!(bench.budget.spent(bench.tenant, Window::Month) >= all.cost);
}

#[tokio::test]
async fn vectors_of_another_length_are_refused() {
    let bench = Bench::new().await;
    bench.fake.set(|traits| traits.dimensions = 5);
    let embedder = embedder(&bench, |settings| settings.embedding.ask_dimensions = false);
    let error = embedder.embed(bench.tenant, vec![text("taxi")]).await.unwrap_err();
    assert_eq!(error, EmbedError::Dimensions { expected: 8, found: 5 });
}

#[tokio::test]
async fn failures_are_tried_again_told_and_settled() {
    let bench = Bench::new().await;
    let embedder = embedder(&bench, |_| {});
    bench.fake.script([ModelFault::RateLimitedHtml, ModelFault::Status(503), ModelFault::CutJson]);
    embedder.embed(bench.tenant, vec![text("taxi")]).await.unwrap();
    assert_eq!(bench.fake.count(), 4);
    bench.fake.always(Some(ModelFault::NoChoices));
    let error = embedder.embed(bench.tenant, vec![text("taxi")]).await.unwrap_err();
    assert_eq!(error, EmbedError::Unavailable(Unavailable::Malformed));
    let error = embedder.embed(bench.tenant, vec![text("taxi"), text(" \u{200b}")]).await.unwrap_err();
    assert_eq!(error, EmbedError::EmptyText { index: 1 });
    assert_eq!(bench.budget.reserved(bench.tenant), Micros::ZERO);
}

#[tokio::test]
async fn without_money_or_price_nothing_is_embedded() {
    let bench = Bench::new().await;
    let embedder = embedder(&bench, |_| {});
    let error = embedder.embed(TenantId::generate(), vec![text("taxi")]).await.unwrap_err();
    assert!(matches!(error, EmbedError::OverBudget(_)), "{error:?}");
    let mut settings = bench.settings.clone();
    settings.prices = [("model-a".to_owned(), Price::default())].into();
    assert!(RemoteEmbedder::new(&settings, &loopback(), bench.parts.clone()).is_err());
    assert_eq!(bench.fake.count(), 0);
}

#[tokio::test]
async fn large_vectors_fit_although_a_labels_answer_would_not() {
    let bench = Bench::new().await;
    let embedder = embedder(&bench, |settings| {
        settings.max_response_bytes = 4_096;
        (settings.embedding.dimensions, settings.embedding.batch_size) = (1_536, 32);
    });
    let texts: Vec<_> = (0..32).map(|place| text(&format!("text {place}"))).collect();
    let embedded = Arc::new(embedder).embed(bench.tenant, texts).await.unwrap();
    assert_eq!((embedded.vectors.len(), embedded.vectors[31].len()), (32, 1_536));
}
