//! The page on which somebody reads a shared memo without the site: one document, without any script.
//!
//! What it looks like is the site's: the same colours and the same text, from the same files.

mod words;

use std::{fmt::Write, sync::LazyLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use common::world::clock::Timestamp;
use sha2::{Digest, Sha256};

pub use words::{Language, Words};

use crate::{
    markdown::{escape, title_of, to_html},
    memo::Memo,
};

const STYLE: &str = concat!(
    include_str!("../../../static/public/css/tokens.css"),
    include_str!("../../../static/public/js/screens/pad/memo-text.css"),
    include_str!("page.css"),
);

/// The longest title, in characters: what a tab, a bookmark or a preview in a messenger shows of one.
const TITLE_MAX: usize = 80;

/// What a browser may do with the page: show it in this one style. Nothing runs and nothing is loaded, whatever the memo says;
/// links open elsewhere, as a page of their own.
pub static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         sandbox allow-popups allow-popups-to-escape-sandbox"
    )
});

/// The page of a memo.
pub fn memo_page(memo: &Memo, expires_at: Timestamp, language: Language) -> String {
    let words = language.words();
    let text = memo.text.as_str();
    let title = title_of(text, TITLE_MAX);
    let title = if title.is_empty() { words.heading } else { &title };
    let mut main = format!(
        "<h1>{}</h1><article class=\"memo-text\" data-testid=\"memo-text\" lang=\"{}\">{}</article></main><footer>",
        words.heading,
        language_of(text),
        to_html(text)
    );
    for (what, moment) in [(words.changed, memo.updated_at), (words.until, expires_at)] {
        // A string takes whatever is written to it.
        let _ = write!(main, "<p>{what} {}</p>", time(moment));
    }
    let _ = write!(main, "<p>{}</p></footer>", words.for_whom);
    document(words, title, &main)
}

/// A page that says why there is no memo, and what to do.
pub fn notice_page(language: Language, choose: impl Fn(&Words) -> [&'static str; 2]) -> String {
    let words = language.words();
    let [title, detail] = choose(words);
    document(words, title, &format!("<h1>{title}</h1><p>{detail}</p></main>"))
}

/// A document whose `main` is open when `body` begins, and closed in it.
fn document(words: &Words, title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex, nofollow\">\
         <meta name=\"referrer\" content=\"no-referrer\"><title>{}</title><style>{STYLE}</style></head>\
         <body><main>{body}</body></html>",
        words.tag,
        escape(title),
    )
}

/// The language of a text, as far as it matters for where lines break and how it is read aloud; empty: unknown.
fn language_of(text: &str) -> &'static str {
    let is_hangul = |character| matches!(character, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}');
    if text.contains(is_hangul) { "ko" } else { "" }
}

/// A moment to the minute, in UTC: the page knows nothing of where its reader is.
fn time(moment: Timestamp) -> String {
    let moment = moment.to_rfc3339();
    let (day, time) = (
        moment.get(..10).unwrap_or_default(),
        moment.get(11..16).unwrap_or_default(),
    );
    format!("<time datetime=\"{moment}\">{day} {time} UTC</time>")
}
