//! A program that uses the API, with a good line. It changes what it has just read, and lets others be faster.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Memo, User};

use super::judge::Judge;

/// What is done to a memo.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    Rewrite,
    Pin,
    /// Into the trash; what is there already is deleted for good.
    Delete,
    Restore,
}

pub async fn create(user: &User, judge: &mut Judge, text: &str) {
    user.write(text).await;
    judge.entered(text);
}

pub async fn change(user: &User, judge: &mut Judge, memo: &Memo, deed: Deed, word: &str) {
    let call = |method| user.call(method, &memo.path()).header("if-match", &memo.etag());
    let rewritten = format!(
        "{word}{}",
        memo.text.trim_start_matches(|letter: char| !letter.is_whitespace())
    );
    let answer = match deed {
        Deed::Rewrite => call(Method::PATCH).json(&json!({ "text": rewritten })),
        Deed::Pin => call(Method::PATCH).json(&json!({ "pinned": !memo.pinned })),
        Deed::Delete => call(Method::DELETE),
        Deed::Restore => user.call(Method::POST, &format!("{}/restore", memo.path())),
    };
    let answer = answer.send().await;
    if answer.status() >= 300 {
        drop(answer.problem_among(&[404, 409, 412])); // Somebody was faster.
        return;
    }
    match deed {
        Deed::Rewrite => {
            judge.rewrote(&memo.text, &rewritten);
            judge.entered(word);
        }
        Deed::Delete if memo.trashed_at.is_some() => judge.removed(&memo.text),
        Deed::Delete | Deed::Pin | Deed::Restore => {}
    }
}
