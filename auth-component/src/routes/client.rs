//! Which client sent a request, as an extractor: what sessions and the log say of it.

use std::{convert::Infallible, net::IpAddr};

use axum::extract::FromRequestParts;
use common::http::{request_id::X_REQUEST_ID, trace_context::passed_on};
use http::{HeaderMap, HeaderName, header, request::Parts};

use super::{client_address::ClientAddress, own_domain};
use crate::{
    App,
    security_event::{Event, Outcome, SecurityEvent},
    sessions::Place,
    webauthn::RelyingParty,
};

/// The client of a request.
pub struct Client {
    /// Where it is.
    pub address: ClientAddress,
    /// How it describes itself. What can't be read is left out of it; it may be long.
    pub user_agent: Option<String>,
    /// The app as its passkeys know it; `None` where it has none, because the app's address has no domain.
    pub party: Option<RelyingParty>,
    /// The request's id.
    pub request_id: String,
    /// What ties to the request what is asked of others because of it.
    pub context: HeaderMap,
}

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self {
            address: ClientAddress::from_request_parts(parts, app).await?,
            party: own_domain::find(parts, app),
            user_agent: text(&parts.headers, &header::USER_AGENT),
            request_id: text(&parts.headers, &X_REQUEST_ID).unwrap_or_default(),
            context: passed_on(&parts.headers),
        })
    }
}

impl Client {
    /// Something that its request did, for the log.
    pub fn event(&self, event: Event, outcome: Outcome) -> SecurityEvent<'_> {
        SecurityEvent {
            event,
            outcome,
            method: None,
            user_id: None,
            session_id: None,
            by_session_id: None,
            token_id: None,
            client_id: None,
            client_address: self.address.0,
            request_id: &self.request_id,
        }
    }

    /// The place of a session that begins here.
    pub fn place<'a>(&'a self, client_id: &'a str, tells_notices: bool) -> Place<'a> {
        Place {
            client_id,
            user_agent: self.user_agent.as_deref(),
            tells_notices,
        }
    }

    /// The network that it is in, as far as tries are limited by it.
    pub fn network(&self) -> Option<IpAddr> {
        self.address.network()
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}
