//! The line between a browser and a host, on which things go wrong: it can be dead, lose a request or its answer, fall silent
//! in the middle of one, and spoil a token on its way.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use super::app::TestApp;

/// More than the head of a request of a browser.
const CHUNK_BYTES: usize = 64 << 10;
/// A letter of a token's signature, counted from its end. The last one may stand for bits that nobody reads.
const SPOILT: usize = 8;
/// So many things may happen to streams before a connection has heard of the first.
const FATES: usize = 16;

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It never gets there.
    LostRequest,
    /// It is carried out, and so many bytes of the answer come back before the connection ends.
    CutAnswer { after: usize },
    /// It is carried out, and so many bytes of the answer come back before nothing does any more, and nobody is told.
    SilentAnswer { after: usize },
    /// It comes with a token that nobody has signed, and is refused as one is that has expired.
    SpoiltToken,
}

/// Which requests something can happen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Those that change memos.
    Writes,
    /// All about memos, but for the events.
    Memos,
    /// Those that ask for the events, which are answered for minutes.
    Events,
    /// The renewal of the session.
    Session,
}

impl Target {
    /// Whether a request begins with these bytes. Browsers send its first line at once, and no second request before the
    /// answer to the first.
    fn has(self, head: &[u8]) -> bool {
        let begins = |method: &str, path: &str| head.starts_with(format!("{method} {path}").as_bytes());
        let writes = ["POST", "PATCH", "PUT", "DELETE"];
        match self {
            Self::Writes => writes.iter().any(|method| begins(method, "/api/memos")),
            Self::Events => begins("GET", "/api/memos/events"),
            Self::Memos => !Self::Events.has(head) && (Self::Writes.has(head) || begins("GET", "/api/memos")),
            Self::Session => begins("POST", "/api/auth/session/refresh"),
        }
    }
}

/// A line to the app, at an address of its own.
pub struct Line {
    app: TestApp,
    mishaps: Mishaps,
    dead: watch::Sender<bool>,
    streams: broadcast::Sender<End>,
    server: JoinHandle<()>,
}

#[derive(Clone, Default)]
struct Mishaps(Arc<Mutex<VecDeque<(Target, Mishap)>>>);

/// How an answer ends before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With the connection.
    Cut,
    /// With nothing: the connection stays, and nothing comes.
    Silence,
}

impl Line {
    /// A line that works, to the app at this address, which may go away and come back.
    pub async fn to(app: &TestApp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let here = listener.local_addr().expect("a listener has an address");
        let there = app.base_url().trim_start_matches("http://").to_owned();
        let mishaps = Mishaps::default();
        let (dead, is_dead) = watch::channel(false);
        let (streams, _) = broadcast::channel(FATES);
        let server = tokio::spawn({
            let (mishaps, streams) = (mishaps.clone(), streams.clone());
            async move {
                while let Ok((browser, _)) = listener.accept().await {
                    let connection = Connection {
                        mishaps: mishaps.clone(),
                        is_dead: is_dead.clone(),
                        fates: streams.subscribe(),
                        is_stream: false,
                        left: None,
                    };
                    // It ends with an error where one of the two goes away, and then both connections end.
                    tokio::spawn(connection.pass(browser, there.clone()));
                }
            }
        });
        Self {
            app: TestApp::at(&format!("http://{here}")),
            mishaps,
            dead,
            streams,
            server,
        }
    }

    /// The app as it is seen through the line.
    pub fn app(&self) -> &TestApp {
        &self.app
    }

    /// From now on nothing passes, or everything does again.
    pub fn set_dead(&self, is_dead: bool) {
        self.dead.send_replace(is_dead);
    }

    /// Lets this happen to the next request of that kind for which nothing is planned yet.
    pub fn plan(&self, target: Target, mishap: Mishap) {
        self.mishaps.all().push_back((target, mishap));
    }

    /// Ends the streams of events that are open.
    pub fn end_streams(&self, end: End) {
        let _ = self.streams.send(end); // Without a connection, nobody hears of it.
    }

    /// Lets nothing happen any more. A stream that is silent stays so: nobody knows of it.
    pub fn heal(&self) {
        self.mishaps.all().clear();
        self.set_dead(false);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Mishaps {
    fn all(&self) -> MutexGuard<'_, VecDeque<(Target, Mishap)>> {
        self.0.lock().expect("nobody panics meanwhile")
    }

    /// What happens to the request that begins with these bytes.
    fn take(&self, head: &[u8]) -> Option<Mishap> {
        let mut all = self.all();
        let index = all.iter().position(|(target, _)| target.has(head))?;
        all.remove(index).map(|(_, mishap)| mishap)
    }
}

/// A connection of the browser, and of the line to the host for it.
struct Connection {
    mishaps: Mishaps,
    is_dead: watch::Receiver<bool>,
    fates: broadcast::Receiver<End>,
    /// Whether it is being told events.
    is_stream: bool,
    /// How many bytes of the answer are passed on before it ends, and how it does.
    left: Option<(usize, End)>,
}

impl Connection {
    /// Passes on what both sides say, until one of them ends, the line dies or a mishap ends it.
    async fn pass(mut self, mut browser: TcpStream, there: String) -> io::Result<()> {
        if *self.is_dead.borrow_and_update() {
            return Ok(());
        }
        let mut host = TcpStream::connect(there).await?;
        let (mut asked, mut answered) = (vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]);
        loop {
            let is_silent = self.left == Some((0, End::Silence));
            tokio::select! {
                _ = self.is_dead.changed() => return Ok(()),
                Ok(end) = self.fates.recv() => if self.is_stream {
                    self.left = Some((0, end));
                },
                read = browser.read(&mut asked) => {
                    let chunk = asked.get_mut(..read?).unwrap_or_default();
                    if chunk.is_empty() || !self.admits(chunk) {
                        return Ok(());
                    }
                    host.write_all(chunk).await?;
                }
                // Of what is silent, not even the end is heard.
                read = host.read(&mut answered), if !is_silent => {
                    let chunk = self.passing(answered.get(..read?).unwrap_or_default());
                    if chunk.is_empty() {
                        return Ok(());
                    }
                    browser.write_all(chunk).await?;
                }
            }
            if self.left == Some((0, End::Cut)) {
                return Ok(());
            }
        }
    }

    /// What the browser says passes, with what happens to it, or is lost.
    fn admits(&mut self, asked: &mut [u8]) -> bool {
        self.is_stream = Target::Events.has(asked);
        match self.mishaps.take(asked) {
            Some(Mishap::LostRequest) => return false,
            Some(Mishap::CutAnswer { after }) => self.left = Some((after, End::Cut)),
            Some(Mishap::SilentAnswer { after }) => self.left = Some((after, End::Silence)),
            Some(Mishap::SpoiltToken) => spoil(asked),
            None => {}
        }
        true
    }

    /// What passes of the next bytes of the answer.
    fn passing<'a>(&mut self, answered: &'a [u8]) -> &'a [u8] {
        let Some((left, _)) = &mut self.left else {
            return answered;
        };
        let chunk = answered.get(..*left).unwrap_or(answered);
        *left -= chunk.len();
        chunk
    }
}

/// Changes a letter of the token in the head of a request.
fn spoil(head: &mut [u8]) {
    const BEFORE: &[u8] = b"Bearer ";
    let Some(start) = head.windows(BEFORE.len()).position(|bytes| bytes == BEFORE) else {
        return;
    };
    let end = head.iter().skip(start).position(|byte| *byte == b'\r');
    if let Some(letter) = end.and_then(|end| head.get_mut((start + end).saturating_sub(SPOILT))) {
        *letter = if *letter == b'A' { b'B' } else { b'A' };
    }
}
