//! Notes of Google Keep, as Takeout gives them: a JSON file each. Pictures and drawings are left behind.

use common::world::clock::Timestamp;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::Portable;

/// A note.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct Note {
    title: String,
    text_content: String,
    list_content: Vec<Item>,
    labels: Vec<Label>,
    annotations: Vec<Annotation>,
    is_pinned: bool,
    is_archived: bool,
    is_trashed: bool,
    #[serde(deserialize_with = "micros")]
    created_timestamp_usec: Option<Timestamp>,
    #[serde(deserialize_with = "micros")]
    user_edited_timestamp_usec: Option<Timestamp>,
}

/// A line of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    text: String,
    #[serde(default)]
    is_checked: bool,
}

#[derive(Deserialize)]
struct Label {
    name: String,
}

/// A link that Keep has found in the note or that was shared with it.
#[derive(Deserialize)]
struct Annotation {
    #[serde(default)]
    url: String,
}

/// Microseconds since 1970, which some tools write as a string; 0 stands for nothing.
fn micros<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Micros {
        Number(u64),
        Text(String),
    }

    let micros = match Option::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Micros::Number(number)) => number,
        Some(Micros::Text(text)) => text.parse().map_err(D::Error::custom)?,
    };
    Ok((micros > 0).then_some(Timestamp(micros / 1000)))
}

impl Note {
    /// The note as a memo in Markdown: its title as a heading, a list with boxes, labels as tags. Keep does not tell since
    /// when a note is in the trash; it begins its stay in ours now.
    ///
    /// # Errors
    /// When there is no text, or too much.
    pub fn into_memo(self, now: Timestamp) -> Result<Portable, String> {
        Ok(Portable {
            created_at: self.created_timestamp_usec.or(self.user_edited_timestamp_usec),
            updated_at: self.user_edited_timestamp_usec,
            pinned: self.is_pinned,
            archived: self.is_archived,
            trashed_at: self.is_trashed.then_some(now),
            ..Portable::new(self.text())?
        })
    }

    fn text(&self) -> String {
        let mut parts = Vec::new();
        if !self.title.trim().is_empty() {
            parts.push(format!("# {}", self.title.trim()));
        }
        if !self.text_content.is_empty() {
            parts.push(self.text_content.clone());
        }
        if !self.list_content.is_empty() {
            let boxes: Vec<String> = self.list_content.iter().map(Item::boxed).collect();
            parts.push(boxes.join("\n"));
        }
        let is_new =
            |annotation: &&Annotation| !annotation.url.is_empty() && !self.text_content.contains(&annotation.url);
        parts.extend(self.annotations.iter().filter(is_new).map(|new| new.url.clone()));
        let tags: Vec<String> = self.labels.iter().filter_map(Label::tag).collect();
        if !tags.is_empty() {
            parts.push(tags.join(" "));
        }
        parts.join("\n\n")
    }
}

impl Item {
    fn boxed(&self) -> String {
        let mark = if self.is_checked { 'x' } else { ' ' };
        format!("- [{mark}] {}", self.text)
    }
}

impl Label {
    /// The label as a tag: what can't be part of one becomes a hyphen.
    fn tag(&self) -> Option<String> {
        let allowed = |character: char| character.is_alphanumeric() || matches!(character, '_' | '/');
        let words = self.name.split(|character| !allowed(character));
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        (!words.is_empty()).then(|| format!("#{}", words.join("-")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_becomes_markdown() {
        let note = r#"{"title":"Trip","textContent":"See https://a.example","listContent":[{"text":"socks","isChecked":true},
            {"text":"map"}],"labels":[{"name":"to do & more"},{"name":"여행"},{"name":"!!"}],
            "annotations":[{"url":"https://a.example"},{"url":"https://b.example"}],"color":"RED",
            "createdTimestampUsec":"1500000000123456","userEditedTimestampUsec":0,"isTrashed":true}"#;
        let note: Note = serde_json::from_str(note).unwrap();
        let memo = note.into_memo(Timestamp(7)).unwrap();
        assert_eq!(
            memo.text.as_str(),
            "# Trip\n\nSee https://a.example\n\n- [x] socks\n- [ ] map\n\nhttps://b.example\n\n#to-do-more #여행"
        );
        let times = (memo.created_at, memo.updated_at, memo.trashed_at);
        assert_eq!(times, (Some(Timestamp(1_500_000_000_123)), None, Some(Timestamp(7))));
    }
}
