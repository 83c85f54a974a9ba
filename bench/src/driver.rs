//! Requests, answers, and keep-alive connections for them.

use std::{cell::RefCell, ops::RangeInclusive};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::future::join_all;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A request to be, and what its answer must be.
pub struct Call {
    pub method: Method,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    pub expect: u16,
    /// How often the answer has to have this piece of text in it.
    pub holds: Option<(&'static str, RangeInclusive<usize>)>,
    /// Whether it goes on with what the call before it has begun: together they are one task, measured as one.
    pub goes_on: bool,
}

impl Call {
    pub fn new(method: Method, path: impl Into<String>, expect: u16) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: String::new(),
            expect,
            holds: None,
            goes_on: false,
        }
    }

    /// With another status to expect.
    pub fn expecting(self, expect: u16) -> Self {
        Self { expect, ..self }
    }

    /// The answer has to have `piece` in it so many times.
    pub fn holding(self, piece: &'static str, times: RangeInclusive<usize>) -> Self {
        let holds = Some((piece, times));
        Self { holds, ..self }
    }

    /// A further step of the task that the last call began.
    pub fn going_on(self) -> Self {
        Self { goes_on: true, ..self }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With this access token, in place of any other.
    pub fn bearer(mut self, token: &str) -> Self {
        self.headers.retain(|(name, _)| *name != "authorization");
        self.header("authorization", format!("Bearer {token}"))
    }

    pub fn json(self, body: &serde_json::Value) -> Self {
        let mut call = self.header("content-type", "application/json");
        call.body = body.to_string();
        call
    }

    pub fn form(self, body: impl Into<String>) -> Self {
        let mut call = self.header("content-type", "application/x-www-form-urlencoded");
        call.body = body.into();
        call
    }
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).context("the answer is not JSON")
    }

    /// Fails where it doesn't have that piece in it, or too often.
    pub fn check(&self, holds: Option<&(&'static str, RangeInclusive<usize>)>) -> Result<()> {
        let Some((piece, times)) = holds else {
            return Ok(());
        };
        let body = String::from_utf8_lossy(&self.body);
        let found = body.matches(piece).count();
        let beginning: String = body.chars().take(500).collect();
        anyhow::ensure!(
            times.contains(&found),
            "{found} times {piece} where {times:?} were expected: {beginning}"
        );
        Ok(())
    }
}

/// A keep-alive connection.
pub struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    /// Connects. Only inside a [`tokio::task::LocalSet`].
    pub async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::task::spawn_local(connection);
        Ok(Self(sender))
    }

    pub async fn send(&mut self, call: Call) -> Result<Answer> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(call.path)
            .header("host", "localhost");
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(call.body)))?;
        self.0.ready().await?;
        let response = self.0.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Answer { status, body })
    }

    /// Sends, and fails where the answer is not the expected one.
    pub async fn expect(&mut self, call: Call) -> Result<Answer> {
        let holds = call.holds.clone();
        let asked = format!("{} {}", call.method, call.path);
        let answer = self.expect_status(call).await?;
        answer.check(holds.as_ref()).context(asked)?;
        Ok(answer)
    }

    /// Sends, and fails where the status is another than expected.
    pub async fn expect_status(&mut self, call: Call) -> Result<Answer> {
        let asked = format!("{} {}", call.method, call.path);
        let expected = call.expect;
        let answer = self.send(call).await.with_context(|| asked.clone())?;
        anyhow::ensure!(
            answer.status == expected,
            "{asked}: {} where {expected} was expected: {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        Ok(answer)
    }
}

/// Does `jobs` over a few connections, in any order, and returns what they return in theirs.
pub async fn spread<J, T>(
    port: u16,
    jobs: impl IntoIterator<Item = J>,
    job: impl AsyncFn(&mut Connection, J) -> Result<T>,
) -> Result<Vec<T>> {
    const CONNECTIONS: usize = 8;
    let queue = RefCell::new(jobs.into_iter().enumerate());
    let done = RefCell::new(Vec::new());
    let workers = (0..CONNECTIONS).map(|_| async {
        let mut connection = Connection::open(port).await?;
        loop {
            let Some((index, next)) = queue.borrow_mut().next() else {
                return anyhow::Ok(());
            };
            let result = job(&mut connection, next).await?;
            done.borrow_mut().push((index, result));
        }
    });
    for result in join_all(workers).await {
        result?;
    }
    let mut done = done.into_inner();
    done.sort_unstable_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}
