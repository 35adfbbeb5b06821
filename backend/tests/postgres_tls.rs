//! The store in a database over TLS: by a connector that passes bytes on as they are, and a proxy
//! that offers what it pretends to.

mod servers;

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use keyward_backend::state::{
    Mark, Name, Spent, State, StateError, Verdict,
    clock::{Clock, HandClock},
    kit::START,
    postgres::{Options, Postgres},
};
use servers::skipped;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_postgres::{
    Config, Socket,
    config::SslMode,
    tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream},
};

/// Counts its handshakes, and encrypts nothing.
#[derive(Clone, Default)]
struct Pretended(Arc<AtomicUsize>);

struct Bare(Socket);

impl MakeTlsConnect<Socket> for Pretended {
    type Stream = Bare;
    type TlsConnect = Self;
    type Error = io::Error;

    fn make_tls_connect(&mut self, _domain: &str) -> io::Result<Self> {
        Ok(self.clone())
    }
}

impl TlsConnect<Socket> for Pretended {
    type Stream = Bare;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Bare>>;

    fn connect(self, stream: Socket) -> Self::Future {
        self.0.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Ok(Bare(stream)))
    }
}

impl TlsStream for Bare {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Bare {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Bare {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A port behind which the server seems to offer TLS.
async fn proxy(server: u16) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0; 8];
                client.read_exact(&mut asked).await?;
                assert_eq!(asked, SSL_REQUEST, "it speaks before it asks for TLS");
                client.write_all(b"S").await?;
                let mut server = TcpStream::connect(("127.0.0.1", server)).await?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    port
}

fn options(port: u16) -> Options {
    let mut config = Config::new();
    // What it says of TLS is overruled.
    config.host("127.0.0.1").port(port).user("postgres").dbname("postgres");
    config.ssl_mode(SslMode::Disable);
    Options::new(config)
}

fn spend(clock: &HandClock, nonce: u8) -> Mark {
    let now = clock.present().lo();
    let nonce = Some(Spent { name: Name([nonce; 16]), given: now });
    Mark { now, made: now, nonce, cells: Vec::new() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_spoken_to_over_tls() {
    let Some(server) = servers::Postgres::start(&[]) else { return skipped("postgresql") };
    let (clock, tls) = (HandClock::at(START), Pretended::default());
    let port = proxy(server.port).await;
    let store = Postgres::over_tls(options(port), clock.clone(), tls.clone());
    // The challenge is younger than the floor that a first connection raises.
    assert!(store.read(&[Name([0; 16])]).await.is_ok());
    clock.wait(10_000);
    assert_eq!(store.mark(&spend(&clock, 1)).await, Ok(Verdict::Marked));
    assert_eq!(store.mark(&spend(&clock, 1)).await, Ok(Verdict::Spent));
    assert!(tls.0.load(Ordering::Relaxed) > 0, "TLS was never asked");
}

/// Nothing is said to a server that offers no TLS, though the same server would be fit without.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_without_tls_is_not_spoken_to() {
    let Some(server) = servers::Postgres::start(&[]) else { return skipped("postgresql") };
    let (clock, tls) = (HandClock::at(START), Pretended::default());
    let store = Postgres::over_tls(options(server.port), clock.clone(), tls.clone());
    let refused = store.mark(&spend(&clock, 1)).await;
    assert!(matches!(refused, Err(StateError::Unavailable(_))), "{refused:?}");
    assert_eq!(tls.0.load(Ordering::Relaxed), 0, "a handshake without a server");
    let plain = Postgres::lazy(options(server.port), clock.clone());
    assert!(plain.read(&[Name([0; 16])]).await.is_ok(), "the server is fit");
}

/// Length 8, and the number that asks for TLS.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
