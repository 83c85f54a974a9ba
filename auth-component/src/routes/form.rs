//! Forms, which programs send to the endpoints of OAuth.

use axum::extract::Request;
use common::http::extract::{expect_content_type, read_body};
use http::header;

use super::oauth_error::Error;
use crate::App;

/// A form's parameters.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the form of a request.
    ///
    /// # Errors
    /// When it is none, or has what must not be in its address or its headers.
    pub async fn read(request: Request, app: &App) -> Result<Self, Error> {
        if request.uri().query().is_some() {
            // Query strings end up in logs and histories (RFC 6749 §2.3.1).
            return Err(Error::invalid_request("parameters belong in the body"));
        }
        expect_content_type(request.headers(), "application/x-www-form-urlencoded").map_err(Error::Problem)?;
        Ok(Self::parse(&read_body(request, app).await?))
    }

    /// The same of a program that says who it is.
    ///
    /// # Errors
    /// As [`Form::read`], and when the program shows a secret: none has one.
    pub async fn read_of_client(request: Request, app: &App) -> Result<Self, Error> {
        if request.headers().contains_key(header::AUTHORIZATION) {
            return Err(Error::SecretShown);
        }
        Self::read(request, app).await
    }

    /// Reads a body; whatever it is, it is some form.
    pub fn parse(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body);
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// A parameter's value. One without a value is as good as absent, and none may come twice (RFC 6749 §3.2).
    ///
    /// # Errors
    /// When it came twice.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Error> {
        let mut values = self
            .0
            .iter()
            .filter(|(given, _)| given == name)
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
            _ => Err(Error::invalid_request(format!("{name} was sent more than once"))),
        }
    }

    /// A parameter's value that has to be there.
    ///
    /// # Errors
    /// When it is missing or came twice.
    pub fn need(&self, name: &str) -> Result<&str, Error> {
        self.get(name)?
            .ok_or_else(|| Error::invalid_request(format!("{name} is missing")))
    }
}
