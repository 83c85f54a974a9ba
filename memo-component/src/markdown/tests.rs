use serde::Deserialize;

use super::*;

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
        .map(|case| format!("{:?}\n  is     {}\n  not as {}", case.text, to_html(&case.text), case.html))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
        assert_eq!(title_of(text, if text.starts_with('가') { 5 } else { 80 }), title, "{text:?}");
    }
}
