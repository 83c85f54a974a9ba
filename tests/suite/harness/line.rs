//! The line between a browser and a host, on which things go wrong: it can be dead, lose a request or its answer, and spoil
//! a token on its way.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::app::TestApp;

/// More than the head of a request of a browser.
const CHUNK_BYTES: usize = 64 << 10;
/// A letter of a token's signature, counted from its end. The last one may stand for bits that nobody reads.
const SPOILT: usize = 8;

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It never gets there.
    LostRequest,
    /// It is carried out, and so many bytes of the answer come back before the connection ends.
    CutAnswer { after: usize },
    /// It comes with a token that nobody has signed, and is refused as one is that has expired.
    SpoiltToken,
}

/// Which requests something can happen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Those that change memos.
    Writes,
    /// All about memos.
    Memos,
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
            Self::Memos => Self::Writes.has(head) || begins("GET", "/api/memos"),
            Self::Session => begins("POST", "/api/auth/session/refresh"),
        }
    }
}

/// A line to the app, at an address of its own.
pub struct Line {
    app: TestApp,
    mishaps: Mishaps,
    dead: watch::Sender<bool>,
    server: JoinHandle<()>,
}

#[derive(Clone, Default)]
struct Mishaps(Arc<Mutex<VecDeque<(Target, Mishap)>>>);

impl Line {
    /// A line that works, to the app at this address, which may go away and come back.
    pub async fn to(app: &TestApp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let here = listener.local_addr().expect("a listener has an address");
        let there = app.base_url().trim_start_matches("http://").to_owned();
        let mishaps = Mishaps::default();
        let (dead, is_dead) = watch::channel(false);
        let server = tokio::spawn({
            let mishaps = mishaps.clone();
            async move {
                while let Ok((browser, _)) = listener.accept().await {
                    // It ends with an error where one of the two goes away, and then both connections end.
                    tokio::spawn(connect(browser, there.clone(), mishaps.clone(), is_dead.clone()));
                }
            }
        });
        Self {
            app: TestApp::at(&format!("http://{here}")),
            mishaps,
            dead,
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

    /// Lets nothing happen any more.
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

/// Passes on what both sides say, until one of them ends, the line dies or a mishap ends it.
async fn connect(
    mut browser: TcpStream,
    there: String,
    mishaps: Mishaps,
    mut is_dead: watch::Receiver<bool>,
) -> io::Result<()> {
    if *is_dead.borrow_and_update() {
        return Ok(());
    }
    let mut host = TcpStream::connect(there).await?;
    let (mut asked, mut answered) = (vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]);
    let mut cut = None;
    loop {
        tokio::select! {
            _ = is_dead.changed() => return Ok(()),
            read = browser.read(&mut asked) => {
                let chunk = asked.get_mut(..read?).unwrap_or_default();
                if chunk.is_empty() {
                    return Ok(());
                }
                match mishaps.take(chunk) {
                    Some(Mishap::LostRequest) => return Ok(()),
                    Some(Mishap::CutAnswer { after }) => cut = Some(after),
                    Some(Mishap::SpoiltToken) => spoil(chunk),
                    None => {}
                }
                host.write_all(chunk).await?;
            }
            read = host.read(&mut answered) => {
                let mut chunk = answered.get(..read?).unwrap_or_default();
                if let Some(left) = &mut cut {
                    chunk = chunk.get(..*left).unwrap_or(chunk);
                    *left -= chunk.len();
                }
                browser.write_all(chunk).await?;
                if chunk.is_empty() || cut == Some(0) {
                    return Ok(());
                }
            }
        }
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
