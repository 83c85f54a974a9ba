//! Streams of server-sent events, as a client hears them.

use std::time::Duration;

use tokio::time::timeout;

use super::contract::{Asked, Given, check};
use super::memo::Change;
use super::response::Response;

/// How long a test waits for something that a stream says within seconds, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// An open stream.
pub struct Events {
    response: reqwest::Response,
    /// What has arrived of the events to come.
    arrived: Vec<u8>,
    /// The id of the last event that had one: where to go on.
    pub last_id: Option<String>,
    /// How soon to come back, in milliseconds.
    pub retry: Option<u64>,
}

/// What a stream says.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    Change(Box<Change>),
    /// Nothing, and that it is there.
    Heartbeat,
    /// Nothing for people: an id, or how soon to come back.
    Note,
}

impl Events {
    pub(super) async fn open(what: String, asked: Asked, response: reqwest::Response) -> Result<Self, Response> {
        if response.status() != 200 {
            let refused = Response::receive(what, asked, response).await;
            return Err(refused.expect("the answer arrives"));
        }
        let given = Given {
            status: response.status(),
            headers: response.headers(),
            body: None,
        };
        check(&asked, &given);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Ok(Self {
            response,
            arrived: Vec::new(),
            last_id: None,
            retry: None,
        })
    }

    /// What comes next; nothing at the end of the stream.
    pub async fn next(&mut self) -> Option<Said> {
        loop {
            if let Some(end) = self.arrived.windows(2).position(|bytes| bytes == b"\n\n") {
                let event = self.arrived.drain(..end + 2).collect();
                return Some(self.hear(&String::from_utf8(event).expect("events are UTF-8")));
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await;
            let chunk = chunk.expect("the stream says something").expect("the stream is whole");
            let Some(chunk) = chunk else {
                assert!(self.arrived.is_empty(), "the stream ends within an event");
                return None;
            };
            self.arrived.extend_from_slice(&chunk);
        }
    }

    fn hear(&mut self, event: &str) -> Said {
        let (mut data, mut is_comment) = (None, false);
        for line in event.lines().filter(|line| !line.is_empty()) {
            let (field, value) = line.split_once(':').unwrap_or_else(|| panic!("no field: {event:?}"));
            let value = value.trim_start();
            match field {
                "" => is_comment = true,
                "event" => assert_eq!(value, "change"),
                "id" => self.last_id = Some(value.to_owned()),
                "retry" => self.retry = Some(value.parse().expect("milliseconds")),
                "data" => data = Some(serde_json::from_str(value).unwrap_or_else(|why| panic!("{why}: {event:?}"))),
                _ => panic!("an unknown field: {event:?}"),
            }
        }
        match data {
            Some(change) => Said::Change(change),
            None if is_comment => Said::Heartbeat,
            None => Said::Note,
        }
    }

    /// The next change.
    pub async fn change(&mut self) -> Change {
        loop {
            match self.next().await.expect("the stream goes on") {
                Said::Change(change) => return *change,
                Said::Heartbeat | Said::Note => {}
            }
        }
    }

    /// All changes up to the one of this memo at this version.
    pub async fn changes_to(&mut self, id: &str, version: u64) -> Vec<Change> {
        let mut changes = Vec::new();
        loop {
            let change = self.change().await;
            let is_last = (change.id.as_str(), change.version) == (id, version);
            changes.push(change);
            if is_last {
                return changes;
            }
        }
    }
}
