//! Memos that leave and come, all of somebody's at once. Each request moves as many as the searcher has.

use std::{cell::Cell, fmt::Write, rc::Rc};

use anyhow::Context;
use http::Method;

use super::{Lane, reading::A_MEMO};
use crate::{driver::Call, round::Client, stage::Stage, text::searched_text};

const LINES: &str = "application/x-ndjson";

/// What an import answers that made everything.
const ALL_MADE: &str = "\"skipped\":0,\"failed\":[],\"failed_more\":0,\"more\":false";

thread_local! {
    /// How many files were imported by this process, whoever they were for: each has moments of its own, so that nothing in
    /// it was there before.
    static FILES: Cell<usize> = const { Cell::new(0) };
}

pub fn export(stage: Rc<Stage>, _: Lane) -> Client {
    Box::new(move |_| {
        let searcher = stage.searcher.as_ref().context("nobody has memos to export")?;
        let call = Call::new(Method::GET, "/api/memos/export?format=ndjson", 200).bearer(&searcher.token);
        Ok(Some(call.holding(A_MEMO, stage.size.searched..=stage.size.searched)))
    })
}

/// By all but the first user, in turns.
pub fn import(stage: Rc<Stage>, _: Lane) -> Client {
    let others = stage.users.len().saturating_sub(1).max(1);
    Box::new(move |_| {
        let number = FILES.replace(FILES.get() + 1);
        let user = stage.user(1 + number % others)?;
        let mut call = Call::new(Method::POST, "/api/memos/import", 200).bearer(&user.token);
        call.body = file(number, stage.size.searched)?;
        Ok(Some(call.header("content-type", LINES).holding(ALL_MADE, 1..=1)))
    })
}

fn file(number: usize, memos: usize) -> anyhow::Result<String> {
    let moment = format!(
        "2020-01-01T{:02}:{:02}:{:02}.000Z",
        number / 3600 % 24,
        number / 60 % 60,
        number % 60
    );
    let text = serde_json::Value::from(searched_text(None));
    let mut file = String::from("{\"format\":\"memo-export\",\"version\":1}\n");
    for _ in 0..memos {
        writeln!(
            file,
            "{{\"text\":{text},\"created_at\":\"{moment}\",\"updated_at\":\"{moment}\",\"pinned\":false,\
             \"archived\":false,\"trashed_at\":null}}"
        )?;
    }
    writeln!(file, "{{\"count\":{memos}}}")?;
    Ok(file)
}
