//! The OpenAPI documents of the services, to which every request of the suite and its answer are held.
//!
//! An answer has to be described: its status, its headers and its body, with no member that is not. What a request may be is
//! described as well, and a request that was carried out has to be so; tests of bad requests break that on purpose, and are
//! refused. What is not described at all must not be there.

mod document;
mod schemas;

use reqwest::header::HeaderMap;
use reqwest::{Method, Request, StatusCode};
use serde_json::{Value, json};

use document::{Document, Operation};

/// A request as it was sent.
pub struct Asked {
    method: Method,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    /// None where the body is a stream.
    body: Option<Vec<u8>>,
}

impl Asked {
    pub fn of(request: &Request) -> Self {
        let url = request.url();
        let body = request.body().map_or(Some(&[][..]), |body| body.as_bytes());
        Self {
            method: request.method().clone(),
            path: url.path().to_owned(),
            query: url.query().map(str::to_owned),
            headers: request.headers().clone(),
            body: body.map(<[u8]>::to_vec),
        }
    }
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            method, path, query, ..
        } = self;
        match query {
            Some(query) => write!(f, "{method} {path}?{query}"),
            None => write!(f, "{method} {path}"),
        }
    }
}

/// An answer, whose body is absent where it is a stream.
pub struct Given<'a> {
    pub status: StatusCode,
    pub headers: &'a HeaderMap,
    pub body: Option<&'a [u8]>,
}

/// Asserts that a request and its answer are as the documents say.
pub fn check(asked: &Asked, given: &Given<'_>) {
    if let Err(why) = held(asked, given) {
        panic!("{asked} -> {}: {why}", given.status);
    }
}

fn held(asked: &Asked, given: &Given<'_>) -> Result<(), String> {
    let is_api = ["/api/", "/.well-known/"]
        .iter()
        .any(|folder| asked.path.starts_with(folder))
        || asked.path == "/mcp";
    if !is_api || asked.path.starts_with("/.well-known/spin/") {
        return Ok(());
    }
    match Document::all().find_map(|document| document.find(&asked.path)) {
        None => nothing_is_there(given),
        Some(_) if is_of_site(given) => Ok(()),
        Some((document, template)) => compare(document, template, asked, given),
    }
}

/// The site answers for what nothing else does: for a service that was left out of a host. Its pages have a policy of this kind.
fn is_of_site(given: &Given<'_>) -> bool {
    given.status == StatusCode::NOT_FOUND && given.headers.contains_key("permissions-policy")
}

fn nothing_is_there(given: &Given<'_>) -> Result<(), String> {
    match given.status.as_u16() {
        404 | 405 => Ok(()),
        _ => Err("no document knows the path".to_owned()),
    }
}

fn compare(document: &'static Document, template: &str, asked: &Asked, given: &Given<'_>) -> Result<(), String> {
    let is_head = asked.method == Method::HEAD;
    let method = if is_head {
        "get"
    } else {
        &asked.method.as_str().to_lowercase()
    };
    let Some(operation) = document.operation(template, method) else {
        return match (method, given.status.as_u16()) {
            (_, 405) | ("options", 200 | 204) => Ok(()),
            _ => Err(format!("the document knows no {method} of {template}")),
        };
    };
    is_described(&operation, given, is_head)?;
    if given.status.is_client_error() || given.status.is_server_error() {
        return Ok(());
    }
    is_allowed(&operation, asked, template).map_err(|why| format!("it was carried out, but {why}"))
}

/// Whether the document knows such an answer.
fn is_described(operation: &Operation, given: &Given<'_>, is_head: bool) -> Result<(), String> {
    let response = operation
        .response(given.status.as_u16())
        .ok_or("the document does not know the status")?;
    for (name, header) in response.members("headers") {
        match given.headers.get(&name) {
            None if header.says("required") => return Err(format!("{name} is missing")),
            None => {}
            Some(value) => header.takes_text(value.to_str().unwrap_or_default(), &name)?,
        }
    }
    let content = response.members("content");
    let Some(body) = given.body else { return Ok(()) };
    if content.is_empty() || is_head || body.is_empty() {
        let is_right = body.is_empty() && (content.is_empty() || is_head);
        return is_right
            .then_some(())
            .ok_or_else(|| format!("a body of {} bytes", body.len()));
    }
    let media_type = essence(given.headers);
    let (_, described) = content
        .iter()
        .find(|(name, _)| *name == media_type)
        .ok_or_else(|| format!("the document does not know {media_type:?} here"))?;
    described.takes_body(&media_type, body)
}

/// Whether the document allows such a request.
fn is_allowed(operation: &Operation, asked: &Asked, template: &str) -> Result<(), String> {
    if operation.wants_token() && !asked.headers.contains_key("authorization") {
        return Err("it came without an access token".to_owned());
    }
    let query: Vec<(String, String)> = operation.query(asked.query.as_deref());
    for parameter in operation.parameters() {
        let name = parameter.name();
        let value = match parameter.place() {
            "path" => document::segment(template, &asked.path, name),
            "query" => query
                .iter()
                .find(|(given, _)| given == name)
                .map(|(_, value)| value.clone()),
            "header" => asked
                .headers
                .get(name)
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            place => return Err(format!("{name} is in {place:?}")),
        };
        match value {
            None if parameter.says("required") => return Err(format!("{name} is missing")),
            None => {}
            Some(value) => parameter.takes_text(&value, name)?,
        }
    }
    let is_known = |name: &str| {
        operation
            .parameters()
            .iter()
            .any(|one| one.place() == "query" && one.name() == name)
    };
    if let Some((name, _)) = query.iter().find(|(name, _)| !is_known(name)) {
        return Err(format!("the document does not know the parameter {name}"));
    }
    let (Some(content), Some(body)) = (operation.request_content(), &asked.body) else {
        return Ok(());
    };
    let media_type = essence(&asked.headers);
    let (_, described) = content
        .iter()
        .find(|(name, _)| *name == media_type)
        .ok_or_else(|| format!("the document does not know a body of {media_type:?}"))?;
    if media_type == "application/x-www-form-urlencoded" {
        return described.takes(&form(body));
    }
    described.takes_body(&media_type, body)
}

fn form(body: &[u8]) -> Value {
    let pairs = reqwest::Url::parse(&format!("http://form/?{}", String::from_utf8_lossy(body)));
    let pairs = pairs.expect("a form is a query");
    let members = pairs
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), json!(value)));
    Value::Object(members.collect())
}

/// The media type without parameters.
fn essence(headers: &HeaderMap) -> String {
    let value = headers.get("content-type").and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(method: &str, address: &str, status: u16, body: &str) -> Result<(), String> {
        let url = format!("http://app{address}").parse().unwrap();
        let mut request = Request::new(method.parse().unwrap(), url);
        request
            .headers_mut()
            .insert("authorization", "Bearer x".parse().unwrap());
        let content_type = if status < 400 {
            "application/json"
        } else {
            "application/problem+json"
        };
        let headers = [("content-type", content_type), ("x-request-id", "7"), ("etag", "\"3\"")];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let given = Given {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &HeaderMap::from_iter(headers),
            body: Some(body.as_bytes()),
        };
        held(&Asked::of(&request), &given)
    }

    #[test]
    fn what_is_not_described_is_found() {
        let tags = "{\"items\":[],\"more\":false}";
        assert_eq!(verdict("GET", "/api/memos/tags", 200, tags), Ok(()));
        for (method, address, status, body, why) in [
            (
                "GET",
                "/api/memos/tags",
                200,
                "{\"items\":[]}",
                "\"more\" is a required property",
            ),
            (
                "GET",
                "/api/memos/tags",
                200,
                "{\"items\":[],\"more\":false,\"new\":1}",
                "'new' was unexpected",
            ),
            ("GET", "/api/memos/tags", 200, "", "a body of 0 bytes"),
            ("GET", "/api/memos/tags", 202, tags, "does not know the status"),
            (
                "GET",
                "/api/memos/tags?new=1",
                200,
                tags,
                "does not know the parameter new",
            ),
            (
                "GET",
                "/api/memos?limit=101",
                200,
                "{\"items\":[],\"next_cursor\":null}",
                "limit: 101 is greater",
            ),
            ("GET", "/api/memos/07", 404, "{}", "\"type\" is a required property"),
            ("POST", "/api/memos/tags", 200, tags, "knows no post"),
            ("GET", "/api/new", 200, tags, "no document knows the path"),
        ] {
            let found = verdict(method, address, status, body).expect_err(address);
            assert!(found.contains(why), "{method} {address}: {found}");
        }
    }
}
