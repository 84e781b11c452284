//! One connection: TCP, with TLS over it or without.

#![allow(unsafe_code)] // TCP_INFO has no safe wrapper.

use super::Target;
use crate::source::pg::expires;
use std::{
    io, mem,
    net::SocketAddr,
    os::fd::{AsFd, AsRawFd},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

/// Bytes that go over a connection to a server and come from it.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What is to be known of TLS.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// `TLS1.3`.
    pub version: Option<String>,
    /// When the server's certificate ends, seconds since 1970.
    pub expires: Option<i64>,
}

/// What a connection is like over which no request is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// It may carry one.
    Open,
    /// The server has closed it in good order.
    Closed,
    /// It is of no use: reset, or bytes came that nobody asked for.
    Broken,
}

impl Stream {
    /// Connects, without TLS yet.
    pub async fn tcp(to: SocketAddr) -> io::Result<TcpStream> {
        let tcp = TcpStream::connect(to).await?;
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }
    /// Connects, and encrypts when the target says so.
    pub async fn open(target: &Target, to: SocketAddr) -> io::Result<Self> {
        let tcp = Self::tcp(to).await?;
        match &target.security {
            None => Ok(Stream::Plain(tcp)),
            Some(security) => Ok(Stream::Tls(Box::new(security.secure(tcp, &target.url.host).await?))),
        }
    }
    fn under(&self) -> &TcpStream {
        match self {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => tls.get_ref().0,
        }
    }
    /// What TLS is spoken, and by whom.
    pub fn shown(&self) -> Shown {
        let Stream::Tls(tls) = self else { return Shown::default() };
        let tls = tls.get_ref().1;
        let version = tls.protocol_version().and_then(|v| v.as_str());
        Shown {
            version: version.map(|v| v.replace("TLSv1_", "TLS1.")),
            expires: tls.peer_certificates().and_then(|chain| expires(chain.first()?)),
        }
    }
    /// The error that the kernel keeps for this socket; it is handed out once.
    pub fn error(&self) -> Option<io::Error> {
        self.under().take_error().ok().flatten()
    }
    /// Every byte that was sent has been acknowledged by the other side's kernel, and how long a round trip takes.
    pub fn acknowledged(&self) -> (bool, Duration) {
        // SAFETY: all-zero bytes are a valid tcp_info, which is plain integers.
        let mut info: libc::tcp_info = unsafe { mem::zeroed() };
        let mut length = mem::size_of::<libc::tcp_info>() as libc::socklen_t;
        // SAFETY: the kernel writes at most `length` bytes into `info`, which lives here and is that long.
        let failed = unsafe {
            libc::getsockopt(
                self.under().as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_INFO,
                (&raw mut info).cast(),
                &raw mut length,
            )
        };
        (failed == 0 && info.tcpi_unacked == 0, Duration::from_micros(u64::from(info.tcpi_rtt)))
    }
    /// Ready when this connection, over which no request is on its way, is of no use any more.
    pub fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Rest> {
        let mut space = [0; 64];
        let mut buf = ReadBuf::new(&mut space);
        Poll::Ready(match ready!(Pin::new(self).poll_read(cx, &mut buf)) {
            Ok(()) if buf.filled().is_empty() => Rest::Closed,
            // Without a close_notify: many servers let it be, and nothing was on its way that could be cut.
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Rest::Closed,
            Ok(()) | Err(_) => Rest::Broken,
        })
    }
    /// Bytes that have come and were not read: one at most, none at the end of the connection, and nothing known when nothing
    /// came or it broke.
    pub fn peek(&self) -> Option<usize> {
        let flags = rustix::net::RecvFlags::PEEK | rustix::net::RecvFlags::DONTWAIT;
        rustix::net::recv(self.under().as_fd(), &mut [0; 1][..], flags).ok().map(|(n, _)| n)
    }
    /// The server agreed to HTTP/2.
    pub fn agreed_on_two(&self) -> bool {
        matches!(self, Stream::Tls(tls) if tls.get_ref().1.alpn_protocol() == Some(b"h2"))
    }
    /// Looks whether a request can be sent. The kernel is asked, not what the poller has heard until now.
    pub async fn rest(&mut self) -> Rest {
        let mut byte = [0; 1];
        let flags = rustix::net::RecvFlags::PEEK | rustix::net::RecvFlags::DONTWAIT;
        match rustix::net::recv(self.under().as_fd(), &mut byte[..], flags) {
            Err(rustix::io::Errno::AGAIN) => Rest::Open,
            Ok((0, _)) if matches!(self, Stream::Plain(_)) => Rest::Closed,
            Ok(_) if matches!(self, Stream::Tls(_)) => {
                // Tickets and the like come when no request is on its way.
                let _ = self.under().readable().await;
                let looked = std::future::poll_fn(|cx| Poll::Ready(self.poll_rest(cx))).await;
                if let Poll::Ready(rest) = looked { rest } else { Rest::Open }
            }
            _ => Rest::Broken,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Stream::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Stream::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
