//! The three pipes of a running command, served at the same time.
//!
//! A command that writes to one pipe while we wait on another would block for ever, so all three
//! are served together until both outputs are closed. Standard output is kept up to a limit, of
//! standard error only the tail, but it is always read.

use crate::base::limits;
use bytes::{Buf, Bytes, BytesMut};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};

/// Least room that a read gets: what most commands print fits into the first one.
const READ_BYTES: usize = 8 << 10;

/// Standard output is larger than allowed.
#[derive(Debug)]
pub struct TooMuch;

/// The pipes and what came through them so far. Dropping it closes them.
pub struct Pipes {
    stdin: Option<(ChildStdin, Bytes)>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    out: BytesMut,
    tail: BytesMut,
    max_bytes: u64,
}

impl Pipes {
    /// Takes the pipes out of a child.
    pub fn of(child: &mut Child, input: Option<Bytes>, max_bytes: u64) -> Self {
        Pipes {
            stdin: child.stdin.take().zip(input),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            out: BytesMut::new(),
            tail: BytesMut::new(),
            max_bytes,
        }
    }

    /// Serves the pipes until both outputs are closed. It may be dropped and called again without
    /// a loss.
    ///
    /// # Errors
    /// When standard output is larger than allowed.
    pub async fn pump(&mut self) -> Result<(), TooMuch> {
        while self.stdout.is_some() || self.stderr.is_some() {
            tokio::select! {
                open = read(&mut self.stdout, &mut self.out), if self.stdout.is_some() => {
                    if self.out.len() as u64 > self.max_bytes {
                        return Err(TooMuch);
                    }
                    if !open { self.stdout = None }
                }
                open = read(&mut self.stderr, &mut self.tail), if self.stderr.is_some() => {
                    keep_tail(&mut self.tail);
                    if !open { self.stderr = None }
                }
                open = write(&mut self.stdin), if self.stdin.is_some() => {
                    if !open { self.stdin = None }
                }
            }
        }
        Ok(())
    }

    /// What was printed so far.
    pub fn take_output(&mut self) -> (Bytes, String) {
        let out = std::mem::take(&mut self.out).freeze();
        let most = usize::try_from(self.max_bytes).unwrap_or(usize::MAX);
        let tail = std::mem::take(&mut self.tail);
        let tail = tail.get(tail.len().saturating_sub(limits::STDERR_BYTES)..).unwrap_or_default();
        (out.slice(..out.len().min(most)), String::from_utf8_lossy(tail).into_owned())
    }
}

/// Cut only when it has doubled, so that a flood is not moved byte by byte.
fn keep_tail(tail: &mut BytesMut) {
    if tail.len() > 2 * limits::STDERR_BYTES {
        tail.advance(tail.len() - limits::STDERR_BYTES);
    }
}

/// Reads once; `false` at the end. An error is an end, too.
async fn read(pipe: &mut Option<impl AsyncRead + Unpin>, into: &mut BytesMut) -> bool {
    let Some(pipe) = pipe else { return false };
    if into.capacity() - into.len() < READ_BYTES {
        into.reserve(READ_BYTES);
    }
    matches!(pipe.read_buf(into).await, Ok(1..))
}

/// Writes once; `false` when all is written or nobody reads: a command need not read its input.
async fn write(pipe: &mut Option<(ChildStdin, Bytes)>) -> bool {
    let Some((pipe, left)) = pipe else { return false };
    if left.is_empty() {
        return false;
    }
    let written: io::Result<usize> = pipe.write(left).await;
    match written {
        Ok(n @ 1..) => {
            left.advance(n);
            !left.is_empty()
        }
        _ => false,
    }
}
