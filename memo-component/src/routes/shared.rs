//! `GET /api/shares/{token}`: a shared memo, for whoever has the link.
//!
//! There is no limit of tries: nobody guesses 256 bits.

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    response::{Html, IntoResponse, Response},
};
use common::{
    http::problem::Problem,
    store::kv::KvError,
    world::clock::{Timestamp, rfc3339},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{
    App,
    catalog::shares::{self, Share},
    memo::{Memo, Text},
    share_page::{CONTENT_SECURITY_POLICY, Language, memo_page, notice_page},
};

const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// A shared memo for programs. It tells nothing of its owner, and no id.
#[derive(Serialize)]
pub struct SharedBody {
    text: Text,
    #[serde(with = "rfc3339")]
    updated_at: Timestamp,
    #[serde(with = "rfc3339")]
    expires_at: Timestamp,
}

/// What the reader wants.
enum Form {
    Page(Language),
    Json,
}

impl Form {
    /// A page, unless only JSON was asked for.
    fn wanted(headers: &HeaderMap) -> Self {
        let text = |name| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let accept = text(header::ACCEPT);
        if accept.contains("json") && !accept.contains("text/html") {
            Self::Json
        } else {
            Self::Page(Language::wanted(text(header::ACCEPT_LANGUAGE)))
        }
    }
}

/// Shows a memo as it is now. Whatever a link opens nothing for, the answer is the same 404.
pub async fn show(State(app): State<App>, token: Result<Path<String>, PathRejection>, headers: HeaderMap) -> Response {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let found = match token.parse() {
        Ok(token) => shares::open(&app.ports, &token).await,
        Err(_) => Ok(None),
    };
    let mut response = match Form::wanted(&headers) {
        Form::Page(language) => page(found, language),
        Form::Json => json(found).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-language"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_ROBOTS_TAG, HeaderValue::from_static("noindex, nofollow"));
    response
}

fn json(found: Result<Option<(Share, Memo)>, KvError>) -> Result<Json<SharedBody>, Problem> {
    let (share, memo) = found?.ok_or_else(|| Problem::not_found("This link opens nothing."))?;
    Ok(Json(SharedBody {
        text: memo.text,
        updated_at: memo.updated_at,
        expires_at: share.expires_at,
    }))
}

fn page(found: Result<Option<(Share, Memo)>, KvError>, language: Language) -> Response {
    let mut response = match found {
        Ok(Some((share, memo))) => Html(memo_page(&memo, share.expires_at, language)).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, Html(notice_page(language, |words| words.gone))).into_response(),
        // As the problem would be, with its cause for the log, and words for people.
        Err(error) => {
            let (mut parts, _) = Problem::from(error).into_response().into_parts();
            parts.headers.remove(header::CONTENT_TYPE);
            (parts, Html(notice_page(language, |words| words.unavailable))).into_response()
        }
    };
    if let Ok(policy) = HeaderValue::try_from(CONTENT_SECURITY_POLICY.as_str()) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
