//! `POST /api/memos/import`: memos from an export, of ours or of others.
//!
//! What is sent is read as it arrives, and nothing of it is made twice. So whatever keeps an import from coming to its end
//! (a line that breaks, a store that fails, a request that has taken long enough), sending the same again goes on with it.

use std::time::Duration;

use axum::{
    Json as Answer,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use common::{
    http::{
        extract::{expect_content_type, header_text},
        problem::{FieldError, Problem},
        problems,
    },
    world::clock::Timestamp,
};
use futures::StreamExt;
use http::{HeaderMap, header};
use serde::Serialize;

use super::caller::Writer;
use crate::{
    App,
    catalog::{
        Error,
        import::{Import, Refused},
    },
    transfer::{Broken, Part, Place, Portable, Reader, ndjson},
};

/// The longest body that is read, in bytes.
const BODY_MAX_BYTES: u64 = 256 * 1024 * 1024;

/// How many memos are made together, and how many bytes of text they may have.
const GROUP: usize = 32;
const GROUP_BYTES: usize = 2 * 1024 * 1024;

/// How many failures are told one by one.
const FAILED_MAX: usize = 100;

/// How long a request may take in all: a body that is not read to its end may break the connection before the answer comes,
/// so the rest is received as long as there is time.
const REQUEST_MAX: Duration = Duration::from_secs(25);

/// How soon somebody may come back for whom there was no room.
const RETRY: Duration = Duration::from_secs(5);

/// What an import did.
#[derive(Default, Serialize)]
pub struct ImportBody {
    created: u64,
    /// What was there already.
    skipped: u64,
    failed: Vec<Failure>,
    /// How many failures there were beside those.
    failed_more: u64,
    /// Whether there was more than one request does. Sending the same again goes on.
    more: bool,
}

/// What could not be read, and why.
#[derive(Serialize)]
struct Failure {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    detail: String,
}

/// Makes memos of what is sent.
pub async fn import(State(app): State<App>, Writer(user): Writer, request: Request) -> Result<Response, Problem> {
    let started = app.ports.clock.now();
    let reader = reader_of(request.headers())?;
    let length = header_text(request.headers(), &header::CONTENT_LENGTH)?;
    if length.is_some_and(|length| length.parse().is_ok_and(|length: u64| length > BODY_MAX_BYTES)) {
        return Err(too_large());
    }
    let place = app.transfers.enter();
    let _place = place.ok_or_else(|| Problem::too_many_requests(RETRY))?;
    let catalog = app.catalog(&user);
    let mut importer = Importer {
        import: Import::begin(&catalog).await?,
        reader,
        done: ImportBody::default(),
        group: Vec::new(),
        started,
    };
    let outcome = importer.read(&app, request.into_body()).await;
    let Importer { import, done, .. } = importer;
    import.end().await;
    match outcome {
        Ok(()) => Ok(Answer(done).into_response()),
        // What was made stays, and is told.
        Err(problem) => Err(problem
            .with_member("created", done.created)
            .with_member("skipped", done.skipped)),
    }
}

fn reader_of(headers: &HeaderMap) -> Result<Reader, Problem> {
    if expect_content_type(headers, "application/x-ndjson").is_ok() {
        return Ok(Reader::Ndjson(ndjson::Reader::default()));
    }
    if expect_content_type(headers, "application/zip").is_ok() {
        return Ok(Reader::Archive(Box::default()));
    }
    let detail = "Send application/x-ndjson or application/zip.";
    Err(Problem::new(&problems::UNSUPPORTED_MEDIA_TYPE, detail))
}

fn too_large() -> Problem {
    let detail = format!("An import has at most {BODY_MAX_BYTES} bytes; send it in parts.");
    Problem::new(&problems::BODY_TOO_LARGE, detail)
}

struct Importer<'a> {
    import: Import<'a>,
    reader: Reader,
    done: ImportBody,
    /// Memos that are about to be made.
    group: Vec<Portable>,
    started: Timestamp,
}

impl Importer<'_> {
    async fn read(&mut self, app: &App, body: Body) -> Result<(), Problem> {
        let mut received = 0_u64;
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            let Ok(piece) = piece else {
                // So that whoever has a bad line gets on.
                self.make().await?;
                return Err(Problem::bad_request("The body did not arrive whole."));
            };
            received = received.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
            if received > BODY_MAX_BYTES {
                self.make().await?;
                return Err(too_large());
            }
            let now = app.ports.clock.now();
            if self.done.more {
                if now.since(self.started) >= REQUEST_MAX {
                    return Ok(());
                }
                continue;
            }
            self.take_piece(&piece, now).await?;
        }
        while !self.done.more
            && let Some(part) = self.reader.finish(app.ports.clock.now())?
        {
            self.take(part).await?;
        }
        self.make().await
    }

    async fn take_piece(&mut self, mut piece: &[u8], now: Timestamp) -> Result<(), Problem> {
        loop {
            match self.reader.next(&mut piece, now) {
                Ok(None) => return Ok(()),
                Ok(Some(part)) => self.take(part).await?,
                Err(broken) => {
                    self.make().await?;
                    return Err(broken.into());
                }
            }
            if self.done.more {
                return Ok(());
            }
        }
    }

    async fn take(&mut self, part: Part) -> Result<(), Problem> {
        let memos = match part.memos {
            Ok(memos) => memos,
            Err(detail) => {
                self.done.fail(part.place, detail);
                return Ok(());
            }
        };
        for memo in memos {
            if self.import.has(&memo) {
                self.done.skipped = self.done.skipped.saturating_add(1);
                continue;
            }
            self.group.push(memo);
            let bytes: usize = self.group.iter().map(Portable::about_bytes).sum();
            if self.group.len() >= GROUP || bytes >= GROUP_BYTES {
                self.make().await?;
            }
        }
        Ok(())
    }

    /// Makes the memos that wait, if there is time.
    async fn make(&mut self) -> Result<(), Problem> {
        let group = std::mem::take(&mut self.group);
        if group.is_empty() {
            return Ok(());
        }
        if self.import.is_over() {
            self.done.more = true;
            return Ok(());
        }
        let (made, result) = self.import.create(&group).await;
        let made = u64::try_from(made).unwrap_or(u64::MAX);
        self.done.created = self.done.created.saturating_add(made);
        Ok(result?)
    }
}

impl ImportBody {
    fn fail(&mut self, place: Place, detail: String) {
        if self.failed.len() >= FAILED_MAX {
            self.failed_more = self.failed_more.saturating_add(1);
            return;
        }
        let (line, name) = match place {
            Place::Line(line) => (Some(line), None),
            Place::Entry(name) => (None, Some(name)),
        };
        self.failed.push(Failure { line, name, detail });
    }
}

impl From<Broken> for Problem {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Format(detail) => Self::invalid_request(vec![FieldError::new(".", detail)]),
            Broken::TooLarge(detail) => Self::new(&problems::BODY_TOO_LARGE, detail),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::UnderWay(wait) => Self::conflict("Another import of yours is under way.", wait),
            Refused::Store(error) => Error::from(error).into(),
        }
    }
}
