//! Reading memos and pages.

use std::rc::Rc;

use anyhow::{Context, Result};

use super::Lane;
use crate::{
    dialect::Query,
    driver::Call,
    round::Client,
    stage::{Memo, Stage, User},
};

/// How a memo looks in every contestant's JSON.
pub const A_MEMO: &str = "\"text\":";

pub fn forever(call: impl Fn() -> Call + 'static) -> Client {
    Box::new(move |_| Ok(Some(call())))
}

/// One that `update` doesn't change.
fn unchanged(stage: &Stage) -> Result<(&User, &Memo)> {
    let user = stage.user(0)?;
    Ok((user, user.memos.last().context("the user has no memos")?))
}

/// The GET of a memo.
pub fn get(stage: &Stage) -> Result<Call> {
    let (user, memo) = unchanged(stage)?;
    Ok(stage.dialect.read(user, memo))
}

pub fn read(stage: Rc<Stage>, _: Lane) -> Client {
    Box::new(move |_| Ok(Some(get(&stage)?)))
}

pub fn read_unchanged(stage: Rc<Stage>, _: Lane) -> Client {
    Box::new(move |_| Ok(Some(get(&stage)?.header("if-none-match", "\"1\"").expecting(304))))
}

pub fn read_with_fresh_tokens(stage: Rc<Stage>, _: Lane) -> Client {
    let mut tokens: Option<Vec<String>> = None;
    Box::new(move |_| {
        let make = || {
            let mint = stage.mint.as_ref().context("its tokens are made inside")?;
            let (user, _) = unchanged(&stage)?;
            anyhow::Ok((0..stage.size.fresh_tokens).map(|_| mint.token(&user.id)).collect())
        };
        let left = match &mut tokens {
            Some(tokens) => tokens,
            none => none.insert(make()?),
        };
        Ok(match left.pop() {
            Some(token) => Some(get(&stage)?.bearer(&token)),
            None => None,
        })
    })
}

pub fn page(stage: Rc<Stage>, _: Lane) -> Client {
    Box::new(move |_| {
        let call = stage.dialect.list(stage.user(0)?, Query::default(), 50, None);
        Ok(Some(call.holding(A_MEMO, 50..=50)))
    })
}
