//! Finding memos again: search, tags, the trash, and what has changed.

use std::rc::Rc;

use anyhow::{Context, Result};

use super::{Lane, reading::A_MEMO};
use crate::{
    dialect::{Page, Query},
    driver::{Answer, Call},
    round::Client,
    stage::{BEHIND, Draft, Stage, TAGGED, TRASHED, User, WORD_IN},
    text::{TAGS, WORD},
};

const PAGE: usize = 50;

pub fn search_page(stage: Rc<Stage>, _: Lane) -> Client {
    let there = stage.size.searched / WORD_IN;
    search(stage, PAGE.min(there), PAGE)
}

pub fn search_all(stage: Rc<Stage>, _: Lane) -> Client {
    let there = stage.size.searched / WORD_IN;
    search(stage, there, usize::MAX)
}

fn search(stage: Rc<Stage>, expected: usize, wanted: usize) -> Client {
    let query = Query {
        word: Some(WORD),
        ..Query::default()
    };
    walk(stage, expected, wanted, query, |stage| {
        stage.searcher.as_ref().context("nobody searches")
    })
}

pub fn by_tag(stage: Rc<Stage>, lane: Lane) -> Client {
    let query = Query {
        tag: Some("tag07"),
        ..Query::default()
    };
    let expected = (2 * TAGGED / TAGS).min(PAGE);
    walk(stage, expected, PAGE, query, move |stage| stage.organiser(lane.index))
}

pub fn in_trash(stage: Rc<Stage>, lane: Lane) -> Client {
    let query = Query {
        trashed: true,
        ..Query::default()
    };
    walk(stage, TRASHED, PAGE, query, move |stage| stage.organiser(lane.index))
}

/// Goes on with a list until so many items were found or all pages were seen.
#[derive(Default)]
struct Walk {
    found: usize,
    next: Option<String>,
}

impl Walk {
    /// Takes a page; returns whether there is more to ask for.
    fn goes_on(&mut self, page: Page, wanted: usize) -> bool {
        self.found += page.items;
        self.next = page.next;
        self.next.is_some() && self.found < wanted
    }

    fn from(&self) -> Option<&str> {
        self.next.as_deref()
    }
}

/// One list after the other, each until `wanted` memos are found or there are no more. A page may be short, even empty,
/// and still not the last, so a list is as many requests as that takes.
fn walk(
    stage: Rc<Stage>,
    expected: usize,
    wanted: usize,
    query: Query,
    who: impl Fn(&Stage) -> Result<&User> + 'static,
) -> Client {
    let mut walk = Walk::default();
    Box::new(move |answer| {
        let mut goes_on = false;
        if let Some(answer) = answer {
            goes_on = walk.goes_on(stage.dialect.page(answer)?, wanted);
            if !goes_on {
                let found = std::mem::take(&mut walk).found;
                anyhow::ensure!(found == expected, "{found} memos were found where {expected} are");
            }
        }
        let limit = PAGE.min(wanted - walk.found);
        let call = stage.dialect.list(who(&stage)?, query, limit, walk.from());
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
