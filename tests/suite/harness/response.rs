//! Answers, and the rules that all of them keep.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An answer, read to its end.
pub struct Response {
    what: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// An `application/problem+json` body (RFC 9457).
#[derive(Debug, Deserialize)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// How far a stale change was behind.
    pub current_version: Option<u64>,
    /// The memo that a stale change was meant for, as it is.
    pub current: Option<Value>,
    /// What there may not be more of, how much of it there may be, and how much there is.
    pub quota: Option<String>,
    pub limit: Option<u64>,
    pub used: Option<u64>,
}

/// What is wrong with one field.
#[derive(Debug, Deserialize)]
pub struct FieldError {
    pub field: String,
    pub detail: String,
}

impl Problem {
    /// The name of its kind.
    pub fn slug(&self) -> &str {
        self.kind.rsplit('#').next().unwrap_or_default()
    }

    /// The fields that were refused.
    pub fn fields(&self) -> Vec<&str> {
        self.errors.iter().map(|error| error.field.as_str()).collect()
    }
}

impl Response {
    pub(super) async fn receive(what: String, response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await?.to_vec();
        let response = Self {
            what,
            status,
            headers,
            body,
        };
        response.keeps_the_rules();
        Ok(response)
    }

    /// What holds for every answer is checked at every answer, so that no test has to think of it.
    fn keeps_the_rules(&self) {
        let path = self.what.split(' ').next_back().unwrap_or_default();
        assert!(self.status != StatusCode::INTERNAL_SERVER_ERROR, "{self:?}");
        if path == "/.well-known/spin/health" {
            return; // The host's own answer; no component sees it.
        }
        assert_eq!(self.find("x-content-type-options"), Some("nosniff"), "{self:?}");
        assert!(
            self.find("x-request-id").is_some_and(|id| !id.is_empty()),
            "no X-Request-Id: {self:?}"
        );
        // What is the same for everybody says itself for how long it may be kept.
        let is_public = path == "/api/auth/revocations" && self.status == StatusCode::OK;
        if !is_public
            && ["/api/auth", "/api/memos", "/api/shares"]
                .iter()
                .any(|api| path.starts_with(api))
        {
            assert_eq!(self.find("cache-control"), Some("no-store"), "{self:?}");
        }
    }

    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The cookie that it sets, as a browser sends it back.
    #[track_caller]
    pub fn cookie(&self) -> &str {
        self.header("set-cookie").split(';').next().unwrap_or_default()
    }

    /// Asserts the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status(), status, "{self:?}");
        self
    }

    /// Asserts a status and that nothing follows.
    #[track_caller]
    pub fn expect_empty(self, status: u16) -> Self {
        assert!(self.body.is_empty(), "{self:?}");
        self.expect(status)
    }

    /// Asserts the status and a complete problem of that status.
    #[track_caller]
    pub fn problem(self, status: u16) -> Problem {
        self.problem_among(&[status])
    }

    /// The same where more than one answer is right, because requests race.
    #[track_caller]
    pub fn problem_among(self, statuses: &[u16]) -> Problem {
        assert!(statuses.contains(&self.status()), "not {statuses:?}: {self:?}");
        assert_eq!(self.find("content-type"), Some("application/problem+json"), "{self:?}");
        let problem: Problem = self.parsed();
        assert_eq!(problem.status, self.status(), "{self:?}");
        assert!(problem.kind.starts_with("/problems#"), "{self:?}");
        assert!(!problem.title.is_empty() && !problem.detail.is_empty(), "{self:?}");
        assert!(
            problem
                .errors
                .iter()
                .all(|e| !e.field.is_empty() && !e.detail.is_empty()),
            "{self:?}"
        );
        problem
    }

    /// Asserts JSON of some shape.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.find("content-type"), Some("application/json"), "{self:?}");
        self.parsed()
    }

    #[track_caller]
    pub fn value(&self) -> Value {
        self.json()
    }

    /// The names of the fields of a JSON object, sorted.
    #[track_caller]
    pub fn fields(&self) -> Vec<String> {
        let Value::Object(object) = self.value() else {
            panic!("no object: {self:?}")
        };
        let mut fields: Vec<String> = object.keys().cloned().collect();
        fields.sort();
        fields
    }

    #[track_caller]
    fn parsed<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }

    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }

    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header that must be there.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    /// A header that may be there.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let shown: String = body.chars().take(600).collect();
        write!(f, "{} -> {} {:?} {shown}", self.what, self.status, self.headers)
    }
}
