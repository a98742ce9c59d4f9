//! The way out: an SMTP server, or a folder of files in development.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncTransport as _, Tokio1Executor};
use outbound::Url;
use settings::{ExposeSecret as _, SettingsError};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use super::letter::Rendered;
use crate::settings::MailSettings;

/// Longest wait for each answer of the SMTP server.
const PATIENCE: Duration = Duration::from_secs(20);

/// Takes letters to where the settings say.
#[derive(Clone, Debug)]
pub(crate) struct Courier {
    from: Mailbox,
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

/// Why a letter was not delivered.
#[derive(Debug, thiserror::Error)]
pub(super) enum CourierError {
    /// It may go another time.
    #[error("{0}")]
    Later(String),
    /// It never will.
    #[error("{0}")]
    Never(String),
}

impl Courier {
    /// The courier of these settings; `None` when they name no way.
    ///
    /// # Errors
    /// When the sender or the server's URL cannot be used.
    pub(crate) fn new(settings: &MailSettings) -> Result<Option<Self>, SettingsError> {
        let from = settings.from.parse().map_err(|error| {
            SettingsError::invalid(
                "mail.from",
                format!("must be a mailbox such as \"Verdict <no-reply@example.com>\": {error}"),
            )
        })?;
        let way = match (&settings.smtp_url, &settings.folder) {
            (Some(url), _) if !url.expose_secret().is_empty() => {
                let transport =
                    AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret()).map_err(|error| {
                        let form = "smtps://user:password@host or smtp://host:port?tls=required";
                        SettingsError::invalid("mail.smtp_url", format!("must be {form}: {error}"))
                    })?;
                let transport = match own_tls(url.expose_secret(), settings.ca_file.as_deref())? {
                    Some(tls) => transport.tls(tls),
                    None => transport,
                };
                Way::Smtp(transport.timeout(Some(PATIENCE)).build())
            }
            (_, Some(folder)) => Way::Folder(folder.clone()),
            (_, None) => return Ok(None),
        };
        Ok(Some(Self { from, way }))
    }

    /// Takes one letter away.
    pub(super) async fn deliver(&self, id: Uuid, recipient: &str, letter: Rendered) -> Result<(), CourierError> {
        let never =
            |error: &dyn std::fmt::Display| CourierError::Never(format!("the letter cannot be written: {error}"));
        let to: Address = recipient.parse().map_err(|error| never(&error))?;
        let Rendered { subject, text, html } = letter;
        let readable = format!("To: {recipient}\nSubject: {subject}\n\n{text}");
        let message = Message::builder()
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .multipart(MultiPart::alternative_plain_html(text, html))
            .map_err(|error| never(&error))?;
        match &self.way {
            Way::Smtp(transport) => transport.send(message).await.map(drop).map_err(|error| {
                let reason = with_causes(&error);
                if error.is_permanent() { CourierError::Never(reason) } else { CourierError::Later(reason) }
            }),
            Way::Folder(folder) => {
                let later = |error: std::io::Error| CourierError::Later(format!("{}: {error}", folder.display()));
                write(folder, &format!("{id}.eml"), &message.formatted()).await.map_err(later)?;
                // The same for people, without the encodings of mail.
                write(folder, &format!("{id}.txt"), readable.as_bytes()).await.map_err(later)
            }
        }
    }
}

/// TLS as the URL wants it, trusting the file's authorities too; `None` where the URL's own way is enough.
fn own_tls(url: &str, file: Option<&Path>) -> Result<Option<Tls>, SettingsError> {
    let Some(file) = file else { return Ok(None) };
    let refuse = |error: String| SettingsError::invalid("mail.ca_file", error);
    let url = Url::parse(url).map_err(|error| SettingsError::invalid("mail.smtp_url", error.to_string()))?;
    let wanted = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    let way = match (url.scheme(), wanted.as_deref()) {
        ("smtps", _) => Tls::Wrapper,
        (_, Some("required")) => Tls::Required,
        (_, Some("opportunistic")) => Tls::Opportunistic,
        _ => return Err(refuse("is of no use: mail.smtp_url asks for no TLS".into())),
    };
    let pem = std::fs::read(file).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    let mut parameters = TlsParameters::builder(url.host_str().unwrap_or_default().to_owned());
    let blocks = String::from_utf8_lossy(&pem).into_owned();
    let blocks: Vec<&str> =
        blocks.split_inclusive("-----END CERTIFICATE-----").filter(|b| b.contains("BEGIN")).collect();
    if blocks.is_empty() {
        return Err(refuse("holds no certificate".into()));
    }
    for block in blocks {
        let certificate = Certificate::from_pem(block.as_bytes()).map_err(|error| refuse(error.to_string()))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    Ok(Some(way(parameters.build().map_err(|error| refuse(error.to_string()))?)))
}

/// Writes a whole file or none. Only its owner reads it: it holds a link that signs somebody in.
async fn write(folder: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    tokio::fs::create_dir_all(folder).await?;
    let draft = folder.join(format!(".{name}"));
    let mut file =
        tokio::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).await?;
    file.write_all(content).await?;
    file.sync_all().await?;
    tokio::fs::rename(&draft, folder.join(name)).await
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
