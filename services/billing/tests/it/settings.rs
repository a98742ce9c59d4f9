//! Settings that cannot work are refused at the start.

use std::path::PathBuf;

use ::settings::{BrokerSettings, DatabaseSettings, InternalSettings, Validate as _};
use billing::{BillingSettings, HousekeepingSettings, PaymentsSettings, PlansSettings};

fn plain() -> BillingSettings {
    BillingSettings {
        server: Default::default(),
        database: DatabaseSettings {
            url: "postgres://localhost/none".to_owned().into(),
            migration_url: None,
            pool_size: 1,
            wait_timeout_millis: 1,
        },
        broker: BrokerSettings { url: "amqp://localhost".to_owned().into(), prefetch: 1 },
        internal: InternalSettings { public_keys: String::new(), private_key: None },
        telemetry: Default::default(),
        plans: PlansSettings::default(),
        payments: PaymentsSettings::default(),
        outbound: Default::default(),
        housekeeping: HousekeepingSettings::default(),
    }
}

#[test]
fn the_variable_to_set_is_named() {
    assert!(plain().validate().is_ok());
    let cases = [
        (
            BillingSettings { plans: PlansSettings { file: Some(PathBuf::from("/none/plans.json")) }, ..plain() },
            "VERDICT__PLANS__FILE",
        ),
        (
            BillingSettings { plans: PlansSettings { file: Some(PathBuf::from(file!())) }, ..plain() },
            "VERDICT__PLANS__FILE",
        ),
        (
            BillingSettings { housekeeping: HousekeepingSettings { inbox_days: 0, every_seconds: 1 }, ..plain() },
            "VERDICT__HOUSEKEEPING__INBOX_DAYS",
        ),
        (
            BillingSettings { housekeeping: HousekeepingSettings { inbox_days: 1, every_seconds: 0 }, ..plain() },
            "VERDICT__HOUSEKEEPING__EVERY_SECONDS",
        ),
    ];
    let paid = |change: fn(&mut PaymentsSettings)| {
        let mut payments = PaymentsSettings {
            provider: "stripe".into(),
            secret_key: Some("sk_test_x".to_owned().into()),
            webhook_secret: Some("whsec_x".to_owned().into()),
            return_origins: "https://app.example.com".into(),
            ..PaymentsSettings::default()
        };
        change(&mut payments);
        BillingSettings { payments, ..plain() }
    };
    assert!(paid(|_| {}).validate().is_ok());
    let more = [
        (paid(|payments| payments.provider = "paypal".into()), "VERDICT__PAYMENTS__PROVIDER"),
        (paid(|payments| payments.secret_key = None), "VERDICT__PAYMENTS__SECRET_KEY"),
        (paid(|payments| payments.webhook_secret = None), "VERDICT__PAYMENTS__WEBHOOK_SECRET"),
        (paid(|payments| payments.return_origins.clear()), "VERDICT__PAYMENTS__RETURN_ORIGINS"),
        (paid(|payments| payments.return_origins = "app.example.com".into()), "VERDICT__PAYMENTS__RETURN_ORIGINS"),
        (paid(|payments| payments.event_days = 0), "VERDICT__PAYMENTS__EVENT_DAYS"),
    ];
    for (settings, variable) in cases.into_iter().chain(more) {
        let error = settings.validate().expect_err(variable);
        assert!(error.to_string().contains(variable), "{error}");
    }
}
