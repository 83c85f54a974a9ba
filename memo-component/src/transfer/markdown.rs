//! The format for people: a Markdown file a memo, with what is known of the memo in front (YAML between lines of `---`).
//!
//! The text follows as it is, byte by byte, so a file that nobody has changed comes back as the same memo. A file of
//! another program is taken as a whole, front and all: nothing of it is lost, and its times are looked for.

use common::world::clock::Timestamp;
use icu_normalizer::ComposingNormalizerBorrowed;

use super::Portable;
use crate::{memo::MemoId, tags::tags_of};

/// The line before and after what is known.
const FENCE: &str = "---\n";

/// How much of a memo's first line its file is named after, in characters: with all else a name stays below the 255 bytes
/// that file systems take.
const WORDS_MAX_CHARS: usize = 40;

/// The memo as a file. Without its earlier texts.
pub fn write(memo: &Portable) -> String {
    let mut file = FENCE.to_owned();
    let times = [
        ("created_at", memo.created_at),
        ("updated_at", memo.updated_at),
        ("trashed_at", memo.trashed_at),
    ];
    for (name, time) in times {
        if let Some(time) = time {
            file.push_str(&format!("{name}: {}\n", time.to_rfc3339()));
        }
    }
    file.push_str(&format!("pinned: {}\narchived: {}\n", memo.pinned, memo.archived));
    let tags = tags_of(memo.text.as_str());
    if !tags.is_empty() {
        // For readers only: what the text says counts. Strings of JSON are strings of YAML.
        file.push_str(&format!("tags: {}\n", serde_json::Value::from(tags)));
    }
    file.push_str(FENCE);
    file.push_str(memo.text.as_str());
    file
}

/// What the memo's file is called: by its day and its first words, safe on every file system. The id makes it the only one,
/// and the same one in the next export.
pub fn name(id: MemoId, memo: &Portable) -> String {
    let day: String = memo.created_at.unwrap_or(Timestamp(0)).to_rfc3339();
    let day = day.get(..10).unwrap_or_default();
    let first_line = memo.text.as_str().lines().find(|line| !line.trim().is_empty());
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(first_line.unwrap_or_default());
    let spaced: String = composed
        .chars()
        .map(|character| if character.is_alphanumeric() { character } else { ' ' })
        .take(2 * WORDS_MAX_CHARS)
        .collect();
    let words = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    let words: String = words.chars().take(WORDS_MAX_CHARS).collect();
    match words.trim_end() {
        "" => format!("memos/{day} {id}.md"),
        words => format!("memos/{day} {words} {id}.md"),
    }
}

/// The memo of a file that was changed last at that time.
///
/// # Errors
/// When it is no text, or none that a memo may have.
pub fn read(file: Vec<u8>, modified_at: Option<Timestamp>, now: Timestamp) -> Result<Portable, String> {
    let file = String::from_utf8(file).map_err(|_| "It must be text in UTF-8.".to_owned())?;
    let memo = match ours(&file) {
        Some((front, text)) => front.into_memo(text.to_owned())?,
        None => foreign(&file, modified_at)?,
    };
    memo.checked(now)
}

/// What our own files have in front.
#[derive(Default)]
struct Front {
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    trashed_at: Option<Timestamp>,
    pinned: bool,
    archived: bool,
}

impl Front {
    fn into_memo(self, text: String) -> Result<Portable, String> {
        Ok(Portable {
            created_at: self.created_at,
            updated_at: self.updated_at,
            trashed_at: self.trashed_at,
            pinned: self.pinned,
            archived: self.archived,
            ..Portable::new(text)?
        })
    }

    /// Takes in a line; `None` where it is none of ours.
    fn learn(&mut self, line: &str) -> Option<()> {
        let (name, value) = line.split_once(": ")?;
        match name {
            "created_at" => self.created_at = Some(Timestamp::from_rfc3339(value)?),
            "updated_at" => self.updated_at = Some(Timestamp::from_rfc3339(value)?),
            "trashed_at" => self.trashed_at = Some(Timestamp::from_rfc3339(value)?),
            "pinned" => self.pinned = value.parse().ok()?,
            "archived" => self.archived = value.parse().ok()?,
            "tags" => {}
            _ => return None,
        }
        Some(())
    }
}

/// Parts a file of ours; `None` for any other.
fn ours(file: &str) -> Option<(Front, &str)> {
    let mut rest = file.strip_prefix(FENCE)?;
    let mut front = Front::default();
    loop {
        if let Some(text) = rest.strip_prefix(FENCE) {
            let is_complete = front.created_at.is_some() && front.updated_at.is_some();
            return is_complete.then_some((front, text));
        }
        let line;
        (line, rest) = rest.split_once('\n')?;
        front.learn(line)?;
    }
}

/// A file of another program.
fn foreign(file: &str, modified_at: Option<Timestamp>) -> Result<Portable, String> {
    let text = file.strip_prefix('\u{feff}').unwrap_or(file);
    let front = front_of(text);
    let time = |names: &[&str]| {
        let mut named = front.lines().filter_map(|line| line.split_once(':'));
        let time = |value: &str| Timestamp::from_rfc3339(value.trim().trim_matches(['"', '\'']));
        named.find_map(|(name, value)| names.contains(&name.trim()).then(|| time(value))?)
    };
    let created_at = time(&["created_at", "created", "date"]);
    let updated_at = time(&["updated_at", "updated", "modified", "lastmod"]);
    Ok(Portable {
        created_at: created_at.or(updated_at).or(modified_at),
        updated_at: updated_at.or(modified_at.filter(|at| created_at.is_none_or(|created_at| *at >= created_at))),
        ..Portable::new(text.to_owned())?
    })
}

/// What stands between two lines of `---` at the beginning of a text; nothing where there are none.
fn front_of(text: &str) -> &str {
    let rest = text
        .strip_prefix("---")
        .map(|rest| rest.strip_prefix('\r').unwrap_or(rest));
    let Some(rest) = rest.and_then(|rest| rest.strip_prefix('\n')) else {
        return "";
    };
    rest.split_once("\n---").map_or("", |(front, _)| front)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn memo(text: &str) -> Portable {
        Portable {
            created_at: Some(Timestamp(1_780_000_000_123)),
            updated_at: Some(Timestamp(1_780_000_000_124)),
            ..Portable::new(text.to_owned()).unwrap()
        }
    }

    fn read_text(file: &str) -> Portable {
        read(file.as_bytes().to_vec(), Some(Timestamp(5_000)), NOW).unwrap()
    }

    #[test]
    fn a_memo_comes_back_from_its_file_as_it_was() {
        for text in [
            "x",
            "---\nno: front\n---\ntext",
            "\n\n# 제목\r\n\ttab \u{0} end\n\n",
            "\u{feff}bom",
            "---\n",
            "tags #a/b #가 \"quoted\"",
        ] {
            let plain = memo(text);
            assert_eq!(read_text(&write(&plain)), plain, "{text:?}");
            let marked = Portable {
                pinned: true,
                archived: true,
                trashed_at: plain.updated_at,
                ..plain
            };
            assert_eq!(read_text(&write(&marked)), marked, "{text:?}");
        }
    }

    #[test]
    fn a_file_of_another_program_is_taken_as_a_whole() {
        let joplin = "---\r\ntitle: Trip\r\ncreated: 2021-05-01 16:40:00Z\r\nupdated: '2021-05-02T16:40:00+09:00'\r\n---\r\n\r\nText";
        let memo = read_text(joplin);
        assert_eq!(memo.text.as_str(), joplin);
        assert_eq!(memo.created_at, Timestamp::from_rfc3339("2021-05-01T16:40:00Z"));
        assert_eq!(memo.updated_at, Timestamp::from_rfc3339("2021-05-02T07:40:00Z"));
        let plain = read_text("\u{feff}# A note\n");
        assert_eq!(plain.text.as_str(), "# A note\n");
        assert_eq!(plain.created_at, Some(Timestamp(5_000)));
        for odd in [
            "---\ncreated_at: never\n---\nx",
            "---\ncreated_at: 2021-05-01T16:40:00Z\n",
            "---",
        ] {
            assert_eq!(read_text(odd).text.as_str(), odd);
        }
        assert!(read(b"\xff\xfe".to_vec(), None, NOW).is_err());
        assert!(read(b" \n".to_vec(), None, NOW).is_err());
    }

    #[test]
    fn a_file_is_named_by_its_day_and_its_words_and_safely() {
        let named = |text: &str| name(MemoId(7), &memo(text));
        assert_eq!(named("\n## 우유, 사기!\nmore"), "memos/2026-05-28 우유 사기 7.md");
        assert_eq!(named("../../etc/passwd"), "memos/2026-05-28 etc passwd 7.md");
        assert_eq!(named("C:\\con|aux?*<>\"\u{0}"), "memos/2026-05-28 C con aux 7.md");
        assert_eq!(named("!!!"), "memos/2026-05-28 7.md");
        assert_eq!(
            named("\u{1112}\u{1161}\u{11ab}"),
            "memos/2026-05-28 한 7.md",
            "composed"
        );
        assert!(named(&"가나다라마바사 ".repeat(50)).len() < 255);
    }
}
