//! What components print, and what the host says of them. Whole lines go to this process's stdout or stderr
//! through a thread of their own, so that a slow terminal or pipe never holds up a request.

use std::{
    fmt::Display,
    io::{self, BufWriter, Write},
    pin::Pin,
    sync::{
        Arc, LazyLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::io::AsyncWrite;
use wasmtime_wasi::{
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamResult},
};

/// Lines that may wait for a slow reader; more are dropped.
const QUEUE: usize = 8192;
/// A longer line is cut into several, so that what is kept of an unfinished one is bounded.
const LONGEST_LINE: usize = 64 * 1024;

static STDOUT: LazyLock<SyncSender<Item>> = LazyLock::new(|| print_to(io::stdout()));
static STDERR: LazyLock<SyncSender<Item>> = LazyLock::new(|| print_to(io::stderr()));

enum Item {
    Line(Vec<u8>),
    /// Answered once everything before it is printed.
    Flush(SyncSender<()>),
}

/// A fresh stdout and stderr for one instance.
pub fn streams() -> (LineStream, LineStream) {
    (LineStream::new(STDOUT.clone()), LineStream::new(STDERR.clone()))
}

/// Says how the start is going, on stdout.
pub fn say(message: &str) {
    // Unlike println!, this does not panic when nobody reads any more.
    let _ = writeln!(io::stdout(), "{message}");
}

/// Says something in the host's own name, on one line of stderr.
pub fn report(message: impl Display) {
    let line = format!("memo-host: {message}").replace('\n', " ");
    // A full queue: dropped, as the components' lines are.
    let _ = STDERR.try_send(Item::Line(format!("{line}\n").into_bytes()));
}

/// Waits until what has been written is printed, but not for long: nobody may be reading.
pub fn flush() {
    for printer in [&*STDOUT, &*STDERR] {
        let (done, printed) = sync_channel(1);
        if printer.try_send(Item::Flush(done)).is_ok() {
            let _ = printed.recv_timeout(Duration::from_millis(500));
        }
    }
}

fn print_to(output: impl Write + Send + 'static) -> SyncSender<Item> {
    let (items, queue) = sync_channel(QUEUE);
    // Without a thread the queue has no reader, and lines are dropped.
    let _ = std::thread::Builder::new()
        .name("output".into())
        .spawn(move || print_all(BufWriter::new(output), &queue));
    items
}

fn print_all(mut output: impl Write, queue: &Receiver<Item>) {
    // With stdout or stderr gone there is nobody left to tell, so errors are passed over.
    for first in queue {
        for item in std::iter::once(first).chain(queue.try_iter()) {
            match item {
                Item::Line(line) => drop(output.write_all(&line)),
                Item::Flush(done) => drop(output.flush().map(|()| done.send(()))),
            }
        }
        drop(output.flush());
    }
}

/// An instance's stdout or stderr: gathers what the guest writes until a line is whole.
#[derive(Clone)]
pub struct LineStream(Arc<Lines>);

struct Lines {
    printer: SyncSender<Item>,
    unfinished: Mutex<Vec<u8>>,
}

impl LineStream {
    fn new(printer: SyncSender<Item>) -> Self {
        Self(Arc::new(Lines {
            printer,
            unfinished: Mutex::default(),
        }))
    }

    fn push(&self, bytes: &[u8]) {
        let mut unfinished = self.0.unfinished.lock();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            unfinished.extend_from_slice(part);
            if part.ends_with(b"\n") || unfinished.len() >= LONGEST_LINE {
                // A full queue: dropped, because waiting would hold up a request.
                let _ = self.0.printer.try_send(Item::Line(std::mem::take(&mut unfinished)));
            }
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let mut line = std::mem::take(self.unfinished.get_mut());
        if !line.is_empty() {
            line.push(b'\n');
            let _ = self.printer.try_send(Item::Line(line));
        }
    }
}

impl StdoutStream for LineStream {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl IsTerminal for LineStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl OutputStream for LineStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LONGEST_LINE)
    }
}

#[async_trait::async_trait]
impl Pollable for LineStream {
    async fn ready(&mut self) {}
}

impl AsyncWrite for LineStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(writes: &[&[u8]]) -> Vec<Vec<u8>> {
        let (printer, queue) = sync_channel(QUEUE);
        let stream = LineStream::new(printer);
        writes.iter().for_each(|bytes| stream.push(bytes));
        drop(stream);
        let lines = queue.into_iter().filter_map(|item| match item {
            Item::Line(line) => Some(line),
            Item::Flush(_) => None,
        });
        lines.collect()
    }

    #[test]
    fn lines_come_out_whole_however_they_were_written() {
        assert_eq!(
            printed(&[b"a", b"b\nc\n\nd", b"\n"]),
            [&b"ab\n"[..], b"c\n", b"\n", b"d\n"]
        );
    }

    #[test]
    fn an_unfinished_line_is_finished_with_its_instance() {
        assert_eq!(printed(&[b"last words"]), [b"last words\n"]);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let long = vec![b'x'; LONGEST_LINE];
        assert_eq!(printed(&[&long, b"y\n"]), [&long[..], b"y\n"]);
    }

    #[test]
    fn nobody_waits_for_a_slow_reader() {
        let (printer, queue) = sync_channel(1);
        let stream = LineStream::new(printer);
        stream.push(b"one\ntwo\nthree\n");
        drop(stream);
        assert_eq!(queue.into_iter().count(), 1);
    }
}
