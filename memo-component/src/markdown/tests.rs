use serde::Deserialize;

use super::{checker::assert_safe, *};
use crate::memo::TEXT_MAX_BYTES;

#[derive(Deserialize)]
struct Case {
    text: String,
    html: String,
}

/// The same cases hold the site's own reading of Markdown (`static/tests/markdown-corpus.test.js`).
#[test]
fn every_case_of_the_corpus_is_the_html_that_it_should_be() {
    let corpus = include_str!("../../../tests/corpora/markdown.json");
    let cases: Vec<Case> = serde_json::from_str(corpus).unwrap();
    assert!(cases.len() > 200);
    let wrong = cases.iter().filter(|case| to_html(&case.text) != case.html);
    let wrong: Vec<String> = wrong
        .map(|case| {
            format!(
                "{:?}\n  is     {}\n  not as {}",
                case.text,
                to_html(&case.text),
                case.html
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for case in cases {
        assert_safe(&case.html);
    }
}

/// In a browser the same texts are opened on the page of a shared memo (`tests/suite/browser/shares.rs`).
#[test]
fn nothing_in_the_corpus_of_attacks_becomes_more_than_text_and_links() {
    #[derive(Deserialize)]
    struct Attack {
        text: String,
    }
    let corpus = include_str!("../../../tests/corpora/xss.json");
    let attacks: Vec<Attack> = serde_json::from_str(corpus).unwrap();
    assert!(attacks.len() > 100);
    for attack in &attacks {
        assert_safe(&to_html(&attack.text));
    }
    let all: Vec<&str> = attacks.iter().map(|attack| attack.text.as_str()).collect();
    assert_safe(&to_html(&all.join("\n")));
}

/// What may be repeated to tire a parser: each would be quadratic, or nested without end, if something were looked at again and
/// again. They end, and are no longer than a text may make them, which is what a test without a clock can see.
#[test]
fn hostile_texts_are_read_in_one_pass() {
    for unit in [
        "*",
        "**a",
        "*a ",
        "_a_ ",
        "*_",
        "**_~~a",
        "~~a",
        "`",
        "`a``",
        "``` `",
        "[",
        "]",
        "![",
        "[a](",
        "[a](b",
        "[[a](https://b)",
        "(",
        "\\",
        "<",
        "https://",
        "https://a.b ",
        "http://)",
        "mailto:",
        "#a",
        "#",
        "# ",
        "> ",
        ">",
        "- ",
        "-",
        "- a\n",
        "  - a\n",
        "- [ ] ",
        "- [ ]\n",
        "1. ",
        "1. 2. ",
        "|",
        "|-",
        "|-\n",
        "|a|\n|-|\n",
        "\n",
        "a\n",
        "\t",
        " ",
        "```\n",
        "~~~\n",
        "---\n",
        "#\u{1100}/",
        "\u{301}\u{323}",
        "a.",
        "](x \"",
        "&",
        "\"",
    ] {
        let text = unit.repeat(TEXT_MAX_BYTES / unit.len());
        let html = to_html(&text);
        assert_safe(&html);
        assert!(html.len() <= 64 * TEXT_MAX_BYTES, "{unit:?}: {} bytes", html.len());
    }
    let bars = "|".repeat(TEXT_MAX_BYTES / 2 - 1);
    let dashes = "-|".repeat(TEXT_MAX_BYTES / 4);
    assert_safe(&to_html(&format!("{bars}\n{dashes}")));
    let levels: String = (0..300)
        .map(|level| format!("{}- a\n", " ".repeat(2 * level)))
        .collect();
    assert_safe(&to_html(&levels));
}

#[test]
fn a_title_is_the_first_line_without_its_marks() {
    for (text, title) in [
        ("", ""),
        ("\n\n# **오늘** 할 `일` #tag\n둘째 줄", "오늘 할 일 #tag"),
        ("- [ ] [우유](https://x.test)  사기", "우유 사기"),
        ("```\ncode\n```", ""),
        ("---\nb", ""),
        ("> a\n> b", "a"),
        ("가나다라마바사", "가나다라마…"),
    ] {
        assert_eq!(
            title_of(text, if text.starts_with('가') { 5 } else { 80 }),
            title,
            "{text:?}"
        );
    }
}
