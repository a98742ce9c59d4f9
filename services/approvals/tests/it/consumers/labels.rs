//! LABEL_CREATED, LABEL_UPDATED and LABEL_DELETED in any order.

use common::event::{Event, LabelCreated, LabelDeleted, LabelUpdated};
use common::{Clock as _, LabelId, SystemClock, TenantId};
use test_support::wait_until;

use crate::support::{create_label, event, start};

fn life_of(tenant: TenantId, label_id: LabelId) -> [Event; 3] {
    let (name, description) = ("old".to_owned(), String::new());
    let at = SystemClock.now();
    let renamed = LabelUpdated {
        label_id,
        name: "new".into(),
        previous_name: name.clone(),
        description: description.clone(),
        version: 2,
    };
    [
        event(tenant, at, &LabelCreated { label_id, name, description, version: 1 }),
        event(tenant, at, &renamed),
        event(tenant, at, &LabelDeleted { label_id, name: "new".into(), version: 2 }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_state_stands_whatever_the_order() {
    let app = start().await;
    let tenant = TenantId::generate();
    for order in [[0, 1], [1, 0]] {
        let label = LabelId::generate();
        let life = life_of(tenant, label);
        for index in order {
            app.publish(&[life[index].clone(), life[index].clone()]).await;
        }
        let marker = create_label(&app, tenant, "marker").await;
        wait_until("the marker is known", async || {
            (app.count(&format!("labels WHERE label_id = '{marker}'")).await == 1).then_some(())
        })
        .await;
        let standing = format!("labels WHERE label_id = '{label}' AND name = 'new' AND version = 2 AND NOT deleted");
        assert_eq!(app.count(&standing).await, 1, "{order:?}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_undoes_a_deletion() {
    let app = start().await;
    let tenant = TenantId::generate();
    for order in [[0, 1, 2], [2, 1, 0], [2, 0, 1], [1, 2, 0]] {
        let label = LabelId::generate();
        let life = life_of(tenant, label);
        app.publish(&order.map(|index| life[index].clone())).await;
        let gone = format!("labels WHERE label_id = '{label}' AND deleted");
        wait_until("the label is gone", async || (app.count(&gone).await == 1).then_some(())).await;
        for index in order {
            app.publish(&[life[index].clone()]).await;
        }
        let marker = create_label(&app, tenant, "marker").await;
        wait_until("the marker is known", async || {
            (app.count(&format!("labels WHERE label_id = '{marker}'")).await == 1).then_some(())
        })
        .await;
        assert_eq!(app.count(&gone).await, 1, "{order:?}");
    }
    app.finish().await;
}
