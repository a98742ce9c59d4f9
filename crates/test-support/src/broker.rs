//! A RabbitMQ virtual host for one test.

use lapin::options::{QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};
use serde_json::json;
use settings::BrokerSettings;
use uuid::Uuid;

use crate::database::variable;

/// Where the test hears everything that is published.
pub(crate) const TAP: &str = "test.tap";

/// An empty vhost.
#[derive(Debug)]
pub struct TestBroker {
    url: String,
    admin: String,
    vhost: String,
}

impl TestBroker {
    /// Makes a vhost by the management API.
    ///
    /// # Panics
    /// When the test broker is not there; `make test` starts it.
    pub async fn create() -> Self {
        let (server, admin) = (variable("VERDICT_TEST_AMQP_URL"), variable("VERDICT_TEST_AMQP_ADMIN_URL"));
        let vhost = format!("test_{}", Uuid::new_v4().simple());
        let broker = Self { url: format!("{}/{vhost}", server.trim_end_matches('/')), admin, vhost };
        broker.manage(reqwest::Method::PUT, &format!("vhosts/{}", broker.vhost), json!({})).await;
        let user = broker.user();
        let all = json!({"configure": ".*", "write": ".*", "read": ".*"});
        broker.manage(reqwest::Method::PUT, &format!("permissions/{}/{user}", broker.vhost), all).await;
        broker
    }

    /// The vhost's name, for people who look at what a failed test left.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.vhost
    }

    /// Settings for a service.
    #[must_use]
    pub fn settings(&self) -> BrokerSettings {
        BrokerSettings { url: self.url.clone().into(), prefetch: 64 }
    }

    /// The vhost's URL.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// A connection beside the service's.
    pub(crate) async fn connect(&self) -> Connection {
        let properties = ConnectionProperties::default();
        Connection::connect(&self.url, properties).await.expect("the test broker answers")
    }

    /// Binds a queue that hears everything.
    pub(crate) async fn tap(&self, channel: &Channel) {
        let (queue, bind) = (QueueDeclareOptions::default(), QueueBindOptions::default());
        channel.queue_declare(TAP.into(), queue, FieldTable::default()).await.expect("declare the tap");
        channel
            .queue_bind(TAP.into(), "verdict.events".into(), "#".into(), bind, FieldTable::default())
            .await
            .expect("bind the tap");
    }

    /// How many messages wait in a queue.
    pub(crate) async fn depth(&self, channel: &Channel, queue: &str) -> u32 {
        let passive = QueueDeclareOptions { passive: true, ..Default::default() };
        let declared = channel.queue_declare(queue.into(), passive, FieldTable::default()).await;
        declared.expect("the queue is declared").message_count()
    }

    /// Deletes the vhost and everything in it.
    pub async fn drop(self) {
        self.manage(reqwest::Method::DELETE, &format!("vhosts/{}", self.vhost), json!({})).await;
    }

    fn user(&self) -> String {
        let authority = self.admin.split_once("://").expect("a URL").1;
        authority.split_once(':').expect("user:password in the URL").0.to_owned()
    }

    async fn manage(&self, method: reqwest::Method, path: &str, body: serde_json::Value) {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let url = format!("{}/api/{path}", self.admin.trim_end_matches('/'));
        let answer = client.request(method, &url).json(&body).send().await.expect("the management API answers");
        assert!(answer.status().is_success(), "{url}: {}", answer.status());
    }
}
