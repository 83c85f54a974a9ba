//! Memos of usememos, as its API gives them: one by one, or in pages. Older versions count seconds, newer ones write times.

use common::world::clock::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};

use super::Portable;

/// The most memos of a page: its API gives no more.
const PAGE_MAX: usize = 1_000;

/// A memo.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Memo {
    content: String,
    create_time: Option<String>,
    created_ts: Option<u64>,
    update_time: Option<String>,
    updated_ts: Option<u64>,
    /// Before it was called so: `rowStatus`.
    #[serde(alias = "rowStatus")]
    state: Option<String>,
    #[serde(default)]
    pinned: bool,
}

/// A page of memos.
#[derive(Deserialize)]
pub struct Page {
    #[serde(deserialize_with = "bounded")]
    memos: Vec<Memo>,
}

/// A list whose length is looked at while it is read.
fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Memo>, D::Error> {
    struct Memos;

    impl<'de> Visitor<'de> for Memos {
        type Value = Vec<Memo>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of memos")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Memo>, A::Error> {
            let mut memos = Vec::new();
            while let Some(memo) = list.next_element()? {
                if memos.len() >= PAGE_MAX {
                    return Err(A::Error::custom(format!("A page must have at most {PAGE_MAX} memos.")));
                }
                memos.push(memo);
            }
            Ok(memos)
        }
    }

    deserializer.deserialize_seq(Memos)
}

impl TryFrom<Memo> for Portable {
    type Error = String;

    fn try_from(memo: Memo) -> Result<Self, String> {
        Ok(Self {
            created_at: time(memo.create_time.as_deref(), memo.created_ts)?,
            updated_at: time(memo.update_time.as_deref(), memo.updated_ts)?,
            pinned: memo.pinned,
            archived: memo.state.as_deref() == Some("ARCHIVED"),
            ..Self::new(memo.content)?
        })
    }
}

impl TryFrom<Page> for Vec<Portable> {
    type Error = String;

    fn try_from(page: Page) -> Result<Self, String> {
        page.memos.into_iter().map(Portable::try_from).collect()
    }
}

fn time(written: Option<&str>, seconds: Option<u64>) -> Result<Option<Timestamp>, String> {
    let Some(written) = written else {
        return Ok(seconds.map(|seconds| Timestamp(seconds.saturating_mul(1000))));
    };
    let time = Timestamp::from_rfc3339(written);
    time.map(Some)
        .ok_or_else(|| "Its times must be as of RFC 3339.".to_owned())
}
