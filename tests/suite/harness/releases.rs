//! A server that goes from release to release under a browser's eyes: the app, each time with another name.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, Response, Uri, header};
use tokio::task::JoinHandle;

use super::app::TestApp;
use super::relay::{self, Relay, answer};

/// Where the files of a release are.
const FOLDER: &str = "/release/";
const WORKER: &str = "/service-worker.js";
/// As long as a hash in the worker's list.
const HASH: usize = 10;

/// What a server has: the app as it is, with the label in its name and at the root of its pages, and with these files
/// altered. The pages of two releases differ, and everything that is not altered is the same.
#[derive(Clone)]
pub struct Release {
    label: String,
    altered: Vec<(String, Altered)>,
}

#[derive(Clone)]
enum Altered {
    Status(u16),
    Text(String),
}

impl Release {
    pub fn named(label: &str) -> Self {
        Self {
            label: label.to_owned(),
            altered: Vec::new(),
        }
    }

    /// A file that is answered with an error.
    pub fn failing(mut self, path: &str, status: u16) -> Self {
        self.altered.push((path.to_owned(), Altered::Status(status)));
        self
    }

    /// A file with another content.
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.altered.push((path.to_owned(), Altered::Text(text.to_owned())));
        self
    }

    fn name(&self) -> String {
        format!("{:0>16}", self.label)
    }

    fn altered(&self, path: &str) -> Option<&Altered> {
        let found = self.altered.iter().find(|(altered, _)| altered == path);
        found.map(|(_, altered)| altered)
    }

    /// The worker of this release, from the one of the app: pages and altered files have hashes of their own.
    fn worker(&self, worker: &str, real: &str) -> String {
        let texts = self
            .altered
            .iter()
            .filter(|(_, altered)| matches!(altered, Altered::Text(_)));
        let mut worker = worker.replace(real, &self.name());
        for path in texts.map(|(path, _)| path.as_str()).chain(["/", "/404"]) {
            let entry = format!("{path:?}: \"");
            let (before, after) = worker.split_once(&entry).expect("the worker lists it");
            worker = format!("{before}{entry}{}{}", self.hash(), &after[HASH..]);
        }
        worker
    }

    fn hash(&self) -> String {
        format!("{:0>HASH$}", self.label)
    }
}

/// The server. It begins with the release "a".
pub struct Releases {
    stage: Stage,
    app: TestApp,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Stage {
    relay: Relay,
    /// The name of the release that the app itself is.
    real: String,
    state: Arc<Mutex<(Release, Vec<String>)>>,
}

impl Releases {
    pub async fn of(app: &TestApp) -> Self {
        let page = app.anonymous().get("/").await.expect(200);
        let name = page
            .text()
            .split_once(FOLDER)
            .and_then(|(_, rest)| rest.split('/').next());
        let stage = Stage {
            relay: Relay::to(app),
            real: name.expect("the app has a release").to_owned(),
            state: Arc::new(Mutex::new((Release::named("a"), Vec::new()))),
        };
        let router = Router::new().fallback(Stage::serve).with_state(stage.clone());
        let (app, server) = relay::serve(router).await;
        Self { stage, app, server }
    }

    /// The app, as the browser is to see it.
    pub fn app(&self) -> &TestApp {
        &self.app
    }

    /// Has this release from now on, and forgets what it was asked for.
    pub fn deploy(&self, release: Release) {
        *self.stage.state() = (release, Vec::new());
    }

    /// The paths that this release was asked for, in their order.
    pub fn asked(&self) -> Vec<String> {
        self.stage.state().1.clone()
    }

    /// Those of the files of a release.
    pub fn asked_for_files(&self) -> Vec<String> {
        let asked = self.asked();
        let files = asked
            .iter()
            .filter_map(|path| path.strip_prefix(FOLDER)?.split_once('/'));
        files.map(|(_, name)| format!("/{name}")).collect()
    }
}

impl Drop for Releases {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Stage {
    fn state(&self) -> MutexGuard<'_, (Release, Vec<String>)> {
        self.state.lock().expect("nobody panics meanwhile")
    }

    async fn serve(State(stage): State<Self>, mut request: Request) -> Response<Body> {
        let path = request.uri().path().to_owned();
        let release = {
            let mut state = stage.state();
            state.1.push(path.clone());
            state.0.clone()
        };
        let mut file = path.clone();
        if let Some((name, rest)) = path.strip_prefix(FOLDER).and_then(|path| path.split_once('/')) {
            if name != release.name() {
                return answer(404, "another release");
            }
            file = format!("/{rest}");
            *request.uri_mut() = Uri::try_from(format!("{FOLDER}{}{file}", stage.real)).expect("a path");
        }
        // The app knows other hashes than the browser.
        request.headers_mut().remove(header::IF_NONE_MATCH);
        if let Some(Altered::Status(status)) = release.altered(&file) {
            return answer(*status, "altered");
        }
        let is_get = request.method() == Method::GET;
        let response = stage.relay.pass_on(request).await;
        // An answer to HEAD is empty, and an error is the app's own.
        if is_get && response.status() == 200 {
            stage.change(&file, &release, response).await
        } else {
            response
        }
    }

    /// Makes an answer of the app that of a release.
    async fn change(&self, file: &str, release: &Release, response: Response<Body>) -> Response<Body> {
        let altered = release.altered(file);
        let is_page = relay::is_page(response.headers());
        if !is_page && altered.is_none() && file != WORKER {
            return response;
        }
        let (mut head, text) = relay::read(response).await;
        let etag = HeaderValue::try_from(format!("\"{}\"", release.hash())).expect("a header");
        head.headers.insert(header::ETAG, etag);
        let text = match altered {
            Some(Altered::Text(text)) => text.clone(),
            _ if file == WORKER => release.worker(&text, &self.real),
            _ => text.replace(&self.real, &release.name()).replacen(
                "<html ",
                &format!("<html data-release=\"{}\" ", release.label),
                1,
            ),
        };
        Response::from_parts(head, text.into())
    }
}
