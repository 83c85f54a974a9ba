//! Writing memos, one by one and many at once.

use std::rc::Rc;

use anyhow::Context;

use super::{Lane, reading::A_MEMO};
use crate::{
    round::Client,
    stage::{BATCH, Draft, Stage},
};

/// By everybody but the first user, whose page it would push down.
pub fn create(stage: Rc<Stage>, lane: Lane) -> Client {
    Box::new(move |_| Ok(Some(stage.create(stage.user(1 + lane.index)?))))
}

/// Each connection has a memo of its own and knows its version.
pub fn update(stage: Rc<Stage>, lane: Lane) -> Client {
    Box::new(move |answer| {
        let user = stage.user(0)?;
        let memo = user.memos.get(lane.index).context("the user has too few memos")?;
        if answer.is_some() {
            memo.changed();
        }
        Ok(Some(stage.dialect.update(user, memo, &Draft::plain())))
    })
}

/// 90 % reads, 5 % creates, 5 % updates, by one random user after the other. Each connection has its own users.
pub fn mix(stage: Rc<Stage>, lane: Lane) -> Client {
    let mine = stage.users.len().saturating_sub(1) / lane.of;
    let mut updated: Option<(usize, usize)> = None;
    Box::new(move |answer| {
        if let (Some((user, memo)), Some(_)) = (updated.take(), answer) {
            let memo = stage.user(user)?.memos.get(memo);
            memo.context("the memo is gone")?.changed();
        }
        // The first user's many memos are for the pages.
        let index = 1 + lane.index + lane.of * fastrand::usize(..mine.max(1));
        let user = stage.user(index)?;
        let number = fastrand::usize(..user.memos.len().max(1));
        let memo = user.memos.get(number).context("the user has no memos")?;
        Ok(Some(match fastrand::u8(..100) {
            0..5 => stage.create(user),
            5..10 => {
                updated = Some((index, number));
                stage.dialect.update(user, memo, &Draft::plain())
            }
            _ => stage.dialect.read(user, memo),
        }))
    })
}

/// By all but the first user, in turns.
pub fn create_all(stage: Rc<Stage>, lane: Lane) -> Client {
    let others = stage.users.len().saturating_sub(1).max(1);
    let mut turn = lane.index;
    Box::new(move |_| {
        turn += lane.of;
        let user = stage.user(1 + turn % others)?;
        let drafts: Vec<_> = (0..BATCH).map(|_| Draft::plain()).collect();
        Ok(Some(
            stage.dialect.create_all(user, &drafts).holding(A_MEMO, BATCH..=BATCH),
        ))
    })
}

/// Each connection has fifty memos of its own and knows their versions.
pub fn update_all(stage: Rc<Stage>, lane: Lane) -> Client {
    Box::new(move |answer| {
        let user = stage.organiser(lane.index)?;
        let mine = user.memos.iter().enumerate().skip(lane.index * BATCH).take(BATCH);
        let changes: Vec<_> = mine.map(|(number, memo)| (memo, Draft::organised(number))).collect();
        if answer.is_some() {
            changes.iter().for_each(|(memo, _)| memo.changed());
        }
        Ok(Some(
            stage.dialect.update_all(user, &changes).holding(A_MEMO, BATCH..=BATCH),
        ))
    })
}
