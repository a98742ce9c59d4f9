//! The worker threads: order, many callers at once, callers that go away.

use std::sync::Arc;

use encoder::{Embedder, Precision, WorkerSettings, Workers};

use crate::model;

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn workers(threads: usize, queue: usize) -> Option<Arc<Workers>> {
    let encoder = model::encoder(Precision::Int8)?;
    Some(Arc::new(Workers::start(encoder, WorkerSettings { threads, queue }).unwrap()))
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_texts() {
    let Some(workers) = workers(2, 1) else { return };
    // Lengths go up and down, so that sorting inside must be undone.
    let texts: Vec<String> = (0..40).map(|n| format!("record number {n} {}", "word ".repeat(n * 7 % 23))).collect();
    let together = workers.embed(texts.clone()).await.unwrap();
    for (text, vector) in texts.into_iter().zip(&together).step_by(7) {
        let alone = workers.embed(vec![text]).await.unwrap();
        assert!(cosine(&alone[0], vector) > 0.9999);
    }
    assert!(workers.embed(Vec::new()).await.unwrap().is_empty());
}

#[tokio::test]
async fn many_callers_each_get_their_own_answer() {
    let Some(workers) = workers(2, 1) else { return };
    let calls: Vec<_> = (0..24)
        .map(|n| {
            let workers = Arc::clone(&workers);
            tokio::spawn(async move {
                workers.embed(vec![format!("invoice {n}"), format!("parcel {n} is late")]).await.unwrap()
            })
        })
        .collect();
    let expected = workers.embed(vec!["invoice 7".to_owned(), "parcel 7 is late".to_owned()]).await.unwrap();
    for (n, call) in calls.into_iter().enumerate() {
        let found = call.await.unwrap();
        assert_eq!(found.len(), 2);
        if n == 7 {
            assert!(cosine(&found[0], &expected[0]) > 0.9999 && cosine(&found[1], &expected[1]) > 0.9999);
        }
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_stop_the_workers() {
    let Some(workers) = workers(1, 1) else { return };
    for n in 0..8 {
        let call = tokio::spawn({
            let workers = Arc::clone(&workers);
            async move { workers.embed(vec![format!("left behind {n}"); 64]).await }
        });
        tokio::task::yield_now().await;
        call.abort();
    }
    assert_eq!(workers.embed(vec!["still here".to_owned()]).await.unwrap().len(), 1);
}
