//! People at work while something goes wrong. They write down what they asked, and what they were told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::outcome::{Acknowledged, Asked, Log, Outcome, WITHOUT};
use crate::harness::{Memo, TestApp, User};

/// What somebody pauses between two requests, so that all of them together are far from what the machine can do, and
/// below what the gateway allows one address.
const PAUSE: Duration = Duration::from_millis(40);

/// How long somebody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

const LOST: &str = "connection lost";

/// After so many edits somebody begins another memo.
const EDITS: u64 = 20;

/// People who work until they are told to stop.
pub struct Load {
    begun: Instant,
    ends: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Log>>,
}

impl Load {
    /// Sets people to work: they sign in, ask who they are, write and read memos, fight over one, and open the site.
    pub async fn begin(app: &TestApp, user: &User) -> Self {
        let contested = user.write("contested").await;
        // Nobody may have as many sessions as are begun here, so somebody else begins them.
        let visitor = app.user("visitor").await;
        let begun = Instant::now();
        let ends = Arc::new(AtomicBool::new(false));
        let person = || Person {
            base_url: app.base_url().to_owned(),
            token: user.token().to_owned(),
            http: http(),
            begun,
            ends: ends.clone(),
            log: Log::default(),
        };
        let mut tasks = Vec::new();
        for _ in 0..2 {
            tasks.push(tokio::spawn(person().writes()));
            tasks.push(tokio::spawn(person().fights_over(contested.clone())));
        }
        tasks.push(tokio::spawn(person().listens()));
        tasks.push(tokio::spawn(person().looks_at("site", "/")));
        tasks.push(tokio::spawn(person().looks_at("account", "/api/auth/me")));
        tasks.push(tokio::spawn(person().signs_in(visitor.username.clone())));
        Self { begun, ends, tasks }
    }

    /// Waits until everybody is through, and adds up.
    pub async fn end(self) -> Outcome {
        self.ends.store(true, Ordering::SeqCst);
        let mut all = Log::default();
        for task in self.tasks {
            let log = task.await.expect("people do not panic");
            all.asked.extend(log.asked);
            all.acknowledged.extend(log.acknowledged);
            all.stale.extend(log.stale);
        }
        all.asked.sort_by_key(|asked| asked.at);
        Outcome {
            lasted: self.begun.elapsed(),
            log: all,
        }
    }
}

fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .expect("a client")
}

struct Person {
    base_url: String,
    token: String,
    http: reqwest::Client,
    begun: Instant,
    ends: Arc<AtomicBool>,
    log: Log,
}

impl Person {
    fn is_over(&self) -> bool {
        self.ends.load(Ordering::SeqCst)
    }

    /// Asks, and notes what came of it. `None` where it failed.
    async fn ask(
        &mut self,
        what: &'static str,
        method: Method,
        path: &str,
        version: Option<u64>,
        body: Option<Value>,
    ) -> Option<(StatusCode, Vec<u8>)> {
        let at = self.begun.elapsed();
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base_url))
            .bearer_auth(&self.token);
        if let Some(version) = version {
            request = request.header(header::IF_MATCH, format!("\"{version}\""));
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = answer_to(request).await;
        let failure = answer.as_ref().err().cloned();
        let until = self.begun.elapsed();
        self.log.asked.push(Asked {
            what,
            at,
            until,
            failure,
        });
        tokio::time::sleep(PAUSE).await;
        answer.ok()
    }

    async fn writes(mut self) -> Log {
        while !self.is_over() {
            let body = json!({ "text": format!("begun at {:?}", self.begun.elapsed()) });
            let created = self.ask("write", Method::POST, "/api/memos", None, Some(body)).await;
            if let Some((StatusCode::CREATED, memo)) = created {
                let memo = memo_of(&memo);
                self.acknowledge(&memo);
                self.edits(memo).await;
            }
        }
        self.log
    }

    /// Edits a memo that is nobody else's, and reads it each time, until that does not go on: a request that failed may hold
    /// its next version for a minute.
    async fn edits(&mut self, mut memo: Memo) {
        while memo.version < EDITS && !self.is_over() {
            let read = self.ask("read", Method::GET, &memo.path(), None, None).await;
            if let Some((StatusCode::OK, now)) = read {
                let now = memo_of(&now);
                if now.version < memo.version || (now.version == memo.version && now != memo) {
                    self.log.stale.push((memo.clone(), Instant::now()));
                }
            }
            let body = json!({ "text": format!("edited at {:?}", self.begun.elapsed()) });
            match self
                .ask("write", Method::PUT, &memo.path(), Some(memo.version), Some(body))
                .await
            {
                Some((StatusCode::OK, edited)) => {
                    memo = memo_of(&edited);
                    self.acknowledge(&memo);
                }
                _ => return,
            }
        }
    }

    async fn fights_over(mut self, memo: Memo) -> Log {
        while !self.is_over() {
            let Some((StatusCode::OK, now)) = self.ask("read", Method::GET, &memo.path(), None, None).await else {
                continue;
            };
            let body = json!({ "text": format!("fought for at {:?}, {}", self.begun.elapsed(), fastrand::u64(..)) });
            let version = Some(memo_of(&now).version);
            if let Some((StatusCode::OK, won)) = self.ask("write", Method::PUT, &memo.path(), version, Some(body)).await
            {
                self.acknowledge(&memo_of(&won));
            }
        }
        self.log
    }

    fn acknowledge(&mut self, memo: &Memo) {
        self.log.acknowledged.push(Acknowledged {
            memo: memo.clone(),
            at: Instant::now(),
        });
    }

    async fn looks_at(mut self, what: &'static str, path: &'static str) -> Log {
        while !self.is_over() {
            self.ask(what, Method::GET, path, None, None).await;
            tokio::time::sleep(PAUSE * 3).await;
        }
        self.log
    }

    /// Opens a stream of events, and another one each time that it has ended.
    async fn listens(mut self) -> Log {
        while !self.is_over() {
            let at = self.begun.elapsed();
            let request = self.http.get(format!("{}/api/memos/events", self.base_url));
            // The stream itself may last.
            let request = request.bearer_auth(&self.token).timeout(Duration::from_secs(3600));
            let opened = match tokio::time::timeout(PATIENCE, request.send()).await {
                Ok(Ok(stream)) if stream.status().is_success() => Ok(stream),
                Ok(Ok(refusal)) => Err(refusal.status().as_u16().to_string()),
                Ok(Err(_)) => Err(LOST.to_owned()),
                Err(_) => Err(format!("no answer in {PATIENCE:?}")),
            };
            self.log.asked.push(Asked {
                what: "listen",
                at,
                until: self.begun.elapsed(),
                failure: opened.as_ref().err().cloned(),
            });
            if let Ok(mut stream) = opened {
                self.hears(&mut stream).await;
            }
            tokio::time::sleep(PAUSE * 5).await;
        }
        self.log
    }

    /// Until it ends, or everybody is through.
    async fn hears(&self, stream: &mut reqwest::Response) {
        while !self.is_over() {
            let part = tokio::time::timeout(PAUSE * 5, stream.chunk()).await;
            if matches!(part, Ok(Ok(None) | Err(_))) {
                return;
            }
        }
    }

    /// Rarely: of all requests this one takes the most processor time by far.
    async fn signs_in(mut self, username: String) -> Log {
        let credentials = json!({ "username": username, "password": crate::harness::PASSWORD });
        while !self.is_over() {
            let body = Some(credentials.clone());
            self.ask("sign in", Method::POST, "/api/auth/session", None, body).await;
            tokio::time::sleep(PAUSE * 20).await;
        }
        self.log
    }
}

/// The status and body of an answer that says something about what was asked, or in what way there was none.
async fn answer_to(request: reqwest::RequestBuilder) -> Result<(StatusCode, Vec<u8>), String> {
    let lost = |why: reqwest::Error| match why.is_timeout() {
        true => format!("no answer in {PATIENCE:?}"),
        false => LOST.to_owned(),
    };
    let answer = request.send().await.map_err(lost)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.map_err(lost)?.to_vec();
    // Somebody else was faster, or is at it.
    if status.is_success() || matches!(status, StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED) {
        return Ok((status, body));
    }
    let without = match headers.contains_key(header::RETRY_AFTER) {
        true => "",
        false => WITHOUT,
    };
    Err(format!("{}{without}", status.as_u16()))
}

fn memo_of(body: &[u8]) -> Memo {
    serde_json::from_slice(body).expect("a memo")
}
