//! Users: registration and `/api/auth/me`.
//!
//! A user is two records: `auth/user/{id}` holds everything, `auth/name/{username}` points to it. The first is written
//! before the second, whose creation by [`claim::advance`] is what makes the user exist: of two registrations of a
//! name one wins, and what a crash in between leaves is a record that nothing points to.

use axum::{
    Json as Answer, Router,
    extract::State,
    routing::{get, post},
};
use common::{
    claim::{self, Outcome, Step},
    clock::{Timestamp, rfc3339},
    extract::Json,
    kv::{KvError, encode},
    ports::Ports,
    problem::{FieldError, Problem},
    token::{TokenError, UserId, bearer},
};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::{
    App,
    passwords::{self, Password},
};

/// The routes of this resource.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/auth/users", post(register))
        .route("/api/auth/me", get(me))
}

/// A user's name: 3 to 32 of `a-z 0-9 . _ -`, beginning with a letter or a digit. Upper case is taken as lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Username(String);

impl Username {
    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Username {
    type Error = &'static str;

    fn try_from(mut name: String) -> Result<Self, Self::Error> {
        name.make_ascii_lowercase();
        if !(3..=32).contains(&name.len()) {
            return Err("It must have 3 to 32 characters.");
        }
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if !name.bytes().all(|byte| good(byte) || b"._-".contains(&byte)) {
            return Err("It may hold a-z, 0-9, dot, underscore and hyphen.");
        }
        if !name.bytes().next().is_some_and(good) {
            return Err("It must begin with a letter or a digit.");
        }
        Ok(Self(name))
    }
}

/// `auth/user/{id}`.
#[derive(Serialize, Deserialize)]
pub struct User {
    /// The user's name.
    pub username: Username,
    /// The password's hash, as a PHC string.
    pub password_hash: String,
    /// When the user registered.
    pub created_at: Timestamp,
}

/// `auth/name/{username}`.
#[derive(Serialize, Deserialize)]
struct Name {
    user_id: UserId,
}

fn user_key(id: &str) -> String {
    format!("auth/user/{id}")
}

fn name_key(username: &Username) -> String {
    format!("auth/name/{}", username.as_str())
}

/// The user of that name.
///
/// # Errors
/// Those of the store.
pub async fn find(ports: &Ports, username: &Username) -> Result<Option<(UserId, User)>, KvError> {
    let name: Option<Name> = ports.kv.get_json(&name_key(username)).await?;
    // No id has a dot. The read is made in any case, so that the time does not tell whose name is taken.
    let id = name.as_ref().map_or("no.body", |name| name.user_id.as_str());
    let user: Option<User> = ports.kv.get_json(&user_key(id)).await?;
    Ok(name.map(|name| name.user_id).zip(user))
}

/// Puts a user's record over the one that is there.
///
/// # Errors
/// Those of the store.
pub async fn put(ports: &Ports, id: &UserId, user: &User) -> Result<(), KvError> {
    ports.kv.set_json(&user_key(id.as_str()), user).await
}

/// A user as the API shows it.
#[derive(Serialize)]
struct UserBody {
    id: UserId,
    username: Username,
    #[serde(with = "rfc3339")]
    created_at: Timestamp,
}

impl UserBody {
    fn new(id: UserId, user: User) -> Self {
        Self {
            id,
            username: user.username,
            created_at: user.created_at,
        }
    }
}

/// Name and password as a body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
}

impl Credentials {
    fn parse(self) -> Result<(Username, Password), Problem> {
        let username = Username::try_from(self.username);
        let password = Password::new(self.password).and_then(|password| match &username {
            Ok(username) if password.is(username) => Err("It must not be the username."),
            _ => Ok(password),
        });
        match (username, password) {
            (Ok(username), Ok(password)) => Ok((username, password)),
            (username, password) => {
                let errors = [("username", username.err()), ("password", password.err())];
                let errors = errors
                    .into_iter()
                    .filter_map(|(field, detail)| Some(FieldError::new(field, detail?)));
                Err(Problem::invalid_request(errors.collect()))
            }
        }
    }
}

type Created = (StatusCode, [(header::HeaderName, &'static str); 1], Answer<UserBody>);

async fn register(State(app): State<App>, Json(body): Json<Credentials>) -> Result<Created, Problem> {
    let ports = &app.ports;
    let (username, password) = body.parse()?;
    let name_key = name_key(&username);
    // Asked again below; asking first saves the hashing.
    if ports.kv.exists(&name_key).await? {
        return Err(taken());
    }
    let id = UserId::try_from(ports.random.token::<16>()?).map_err(Problem::internal)?;
    let user = User {
        username,
        password_hash: passwords::hash(ports, &password).await?,
        created_at: ports.clock.now(),
    };
    put(ports, &id, &user).await?;
    let name = encode(&Name { user_id: id.clone() })?;
    let outcome = claim::advance(ports, &name_key, 0, |holder| match holder {
        None => Step::Write(name, ()),
        Some(_) => Step::Leave(()),
    });
    match outcome.await? {
        Outcome::Done(()) => Ok((
            StatusCode::CREATED,
            [(header::LOCATION, "/api/auth/me")],
            Answer(UserBody::new(id, user)),
        )),
        Outcome::Left(()) => {
            // Nothing points to it; leaving it would do no harm either.
            let _ = ports.kv.delete(&user_key(id.as_str())).await;
            Err(taken())
        }
        Outcome::Busy => Err(Problem::conflict(
            "Somebody is registering this name at this moment. Try again in a minute.",
        )),
    }
}

fn taken() -> Problem {
    Problem::username_taken("Somebody has this name; choose another.")
}

async fn me(State(app): State<App>, headers: HeaderMap) -> Result<Answer<UserBody>, Problem> {
    let token = bearer(&headers)?;
    let now = app.ports.clock.now();
    let keys = app.keys.current(now).await?;
    let id = app.verifier.verify(token, keys.public(), now)?.claims.sub;
    match app.ports.kv.get_json(&user_key(id.as_str())).await? {
        Some(user) => Ok(Answer(UserBody::new(id, user))),
        None => Err(TokenError::Invalid.into()),
    }
}
