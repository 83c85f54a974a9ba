//! `GET /api/memos/export`: all memos of the caller, as a stream that is made as fast as it is read.
//!
//! A few memos are in memory at a time, however many there are. Where the store fails on the way the stream is cut off, so
//! that the client's connection tells it; besides, both formats have an end without which they are known to be cut off.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use common::{
    http::{
        extract::Query,
        problem::{FieldError, Problem},
    },
    token::{AccessToken, TokenError, UserId},
};
use futures::stream::unfold;
use http::{HeaderValue, header};
use serde::Deserialize;

use super::{caller::ReaderToken, transfers::Place};
use crate::{
    App,
    catalog::export::Walk,
    memo::{Memo, MemoId},
    transfer::{Portable, markdown, ndjson, zip},
};

/// A piece of the stream is sent as soon as it has so many bytes.
const PIECE: usize = 64 * 1024;

/// How soon somebody may come back for whom there was no room.
const RETRY: Duration = Duration::from_secs(5);

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    #[serde(default)]
    format: Format,
    #[serde(default)]
    history: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// A JSON object a line, which loses nothing.
    #[default]
    Ndjson,
    /// A zip archive of Markdown files.
    Markdown,
}

/// Sends everything that the caller has.
pub async fn export(
    State(app): State<App>,
    ReaderToken(token): ReaderToken,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    if query.history && query.format == Format::Markdown {
        let detail = "Markdown files have no room for earlier texts; ask for format=ndjson.";
        return Err(Problem::invalid_request(vec![FieldError::new("history", detail)]));
    }
    let place = app.transfers.enter();
    let place = place.ok_or_else(|| Problem::too_many_requests(RETRY))?;
    let today = app.ports.clock.now().to_rfc3339();
    let today = today.get(..10).unwrap_or_default();
    let (content_type, ending) = match query.format {
        Format::Ndjson => ("application/x-ndjson", "ndjson"),
        Format::Markdown => ("application/zip", "zip"),
    };
    let disposition = format!("attachment; filename=\"memos-{today}.{ending}\"");
    let disposition = HeaderValue::try_from(disposition).map_err(Problem::internal)?;
    let mut export = Export::begin(app, token, &query, place).await?;
    // So that whatever keeps the first memos from being read is told by the answer's status.
    let first = export.piece().await?;
    let pieces = unfold((first, Some(export)), next_piece);
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

/// The store failed while the answer was under way.
#[derive(Debug, thiserror::Error)]
#[error("the export was cut off")]
struct CutOff;

type Pieces = (Option<Vec<u8>>, Option<Export>);

async fn next_piece((read, export): Pieces) -> Option<(Result<Vec<u8>, CutOff>, Pieces)> {
    if let Some(piece) = read {
        return Some((Ok(piece), (None, export)));
    }
    let mut export = export?;
    match export.piece().await {
        Ok(piece) => piece.map(|piece| (Ok(piece), (None, Some(export)))),
        Err(problem) => {
            export.app.ports.warn("an export was cut off", problem.cause());
            Some((Err(CutOff), (None, None)))
        }
    }
}

/// What the memos are written as.
enum Form {
    Lines { with_history: bool },
    Archive(zip::Writer),
}

/// An export that is under way.
struct Export {
    app: App,
    token: Arc<AccessToken>,
    user: UserId,
    walk: Walk,
    form: Form,
    /// Memos that have been read and not been written.
    read: VecDeque<(MemoId, Memo)>,
    written: u64,
    has_begun: bool,
    is_over: bool,
    _place: Place,
}

impl Export {
    async fn begin(app: App, token: Arc<AccessToken>, query: &ExportQuery, place: Place) -> Result<Self, Problem> {
        let user = token.claims.sub.clone();
        let walk = app.catalog(&user).walk_all().await?;
        let form = match query.format {
            Format::Ndjson => Form::Lines {
                with_history: query.history,
            },
            Format::Markdown => Form::Archive(zip::Writer::default()),
        };
        Ok(Self {
            app,
            token,
            user,
            walk,
            form,
            read: VecDeque::new(),
            written: 0,
            has_begun: false,
            is_over: false,
            _place: place,
        })
    }

    /// The next piece; none at the end.
    async fn piece(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        if self.is_over {
            return Ok(None);
        }
        // The token was good when this began. It may expire meanwhile, on a slow line; its session must not have ended.
        if self.app.authenticator.has_ended(&self.token).await {
            return Err(TokenError::Ended.into());
        }
        let mut piece = Vec::new();
        if !std::mem::replace(&mut self.has_begun, true)
            && let Form::Lines { .. } = self.form
        {
            piece.extend(ndjson::header().map_err(Problem::internal)?);
        }
        while piece.len() < PIECE {
            if self.read.is_empty() {
                let memos = self.app.catalog(&self.user).next_memos(&mut self.walk).await?;
                self.read.extend(memos);
            }
            let Some((id, memo)) = self.read.pop_front() else {
                self.is_over = true;
                piece.extend(self.end()?);
                break;
            };
            piece.extend(self.write(id, memo).await?);
            self.written = self.written.saturating_add(1);
        }
        Ok(Some(piece))
    }

    async fn write(&mut self, id: MemoId, memo: Memo) -> Result<Vec<u8>, Problem> {
        match &mut self.form {
            Form::Lines { with_history } => {
                let earlier = if *with_history {
                    self.app.catalog(&self.user).earlier_texts(id, &memo).await?
                } else {
                    Vec::new()
                };
                ndjson::memo(&Portable::of(memo, earlier)).map_err(Problem::internal)
            }
            Form::Archive(archive) => {
                let modified_at = memo.updated_at;
                let memo = Portable::of(memo, Vec::new());
                let (name, file) = (markdown::name(id, &memo), markdown::write(&memo));
                archive
                    .entry(&name, modified_at, file.as_bytes())
                    .map_err(Problem::internal)
            }
        }
    }

    fn end(&mut self) -> Result<Vec<u8>, Problem> {
        match &mut self.form {
            Form::Lines { .. } => ndjson::footer(self.written, self.walk.unreadable).map_err(Problem::internal),
            Form::Archive(archive) => Ok(std::mem::take(archive).finish()),
        }
    }
}
