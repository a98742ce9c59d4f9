//! What a probe finds out, of endpoints that refuse and of those that only do not do.

use fake_model::{ModelFault, ModelTraits};
use language_model::{Capabilities, ResponseFormat, Unavailable};

use crate::support::Bench;

#[tokio::test]
async fn a_probe_finds_what_the_endpoint_takes_and_does() {
    use ResponseFormat::{JsonObject, StrictSchema, Text};
    type Change = fn(&mut ModelTraits);

    let cases: [(Change, ResponseFormat, bool, usize); 7] = [
        (|_| {}, StrictSchema, true, 1),
        (|traits| traits.gives_logprobs = false, StrictSchema, false, 1),
        (|traits| traits.takes_logprobs = false, StrictSchema, false, 2),
        (|traits| traits.takes_temperature = false, StrictSchema, false, 3),
        (|traits| traits.takes_schema = false, JsonObject, true, 4),
        (|traits| (traits.takes_schema, traits.takes_logprobs) = (false, false), JsonObject, false, 5),
        (|traits| traits.keeps_schema = false, Text, true, 1),
    ];
    for (change, format, logprobs, calls) in cases {
        let bench = Bench::new().await;
        bench.fake.set(change);
        let probe = bench.model.probe("model-a").await.unwrap();
        assert_eq!((probe.capabilities.format, probe.capabilities.logprobs), (format, logprobs));
        assert_eq!(bench.fake.count(), calls, "{format:?} {logprobs}");
        assert!(probe.tokens.prompt > 0);
    }
}

#[tokio::test]
async fn a_probe_of_an_endpoint_that_fails_says_why() {
    let bench = Bench::new().await;
    bench.fake.always(Some(ModelFault::Status(401)));
    assert_eq!(bench.model.probe("model-a").await, Err(Unavailable::Unauthorized));
    bench.fake.always(Some(ModelFault::Status(400)));
    assert_eq!(bench.model.probe("model-a").await, Err(Unavailable::Rejected { status: 400 }));
    let json = serde_json::to_string(&Capabilities::FULL).unwrap();
    assert_eq!(
        json, r#"{"format":"strict_schema","logprobs":true,"seed":true,"temperature":true}"#,
        "kept by the caller"
    );
}
