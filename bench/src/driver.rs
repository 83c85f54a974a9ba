//! Requests, answers, and keep-alive connections for them.

use std::{cell::RefCell, ops::RangeInclusive};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::future::join_all;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
};
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

    /// As errors name it.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
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
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).context("the answer is not JSON")
    }

    /// The value of the cookie that it sets.
    pub fn cookie(&self) -> Option<&str> {
        let cookie = self.headers.get("set-cookie")?.to_str().ok()?;
        cookie.split(['=', ';']).nth(1)
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
pub struct Connection {
    port: u16,
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    /// Connects. Only inside a [`tokio::task::LocalSet`].
    pub async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::task::spawn_local(connection);
        Ok(Self { port, sender })
    }

    /// Sends, and once more on a new connection where the server has closed this one: a server may do so at any time
    /// between two requests, and one that has no time for its connections does it just when the next request comes.
    pub async fn send(&mut self, call: &Call) -> Result<Answer> {
        match self.try_to_send(call).await {
            Err(error) if error.is::<hyper::Error>() => {
                eprintln!("{} {} again on a new connection: {error}", call.method, call.path);
                *self = Self::open(self.port).await?;
                self.try_to_send(call).await
            }
            result => result,
        }
    }

    /// Begins a stream of events, which takes the connection for itself.
    pub async fn listen(mut self, call: &Call) -> Result<Events> {
        let response = self.request(call).await.with_context(|| call.name())?;
        let status = response.status();
        anyhow::ensure!(
            status == call.expect,
            "{}: {status} where {} was expected",
            call.name(),
            call.expect
        );
        Ok(Events {
            body: response.into_body(),
            arrived: Vec::new(),
            _connection: self,
        })
    }

    async fn try_to_send(&mut self, call: &Call) -> Result<Answer> {
        let response = self.request(call).await?;
        let (parts, body) = response.into_parts();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await?.to_bytes(),
        })
    }

    async fn request(&mut self, call: &Call) -> Result<Response<Incoming>> {
        let mut request = Request::builder()
            .method(&call.method)
            .uri(&call.path)
            .header("host", "localhost");
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(call.body.as_bytes())))?;
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
    }

    /// Sends, and fails where the answer is not the expected one.
    pub async fn expect(&mut self, call: Call) -> Result<Answer> {
        let answer = self.expect_status(&call).await?;
        answer.check(call.holds.as_ref()).with_context(|| call.name())?;
        Ok(answer)
    }

    /// Sends, and fails where the status is another than expected.
    pub async fn expect_status(&mut self, call: &Call) -> Result<Answer> {
        let answer = self.send(call).await.with_context(|| call.name())?;
        anyhow::ensure!(
            answer.status == call.expect,
            "{}: {} where {} was expected: {}",
            call.name(),
            answer.status,
            call.expect,
            String::from_utf8_lossy(&answer.body)
        );
        Ok(answer)
    }
}

/// A stream of server-sent events.
pub struct Events {
    body: Incoming,
    arrived: Vec<u8>,
    _connection: Connection,
}

impl Events {
    /// The next event, as it is written.
    pub async fn next(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.arrived.windows(2).position(|bytes| bytes == b"\n\n") {
                let event: Vec<u8> = self.arrived.drain(..end + 2).collect();
                return Ok(String::from_utf8(event)?);
            }
            let frame = self.body.frame().await.context("the stream has ended")??;
            if let Ok(data) = frame.into_data() {
                self.arrived.extend_from_slice(&data);
            }
        }
    }

    /// Waits for an event that has this in it.
    pub async fn until(&mut self, piece: &str) -> Result<String> {
        loop {
            let event = self.next().await?;
            if event.contains(piece) {
                return Ok(event);
            }
        }
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
