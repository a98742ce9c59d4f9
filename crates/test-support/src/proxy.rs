//! A TCP proxy that a test can cut: the line to a server goes dead while the server lives on.

use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A line to a server.
#[derive(Debug)]
pub struct CutProxy {
    address: String,
    target: String,
    is_cut: Arc<watch::Sender<bool>>,
}

impl CutProxy {
    /// Listens on a free port and passes everything on to `target` (`host:port`).
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let is_cut = Arc::new(watch::Sender::new(false));
        tokio::spawn(accept(listener, target.to_owned(), is_cut.clone()));
        Self { address, target: target.to_owned(), is_cut }
    }

    /// Breaks every connection and refuses new ones.
    pub fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.is_cut.send_replace(false);
    }

    /// The URL with the target's address replaced by the proxy's.
    #[must_use]
    pub fn replace_host(&self, url: &str) -> String {
        url.replacen(&self.target, &self.address, 1)
    }
}

async fn accept(listener: TcpListener, target: String, is_cut: Arc<watch::Sender<bool>>) {
    while let Ok((client, _)) = listener.accept().await {
        // Dropped at once while the line is cut: the client sees a reset, as from a dead host's neighbour.
        if !*is_cut.borrow() {
            tokio::spawn(pass(client, target.clone(), is_cut.subscribe()));
        }
    }
}

async fn pass(mut client: TcpStream, target: String, mut is_cut: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(&target).await else { return };
    // Small frames both ways: waiting to fill packets would slow every round trip.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = is_cut.wait_for(|cut| *cut) => {}
    }
}
