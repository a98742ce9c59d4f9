//! Connections to the services: one set for each HTTP worker, so that nothing is shared and nothing is locked.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::HeaderValue;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::body::Outgoing;
use crate::routes::Upstream;
use crate::settings::{ProxySettings, UpstreamUrls};

/// Connections kept for later to each service.
const MAX_IDLE: usize = 256;
/// How long one is kept: well below the five seconds after which services close it themselves.
const IDLE_LIFE: Duration = Duration::from_secs(3);
/// How long a connection may take to be ready again after an answer was read.
const SETTLING: Duration = Duration::from_secs(1);

/// Why no answer began.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// No connection could be had.
    #[error("cannot connect")]
    Connect(#[source] std::io::Error),
    /// In the time allowed, no connection could be had.
    #[error("connecting took too long")]
    ConnectTimeout,
    /// The connection broke after the request was, perhaps, seen.
    #[error("the connection broke")]
    Broken {
        /// Whether the connection had served before, and so may have been closed in the meantime.
        reused: bool,
        /// What hyper says.
        #[source]
        source: hyper::Error,
    },
}

/// Sends requests to the services.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pools: [Rc<Pool>; Upstream::ALL.len()],
    connect_timeout: Duration,
}

#[derive(Debug)]
struct Pool {
    authority: String,
    host: HeaderValue,
    idle: RefCell<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    sender: SendRequest<Outgoing>,
    since: Instant,
}

/// A connection while its answer is read. Dropped before the end, it is closed.
#[derive(Debug)]
pub(crate) struct Lease {
    sender: SendRequest<Outgoing>,
    pool: Rc<Pool>,
}

impl Client {
    /// A client without connections.
    ///
    /// # Errors
    /// When a service's URL cannot be used.
    pub(crate) fn new(urls: &UpstreamUrls, settings: &ProxySettings) -> Result<Self, settings::SettingsError> {
        let pool = |upstream: Upstream| -> Result<Rc<Pool>, settings::SettingsError> {
            let authority = urls.authority(upstream)?;
            let host = HeaderValue::from_str(&authority)
                .map_err(|error| settings::SettingsError::invalid("upstreams", error.to_string()))?;
            Ok(Rc::new(Pool { authority, host, idle: RefCell::default() }))
        };
        let [ingestion, processing, approvals, billing, reporting] = Upstream::ALL.map(pool);
        let pools = [ingestion?, processing?, approvals?, billing?, reporting?];
        Ok(Self { pools, connect_timeout: settings.connect_timeout() })
    }

    /// The `Host` of a service.
    pub(crate) fn host(&self, upstream: Upstream) -> HeaderValue {
        self.pools[upstream as usize].host.clone()
    }

    /// Sends a request and waits for the beginning of the answer. A kept connection that turns out to be closed is
    /// replaced as long as hyper vouches that nothing of the request was sent.
    ///
    /// # Errors
    /// When no connection could be had, or it broke.
    pub(crate) async fn send(
        &self,
        upstream: Upstream,
        mut request: Request<Outgoing>,
    ) -> Result<(Response<Incoming>, Lease), SendError> {
        let pool = &self.pools[upstream as usize];
        loop {
            let (mut sender, reused) = match pool.take_idle() {
                Some(sender) => (sender, true),
                None => (pool.connect(self.connect_timeout).await?, false),
            };
            match sender.try_send_request(request).await {
                Ok(answer) => return Ok((answer, Lease { sender, pool: Rc::clone(pool) })),
                Err(mut error) => match error.take_message() {
                    Some(unsent) if reused => request = unsent,
                    _ => return Err(SendError::Broken { reused, source: error.into_error() }),
                },
            }
        }
    }
}

impl Pool {
    fn take_idle(&self) -> Option<SendRequest<Outgoing>> {
        let mut idle = self.idle.borrow_mut();
        while let Some(Idle { sender, since }) = idle.pop() {
            if since.elapsed() > IDLE_LIFE {
                // Kept in the order of return: all below are older.
                idle.clear();
                return None;
            }
            if sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    fn put_idle(&self, sender: SendRequest<Outgoing>) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < MAX_IDLE {
            idle.push(Idle { sender, since: Instant::now() });
        }
    }

    async fn connect(&self, limit: Duration) -> Result<SendRequest<Outgoing>, SendError> {
        let connecting = TcpStream::connect(&self.authority);
        let stream = tokio::time::timeout(limit, connecting).await.map_err(|_| SendError::ConnectTimeout)?;
        let stream = stream.map_err(SendError::Connect)?;
        stream.set_nodelay(true).map_err(SendError::Connect)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|source| SendError::Broken { reused: false, source })?;
        actix_web::rt::spawn(async move {
            // Whoever waits for an answer hears of it; an idle connection that is closed is no event.
            let _ = connection.await;
        });
        sender.ready().await.map_err(|source| SendError::Broken { reused: false, source })?;
        Ok(sender)
    }
}

impl Lease {
    /// Keeps the connection for the next call; its answer was read to the end.
    pub(crate) fn give_back(self) {
        let Self { mut sender, pool } = self;
        if sender.is_ready() {
            pool.put_idle(sender);
        } else if !sender.is_closed() {
            // The connection's task has yet to notice that the exchange is over.
            actix_web::rt::spawn(async move {
                if let Ok(Ok(())) = tokio::time::timeout(SETTLING, sender.ready()).await {
                    pool.put_idle(sender);
                }
            });
        }
    }
}
