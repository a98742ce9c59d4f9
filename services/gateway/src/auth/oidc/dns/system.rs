//! The name servers of this machine, or those of the settings, asked as any program's are: by UDP, and by TCP where an
//! answer is too long for it. They are the operator's choice, so that nobody else learns whose domains are looked for.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::wire::{Answer, Fault, MAX_UDP, answer, question};

/// Where this machine says which its name servers are.
const FILE: &str = "/etc/resolv.conf";
/// The port of name servers.
const PORT: u16 = 53;
/// Name servers that are asked one after the other.
const MOST_SERVERS: usize = 3;

/// Why nobody could say.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolverError {
    /// This machine names no name server.
    #[error("there is no name server in {FILE}; name one in VERDICT__SIGN_IN__NAME_SERVERS")]
    NoServer,
    /// It does not answer.
    #[error("the name server {0} does not answer")]
    Silent(SocketAddr),
    /// It cannot be spoken to.
    #[error("the name server {0} cannot be asked")]
    Unreachable(SocketAddr, #[source] io::Error),
    /// What it says is of no use.
    #[error("the name server {0} is of no use")]
    Fault(SocketAddr, #[source] Fault),
}

/// The name servers of a setting: addresses with or without a port, with commas between them.
pub(crate) fn parse_servers(text: &str) -> Option<Vec<SocketAddr>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok().or_else(|| Some(SocketAddr::new(part.parse().ok()?, PORT)))).collect()
}

/// The texts of a name, from the first server that says.
///
/// # Errors
/// What the last one failed by.
pub(super) async fn texts(
    servers: &[SocketAddr],
    name: &str,
    patience: Duration,
) -> Result<Vec<String>, ResolverError> {
    let known;
    let servers = if servers.is_empty() {
        // Read each time: it changes when the machine moves to another network.
        known = of_this_machine(&tokio::fs::read_to_string(FILE).await.unwrap_or_default());
        &known
    } else {
        servers
    };
    let mut last = ResolverError::NoServer;
    for server in servers.iter().take(MOST_SERVERS) {
        match timeout(patience, ask(*server, name)).await {
            Ok(Ok(texts)) => return Ok(texts),
            Ok(Err(error)) => last = error,
            Err(_) => last = ResolverError::Silent(*server),
        }
    }
    Err(last)
}

/// The servers that `resolv.conf` names.
fn of_this_machine(text: &str) -> Vec<SocketAddr> {
    let named = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver")?.split_whitespace().next());
    // An address of a link has its interface behind it, which says nothing here.
    let addresses = named.filter_map(|address| address.split('%').next()?.parse::<IpAddr>().ok());
    addresses.map(|address| SocketAddr::new(address, PORT)).collect()
}

async fn ask(server: SocketAddr, name: &str) -> Result<Vec<String>, ResolverError> {
    let fault = |fault| ResolverError::Fault(server, fault);
    let broken = |error| ResolverError::Unreachable(server, error);
    let id = rand::random();
    let asked = question(id, name).map_err(fault)?;
    match by_udp(server, id, &asked).await.map_err(broken)? {
        Ok(Answer::Texts(texts)) => Ok(texts),
        Ok(Answer::Cut) => match answer(id, &by_tcp(server, &asked).await.map_err(broken)?).map_err(fault)? {
            Answer::Texts(texts) => Ok(texts),
            Answer::Cut => Err(fault(Fault::Malformed)),
        },
        Err(error) => Err(fault(error)),
    }
}

/// By UDP from a port of its own; what does not answer the question is no answer, whoever sent it.
async fn by_udp(server: SocketAddr, id: u16, asked: &[u8]) -> io::Result<Result<Answer, Fault>> {
    let own: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((own, 0)).await?;
    socket.connect(server).await?;
    socket.send(asked).await?;
    let mut message = [0; MAX_UDP as usize];
    loop {
        let length = socket.recv(&mut message).await?;
        match answer(id, &message[..length]) {
            Err(Fault::Unrelated) => {}
            read => return Ok(read),
        }
    }
}

async fn by_tcp(server: SocketAddr, asked: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(asked.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), asked].concat()).await?;
    let length = stream.read_u16().await?;
    let mut message = vec![0; length.into()];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_from_settings_and_from_the_machine() {
        let all = parse_servers("192.0.2.1, 192.0.2.2:5353,[2001:db8::1]:53,2001:db8::2").expect("addresses");
        let told: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["192.0.2.1:53", "192.0.2.2:5353", "[2001:db8::1]:53", "[2001:db8::2]:53"]);
        assert_eq!(parse_servers(""), Some(Vec::new()));
        assert_eq!(parse_servers("192.0.2.1,dns.example"), None);
        let file = "# comment\nsearch example.com\nnameserver 192.0.2.7\n nameserver fe80::1%eth0\noptions rotate\n";
        let told: Vec<String> = of_this_machine(file).iter().map(ToString::to_string).collect();
        assert_eq!(told, ["192.0.2.7:53", "[fe80::1]:53"]);
    }
}
