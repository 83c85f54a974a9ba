//! Finding memos again: search, tags, the trash, and what has changed.

use std::rc::Rc;

use anyhow::{Context, Result};

use super::{Lane, reading::A_MEMO};
use crate::{
    dialect::Query,
    driver::{Answer, Call},
    round::Client,
    stage::{BEHIND, Draft, Stage, TAGGED, TRASHED, User},
    text::{TAGS, WORD},
};

const PAGE: usize = 50;

pub fn search_page(stage: Rc<Stage>, _: Lane) -> Client {
    let there = stage.word_found();
    search(stage, PAGE.min(there), PAGE)
}

pub fn search_all(stage: Rc<Stage>, _: Lane) -> Client {
    let there = stage.word_found();
    search(stage, there, usize::MAX)
}

fn search(stage: Rc<Stage>, expected: usize, wanted: usize) -> Client {
    let query = Query {
        word: Some(WORD),
        ..Query::default()
    };
    let aim = Aim {
        query,
        mark: WORD,
        expected,
        wanted,
    };
    walk(stage, aim, |stage| stage.searcher.as_ref().context("nobody searches"))
}

pub fn by_tag(stage: Rc<Stage>, lane: Lane) -> Client {
    let query = Query {
        tag: Some("tag07"),
        ..Query::default()
    };
    let aim = Aim {
        query,
        mark: "\"tag07\"",
        expected: (2 * TAGGED / TAGS).min(PAGE),
        wanted: PAGE,
    };
    walk(stage, aim, move |stage| stage.organiser(lane.index))
}

pub fn in_trash(stage: Rc<Stage>, lane: Lane) -> Client {
    let query = Query {
        trashed: true,
        ..Query::default()
    };
    let aim = Aim {
        query,
        // A time, where others have none or an empty one.
        mark: "\"trashed_at\":\"2",
        expected: TRASHED,
        wanted: PAGE,
    };
    walk(stage, aim, move |stage| stage.organiser(lane.index))
}

/// What a list is to find.
struct Aim {
    query: Query,
    /// A piece of text that each memo of the list has once in it.
    mark: &'static str,
    /// How many memos there are to be found.
    expected: usize,
    /// After how many the client is content.
    wanted: usize,
}

/// One list after the other, each until the client is content or there are no more pages. A page may be short, even
/// empty, and still not the last, so a list is as many requests as that takes.
fn walk(stage: Rc<Stage>, aim: Aim, who: impl Fn(&Stage) -> Result<&User> + 'static) -> Client {
    let mut found = 0;
    let mut next: Option<String> = None;
    Box::new(move |answer| {
        if let Some(answer) = answer {
            let page = stage.dialect.page(answer)?;
            answer.check(Some(&(aim.mark, page.items..=page.items)))?;
            found += page.items;
            next = page.next.filter(|_| found < aim.wanted);
            if next.is_none() {
                anyhow::ensure!(
                    found == aim.expected,
                    "{found} memos were found where {} are",
                    aim.expected
                );
                found = 0;
            }
        }
        let limit = PAGE.min(aim.wanted - found);
        let call = stage.dialect.list(who(&stage)?, aim.query, limit, next.as_deref());
        let goes_on = next.is_some();
        Ok(Some(Call { goes_on, ..call }))
    })
}

/// Whether the answer lacks tags yet and says so; fails where it lacks any and doesn't.
fn lacks_tags(stage: &Stage, answer: &Answer) -> Result<bool> {
    let page = stage.dialect.page(answer)?;
    // A change may have added one.
    let right = (TAGS..=TAGS + 1).contains(&page.items) || page.next.is_some();
    anyhow::ensure!(right, "{} tags where {TAGS} are", page.items);
    Ok(page.next.is_some())
}

pub fn tags(stage: Rc<Stage>, lane: Lane) -> Client {
    Box::new(move |answer| {
        let goes_on = match answer {
            Some(answer) => lacks_tags(&stage, answer)?,
            None => false,
        };
        let call = stage.dialect.tags(stage.organiser(lane.index)?);
        Ok(Some(Call { goes_on, ..call }))
    })
}

/// Each connection gives a memo of its own one tag more, or takes it away again, and then asks for all tags.
pub fn change_and_tags(stage: Rc<Stage>, lane: Lane) -> Client {
    let number = TAGGED - 1 - lane.index;
    let (mut changing, mut more) = (false, false);
    Box::new(move |answer| {
        let who = stage.organiser(lane.index)?;
        let memo = who.memos.get(number).context("the organiser has too few memos")?;
        if let Some(answer) = answer {
            let changed = std::mem::take(&mut changing);
            if changed {
                memo.changed();
            }
            if changed || lacks_tags(&stage, answer)? {
                return Ok(Some(stage.dialect.tags(who).going_on()));
            }
        }
        changing = true;
        more = !more;
        let Draft { mut tags, .. } = Draft::organised(number);
        tags.extend(more.then(|| "extra".to_owned()));
        Ok(Some(stage.dialect.update(who, memo, &Draft::tagged(tags))))
    })
}

/// The same client again and again: it never says that it has seen them.
pub fn changes(stage: Rc<Stage>, _: Lane) -> Client {
    Box::new(move |_| {
        let who = stage.follower.as_ref().context("nobody follows")?;
        let call = stage.dialect.changes(who, Some(&who.seen));
        Ok(Some(call.holding(A_MEMO, BEHIND..=BEHIND)))
    })
}
