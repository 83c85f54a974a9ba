//! What components print, and what the host says of them. Whole lines go to this process's stdout or stderr
//! through a thread of their own, so that a slow terminal or pipe never holds up a request.

use std::{
    fmt::Display,
    io::{self, BufWriter, Write},
    pin::Pin,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
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

use crate::telemetry::traces;

/// Lines that may wait for a slow reader; more are dropped, and their number is told.
const QUEUE: usize = 8192;
/// A longer line is cut into several, so that what is kept of an unfinished one is bounded.
const LONGEST_LINE: usize = 64 * 1024;

/// Lines that were dropped since the start.
static DROPPED: AtomicU64 = AtomicU64::new(0);

static STDOUT: LazyLock<Printer> = LazyLock::new(|| Printer::start(io::stdout()));
static STDERR: LazyLock<Printer> = LazyLock::new(|| Printer::start(io::stderr()));

/// The way to a thread that prints.
#[derive(Clone)]
struct Printer {
    queue: SyncSender<Item>,
    /// Lines that found the queue full since the thread last looked.
    dropped: Arc<AtomicU64>,
}

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

/// Says something in the host's own name, on one line of stderr, with the trace of the request that it is about.
pub fn report(message: impl Display) {
    let trace = traces::current_id().map_or_else(String::new, |id| format!(" (trace_id={id})"));
    let line = format!("memo-host: {message}{trace}").replace('\n', " ");
    STDERR.print(format!("{line}\n").into_bytes());
}

/// How many lines were dropped since the start.
pub fn dropped() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

/// Waits until what has been written is printed, but not for long: nobody may be reading.
pub fn flush() {
    for printer in [&*STDOUT, &*STDERR] {
        let (done, printed) = sync_channel(1);
        if printer.queue.try_send(Item::Flush(done)).is_ok() {
            let _ = printed.recv_timeout(Duration::from_millis(500));
        }
    }
}

impl Printer {
    fn start(output: impl Write + Send + 'static) -> Self {
        let (printer, items) = Self::new(QUEUE);
        let dropped = printer.dropped.clone();
        // Without a thread the queue has no reader, and lines are dropped.
        let _ = std::thread::Builder::new()
            .name("output".into())
            .spawn(move || print_all(BufWriter::new(output), &items, &dropped));
        printer
    }

    fn new(size: usize) -> (Self, Receiver<Item>) {
        let (queue, items) = sync_channel(size);
        let dropped = Arc::default();
        (Self { queue, dropped }, items)
    }

    /// Prints a line, or drops it where too many wait already: waiting would hold up a request.
    fn print(&self, line: Vec<u8>) {
        if self.queue.try_send(Item::Line(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn print_all(mut output: impl Write, items: &Receiver<Item>, dropped: &AtomicU64) {
    // With stdout or stderr gone there is nobody left to tell, so errors are passed over.
    for first in items {
        for item in std::iter::once(first).chain(items.try_iter()) {
            match item {
                Item::Line(line) => drop(output.write_all(&line)),
                Item::Flush(done) => drop(output.flush().map(|()| done.send(()))),
            }
        }
        let dropped = dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let _ = writeln!(
                output,
                "memo-host: {dropped} lines were dropped here, because they were not read in time"
            );
        }
        drop(output.flush());
    }
}

/// An instance's stdout or stderr: gathers what the guest writes until a line is whole.
#[derive(Clone)]
pub struct LineStream(Arc<Lines>);

struct Lines {
    printer: Printer,
    unfinished: Mutex<Vec<u8>>,
}

impl LineStream {
    fn new(printer: Printer) -> Self {
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
                self.0.printer.print(std::mem::take(&mut unfinished));
            }
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let mut line = std::mem::take(self.unfinished.get_mut());
        if !line.is_empty() {
            line.push(b'\n');
            self.printer.print(line);
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
        let (printer, queue) = Printer::new(QUEUE);
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
    fn nobody_waits_for_a_slow_reader_and_the_lines_that_were_dropped_are_counted() {
        let (printer, queue) = Printer::new(1);
        let dropped = printer.dropped.clone();
        let stream = LineStream::new(printer);
        stream.push(b"one\ntwo\nthree\n");
        drop(stream);
        let mut printed = Vec::new();
        print_all(&mut printed, &queue, &dropped);
        let printed = String::from_utf8(printed).unwrap();
        assert!(printed.starts_with("one\nmemo-host: 2 lines were dropped"), "{printed}");
    }
}
