//! A certificate authority of the test's own, and servers behind TLS that it vouches for.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// An authority that nobody trusts who is not told to.
#[derive(Clone)]
pub struct Authority {
    certificate: String,
    acceptor: TlsAcceptor,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// A new one, with a certificate for `localhost`.
    ///
    /// # Panics
    /// When no key can be made.
    #[must_use]
    pub fn generate() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own_key = KeyPair::generate().expect("a key");
        let own = params.self_signed(&own_key).expect("signs itself");
        let issuer = Issuer::new(params, own_key);
        let key = KeyPair::generate().expect("a key");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let leaf = CertificateParams::new(names).expect("good names").signed_by(&key, &issuer).expect("signs");
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], private))
            .expect("a usable certificate");
        Self { certificate: own.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    /// Takes a connection over into TLS.
    #[must_use]
    pub const fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Its certificate as a PEM file, for those who are to trust it.
    ///
    /// # Panics
    /// When the folder for temporary files cannot be written.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        let path = std::env::temp_dir().join(format!("verdict-test-{}.pem", uuid::Uuid::new_v4().simple()));
        std::fs::write(&path, &self.certificate).expect("a writable folder");
        path
    }

    /// Stands before a plain server, on a port of its own; gives its address as `localhost:port`.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn before(&self, plain: SocketAddr) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let acceptor = self.acceptor.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not trust it ends the handshake.
                    let (Ok(mut inside), Ok(mut outside)) =
                        (TcpStream::connect(plain).await, acceptor.accept(stream).await)
                    else {
                        return;
                    };
                    drop(copy_bidirectional(&mut outside, &mut inside).await);
                });
            }
        });
        format!("localhost:{port}")
    }
}
