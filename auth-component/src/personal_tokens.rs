//! What becomes of personal tokens when they are used. What is known of them is in the user's record
//! ([`personal_token`](crate::records::personal_token)).

use common::{
    store::{kv::KvError, record::Change},
    token::UserId,
    world::Ports,
};
use futures::FutureExt;

use crate::records::user;

/// Whether the user's personal token of this id is good. One read; and once an hour a change of the user's record, for which
/// nobody waits: it notes that the token is in use.
///
/// # Errors
/// Those of the store.
pub async fn is_good(ports: &Ports, user_id: &UserId, token_id: &str) -> Result<bool, KvError> {
    let now = ports.clock.now();
    let user = user::read(ports, user_id).await?;
    let Some(token) = user.as_ref().and_then(|user| user.personal_token(token_id, now)) else {
        return Ok(false);
    };
    if token.is_use_news(now) {
        note_use(ports, user_id, token_id).await;
    }
    Ok(true)
}

async fn note_use(ports: &Ports, user_id: &UserId, token_id: &str) {
    let (ports, user_id, token_id) = (ports.clone(), user_id.clone(), token_id.to_owned());
    let afterwards = ports.afterwards;
    let noting = async move {
        let now = ports.clock.now();
        let noted = user::change(&ports, &user_id, |user| {
            let next = user.and_then(|user| user.with_personal_token_used(&token_id, now));
            let change = next.map_or(Change::Leave(()), |next| Change::Write(next.clone(), next));
            async move { Ok(change) }.boxed()
        });
        if let Err(error) = noted.await {
            ports.warn("it is not noted that a personal token is in use", error);
        }
    };
    afterwards(noting.boxed()).await;
}
