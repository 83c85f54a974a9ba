//! `GET /api/memos/events`: the feed of changes, told as it happens (server-sent events).
//!
//! A listener is told what [`changes`](super::changes) would tell, from the same cursors on: each memo is an event, and the
//! last one of a reading has the cursor after it as its id. Whoever loses the stream before that comes back with the id
//! before, and is told once more.
//!
//! Nothing wakes a listener. It looks at the traces of what happens every second, which costs two reads of the store, and reads
//! the feed only when they have changed.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use common::{
    http::{
        extract::{Query, header_text},
        problem::Problem,
    },
    token::{AccessToken, CLOCK_SKEW, UserId},
    world::clock::Timestamp,
};
use futures::{StreamExt, stream::unfold};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Deserialize;

use super::{
    caller::ReaderToken,
    changes::{ChangeBody, FEED},
    listeners::Place,
};
use crate::{
    App,
    catalog::changes::{Position, traces::Traces},
};

/// How often a listener looks whether something has happened.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A stream that says nothing for so long says that it is there, and finds out whether anybody still listens.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// How long a stream lasts, if the access token does. Streams that end can move on to new instances.
const LASTS: Duration = Duration::from_secs(5 * 60);

/// How soon a client should come back: at least, and how much later at most, so that those whom a restart has cut off don't
/// all come at once.
const RETRY: Duration = Duration::from_secs(1);
const RETRY_SPREAD: Duration = Duration::from_secs(2);

/// How many memos are read at once. They wait in memory for a slow client, and an instance has many.
const READING: usize = 8;

static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Since when. A browser that comes back by itself says it in `Last-Event-ID`, which then counts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsQuery {
    since: Option<String>,
}

/// Tells what happens to the caller's memos, until the stream has lasted long enough, the token expires or its session ends.
pub async fn listen(
    State(app): State<App>,
    ReaderToken(token): ReaderToken,
    headers: HeaderMap,
    Query(query): Query<EventsQuery>,
) -> Result<Response, Problem> {
    if !app.ports.kv.has_increment() {
        // To look would be to go through all keys of the store, every second.
        let detail = "This app's store can't be listened to; ask for the feed of changes now and then.";
        return Err(Problem::not_found(detail));
    }
    let user = token.claims.sub.clone();
    let last = header_text(&headers, &LAST_EVENT_ID)?.filter(|id| !id.is_empty());
    let cursor = match last {
        Some(id) => ("last-event-id", Some(id)),
        None => ("since", query.since.as_deref()),
    };
    let since = app.seal.open(&app.ports, &user, FEED, cursor).await?;
    let place = app.listeners.enter(&user);
    let place = place.ok_or_else(|| Problem::too_many_requests(HEARTBEAT))?;
    let listener = Listener::start(app, token, place, since).await?;
    let events = unfold(listener, async |mut listener| {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    let mut response = Sse::new(events.fuse()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Some proxies hold answers back until there is enough of them.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Somebody who listens.
struct Listener {
    app: App,
    user: UserId,
    token: Arc<AccessToken>,
    position: Option<Position>,
    /// What there was before the last reading.
    traces: Traces,
    /// Whether there is more to be read at once.
    more: bool,
    /// What has been read and not been sent.
    events: VecDeque<Event>,
    ends_at: Timestamp,
    spoke_at: Timestamp,
    _place: Place,
}

impl Listener {
    /// Reads for the first time, so that whatever keeps the feed from being read is told by the answer's status.
    async fn start(app: App, token: Arc<AccessToken>, place: Place, since: Option<Position>) -> Result<Self, Problem> {
        let now = app.ports.clock.now();
        let user = token.claims.sub.clone();
        let byte = app.ports.random.bytes::<1>().map_or(0, |[byte]| byte);
        let retry = RETRY + RETRY_SPREAD * u32::from(byte) / 256;
        let traces = app.catalog(&user).traces().await?;
        let mut listener = Self {
            app,
            user,
            position: since,
            traces,
            more: false,
            events: VecDeque::from([Event::default().retry(retry)]),
            ends_at: (token.expires_at + CLOCK_SKEW).min(now + LASTS),
            token,
            spoke_at: now,
            _place: place,
        };
        listener.read().await?;
        Ok(listener)
    }

    /// The next event, as soon as there is one; none at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let now = self.app.ports.clock.now();
            if now >= self.ends_at {
                return None;
            }
            if let Some(event) = self.events.pop_front() {
                self.spoke_at = now;
                return Some(event);
            }
            if now.since(self.spoke_at) >= HEARTBEAT {
                self.events.push_back(Event::DEFAULT_KEEP_ALIVE);
                continue;
            }
            if self.app.authenticator.has_ended(&self.token).await {
                return None;
            }
            if let Err(problem) = self.look().await {
                // The client comes back, and is told by the status.
                self.app.ports.warn("a stream of events has ended", problem.cause());
                return None;
            }
        }
    }

    /// Reads on where there is more, or else as soon as something has happened.
    async fn look(&mut self) -> Result<(), Problem> {
        if !self.more {
            self.app.ports.clock.sleep(LOOK_EVERY).await;
            let traces = self.app.catalog(&self.user).traces().await?;
            let is_waiting = self.position.as_ref().is_some_and(Position::is_waiting);
            if traces == self.traces && !is_waiting {
                return Ok(());
            }
            // Those from before the reading: what happens during it is found the next time.
            self.traces = traces;
        }
        self.read().await
    }

    /// Reads on in the feed: an event for each memo that is not as it was.
    async fn read(&mut self) -> Result<(), Problem> {
        let catalog = self.app.catalog(&self.user);
        let reading = catalog.changes(self.position.clone(), READING).await?;
        let has_moved = self.position.as_ref() != Some(&reading.next);
        let cursor = self.app.seal.close(&self.app.ports, &self.user, FEED, &reading.next);
        let cursor = cursor.await?;
        let event = |news| Event::default().event("change").json_data(ChangeBody::from(news));
        let events = reading.news.into_iter().map(event).collect::<Result<Vec<_>, _>>();
        let mut events = events.map_err(Problem::internal)?;
        match events.pop() {
            Some(last) => events.push(last.id(cursor)),
            // An event without data says nothing to anybody, but a client that comes back begins here.
            None if has_moved => events.push(Event::default().id(cursor)),
            None => {}
        }
        self.events.extend(events);
        self.position = Some(reading.next);
        self.more = reading.more;
        Ok(())
    }
}
