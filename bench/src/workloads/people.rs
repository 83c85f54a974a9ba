//! Signing in and staying so.

use std::rc::Rc;

use super::Lane;
use crate::{round::Client, stage::Stage};

/// Each connection goes on with its own session.
pub fn refresh(stage: Rc<Stage>, lane: Lane) -> Client {
    Box::new(move |answer| {
        let token = &stage.user(lane.index)?.refresh_token;
        if let Some(answer) = answer {
            *token.borrow_mut() = stage.dialect.session(answer)?.refresh_token;
        }
        Ok(Some(stage.dialect.refresh(&token.borrow())))
    })
}

/// Not those whose sessions go on: after twenty more the first one has ended.
pub fn sign_in(stage: Rc<Stage>, lane: Lane) -> Client {
    Box::new(move |_| {
        let who = stage.user(stage.size.sessions + lane.index)?;
        Ok(Some(stage.dialect.sign_in(&who.name)))
    })
}
