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

pub fn sign_in(stage: Rc<Stage>, lane: Lane) -> Client {
    Box::new(move |_| Ok(Some(stage.dialect.sign_in(&stage.user(lane.index)?.name))))
}
