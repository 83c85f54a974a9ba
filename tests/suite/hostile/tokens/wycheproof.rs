//! Project Wycheproof's signed tokens: of every algorithm but ours, well signed and badly, none with a key of ours.

use serde::Deserialize;

use super::{all_are_refused, case};
use crate::harness::Victim;

#[derive(Deserialize)]
struct Corpus {
    tokens: Vec<(u32, String, String)>,
}

#[tokio::test]
async fn wycheproofs_tokens_open_nothing() {
    let corpus = include_str!("../../../corpora/jws.json");
    let corpus: Corpus = serde_json::from_str(corpus).expect("the corpus is JSON");
    let cases: Vec<_> = corpus
        .tokens
        .into_iter()
        // An empty one is as good as none, which is another answer (`bad_tokens.rs`).
        .filter(|(_, _, token)| !token.is_empty())
        .map(|(number, name, token)| case(format!("{number} {name}"), token))
        .collect();
    assert!(cases.len() > 350, "{}", cases.len());
    let victim = Victim::new("wycheproof").await;
    all_are_refused(&victim, &cases).await;
}
