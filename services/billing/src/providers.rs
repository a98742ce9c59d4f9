//! Which payment provider serves: the one place where an implementation is chosen by its name in the settings.

mod manual;

use std::sync::Arc;

use outbound::OutboundSettings;
use payments::PaymentProvider;
use settings::SettingsError;

use crate::domain::MANUAL;
use crate::settings::PaymentsSettings;

pub(crate) use manual::Manual;

/// The providers of this process.
#[derive(Clone, Debug)]
pub(crate) struct Providers {
    serving: Option<Arc<dyn PaymentProvider>>,
    manual: Arc<dyn PaymentProvider>,
}

impl Providers {
    /// Connects to the configured provider; `None` of it when there is none.
    pub(crate) fn connect(payments: &PaymentsSettings, outbound: &OutboundSettings) -> Result<Self, SettingsError> {
        let manual: Arc<dyn PaymentProvider> = Arc::new(Manual);
        let serving = match payments.provider.as_str() {
            "none" => None,
            MANUAL => Some(Arc::clone(&manual)),
            #[cfg(feature = "stripe")]
            payments_stripe::NAME => Some(stripe(payments, outbound)?),
            other => return Err(unknown(other)),
        };
        Ok(Self { serving, manual })
    }

    /// The provider that sells.
    pub(crate) fn serving(&self) -> Option<&Arc<dyn PaymentProvider>> {
        self.serving.as_ref()
    }

    /// The provider of that name, if this process speaks with it.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<dyn PaymentProvider>> {
        self.serving.iter().chain([&self.manual]).find(|provider| provider.name() == name)
    }
}

#[cfg(feature = "stripe")]
fn stripe(payments: &PaymentsSettings, outbound: &OutboundSettings) -> Result<Arc<dyn PaymentProvider>, SettingsError> {
    let needed = |key: &str, given: &Option<settings::SecretString>| {
        given.clone().ok_or_else(|| SettingsError::invalid(key, "is needed by this provider"))
    };
    let mut webhook_secrets = vec![needed("payments.webhook_secret", &payments.webhook_secret)?];
    webhook_secrets.extend(payments.previous_webhook_secret.clone());
    let settings = payments_stripe::StripeSettings {
        api_base: payments.api_base.clone(),
        secret_key: needed("payments.secret_key", &payments.secret_key)?,
        webhook_secrets,
        tolerance_seconds: payments.webhook_tolerance_seconds,
    };
    Ok(Arc::new(payments_stripe::Stripe::new(&settings, outbound::Outbound::new(outbound)?)))
}

fn unknown(name: &str) -> SettingsError {
    SettingsError::invalid("payments.provider", format!("{name:?} is no provider of this build"))
}
