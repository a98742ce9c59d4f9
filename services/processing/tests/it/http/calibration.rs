//! `/processing/calibration`.

use serde_json::json;

use crate::similarity::{records, teach, tenant};
use crate::support::{Tenant, start};

const PATH: &str = "/api/v1/processing/calibration";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_tenant_is_told_what_to_do() {
    let app = start().await;
    let answer = Tenant::new(&app).admin.get(PATH).await;
    assert_eq!(answer.status, 200);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "auditRate": null,
      "audits": 0,
      "available": true,
      "calibrator": null,
      "closedDecisions": 0,
      "confidence": 0.9,
      "embeddingModel": null,
      "enabled": false,
      "exemplars": 0,
      "fittedAt": null,
      "headVersion": null,
      "labels": [],
      "leastFamiliarity": null,
      "memoryVersion": 0,
      "nextStep": "Switch the embedding stage on with PATCH /processing/settings; nothing is accepted before it is proven.",
      "reliability": null,
      "standing": null,
      "targetErrorRate": 0.02,
      "threshold": null,
      "version": null
    }
    "#);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_shows_what_is_known() {
    let app = start().await;
    let tenant = tenant(&app).await;
    teach(&app, &tenant, &records(0, 30)).await;
    let shown = tenant.admin.get(PATH).await.body;
    assert_eq!((&shown["closedDecisions"], &shown["exemplars"], &shown["audits"]), (&json!(30), &json!(30), &json!(0)));
    let bins = shown["reliability"]["bins"].as_array().expect("rows");
    assert_eq!(bins.iter().filter_map(|bin| bin["decisions"].as_u64()).sum::<u64>(), 30);
    let labels = shown["labels"].as_array().expect("labels");
    assert_eq!(labels.iter().map(|label| label["exemplars"].clone()).collect::<Vec<_>>(), [json!(15), json!(15)]);
    assert!(labels.iter().all(|label| label["standing"] == "trusted" && label["score"].is_null()), "{labels:?}");
    assert_eq!(shown["calibrator"], "temperature");
    let stranger = Tenant::new(&app).admin.get(PATH).await.body;
    assert_eq!((&stranger["closedDecisions"], &stranger["labels"]), (&json!(0), &json!([])));
    app.finish().await;
}
