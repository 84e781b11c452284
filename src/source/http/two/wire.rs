//! The bytes under a connection of HTTP/2.

use super::super::stream::Stream;
use std::{
    cell::{Cell, RefCell},
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Its bytes, watched: `h2` says that it broke, and not how.
#[derive(Clone)]
pub(super) struct Wire {
    pub stream: Rc<RefCell<Stream>>,
    pub seen: Rc<Seen>,
}

/// What was seen of it.
#[derive(Default)]
pub(super) struct Seen {
    /// The first error.
    pub broke: RefCell<Option<io::Error>>,
    /// Bytes that the kernel took.
    pub written: Cell<u64>,
}

impl Wire {
    fn note<T>(&self, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(e)) = &done {
            let same = e.raw_os_error().map_or_else(|| e.kind().into(), io::Error::from_raw_os_error);
            self.seen.broke.borrow_mut().get_or_insert(same);
        }
        done
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut *self.stream.borrow_mut()).poll_read(cx, buf);
        self.note(done)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut *self.stream.borrow_mut()).poll_write(cx, bytes);
        if let Poll::Ready(Ok(n)) = done {
            self.seen.written.set(self.seen.written.get() + n as u64);
        }
        // `h2` would read no more: but what had come before the end counts, and reading meets that end as well.
        self.note(done).map(|done| done.or(Ok(bytes.len())))
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut *self.stream.borrow_mut()).poll_flush(cx);
        self.note(done).map(|done| done.or(Ok(())))
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream.borrow_mut()).poll_shutdown(cx)
    }
}
