//! The load generator: keep-alive connections that send one request after the other, each as its workload says.

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures::future::join_all;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A request to be, and the status that it must get.
pub struct Call {
    pub method: Method,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    pub expect: u16,
}

impl Call {
    pub fn new(method: Method, path: impl Into<String>, expect: u16) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: String::new(),
            expect,
        }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
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
}

/// One connection's work: sees the answer to its last call and says the next, until there is none.
pub type Client = Box<dyn FnMut(Option<&Answer>) -> Option<Call>>;

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

    /// Sends, and fails where the status is another than expected.
    pub async fn expect(&mut self, call: Call) -> Result<Answer> {
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

/// What one round of a workload came to.
#[derive(Debug)]
pub struct Round {
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
    /// Processor time of the server's processes per request, where the system tells.
    pub cpu: Option<Duration>,
}

#[derive(Default)]
struct Tally {
    measuring: bool,
    stop: bool,
    latencies: Vec<Duration>,
}

/// How long to warm up and to measure.
#[derive(Clone, Copy)]
pub struct Timing {
    pub warm_up: Duration,
    pub measure: Duration,
}

/// Runs all clients at once, each on a connection of its own. `cpu` reads the server's processor time so far.
///
/// A wrong answer is an error: a fast wrong answer must not count.
pub async fn round(
    port: u16,
    clients: Vec<Client>,
    timing: Timing,
    mut cpu: impl FnMut() -> Option<Duration>,
) -> Result<Round> {
    let tally = Rc::new(RefCell::new(Tally::default()));
    let all = join_all(clients.into_iter().map(|client| run(port, client, tally.clone())));
    let all = tokio::task::spawn_local(all);

    tokio::time::sleep(timing.warm_up).await;
    let cpu_before = cpu();
    tally.borrow_mut().measuring = true;
    let started = Instant::now();
    let give_up = started + timing.measure;
    while Instant::now() < give_up && !all.is_finished() {
        tokio::time::sleep(Duration::from_millis(5).min(give_up - Instant::now())).await;
    }
    let took = started.elapsed();
    let cpu_after = cpu();
    {
        let mut tally = tally.borrow_mut();
        tally.measuring = false;
        tally.stop = true;
    }
    for result in all.await? {
        result?;
    }

    let mut latencies = std::mem::take(&mut tally.borrow_mut().latencies);
    latencies.sort_unstable();
    let count = latencies.len();
    anyhow::ensure!(count > 0, "no request was answered within {:?}", timing.measure);
    let at = |share: f64| {
        let index = (count as f64 * share) as usize;
        latencies.get(index.min(count - 1)).copied().unwrap_or_default()
    };
    Ok(Round {
        per_second: count as f64 / took.as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
        cpu: cpu_before
            .zip(cpu_after)
            .map(|(before, after)| after.saturating_sub(before).div_f64(count as f64)),
    })
}

async fn run(port: u16, mut client: Client, tally: Rc<RefCell<Tally>>) -> Result<()> {
    let mut connection = Connection::open(port).await?;
    let mut last = None;
    // After the last answer the client is asked once more, so that it learns of it.
    while let Some(call) = client(last.as_ref()) {
        if tally.borrow().stop {
            break;
        }
        let started = Instant::now();
        last = Some(connection.expect(call).await?);
        let mut tally = tally.borrow_mut();
        if tally.measuring {
            tally.latencies.push(started.elapsed());
        }
    }
    Ok(())
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
