//! Which memos belong to a listing.

use crate::{
    memo::Memo,
    tags::{is_under, tags_of},
    words::Words,
};

/// Which memos by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Neither archived nor in the trash.
    #[default]
    Active,
    /// Archived, and not in the trash.
    Archived,
    /// In the trash.
    Trashed,
    /// All of them.
    All,
}

impl State {
    /// Whether a memo that is archived or not, in the trash or not, is in this state.
    pub fn holds(self, archived: bool, trashed: bool) -> bool {
        match self {
            Self::Active => !archived && !trashed,
            Self::Archived => archived && !trashed,
            Self::Trashed => trashed,
            Self::All => true,
        }
    }
}

/// Which memos belong to a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// What became of them.
    pub state: State,
    /// They have this tag, or one nested under it; folded.
    pub tag: Option<String>,
    /// They have all these words.
    pub words: Words,
}

impl Filter {
    /// All memos that are in this state.
    pub fn in_state(state: State) -> Self {
        Self {
            state,
            ..Self::default()
        }
    }

    /// Whether the memo belongs to the listing.
    pub fn admits(&self, memo: &Memo) -> bool {
        let text = memo.text.as_str();
        let has_tag = |wanted: &String| tags_of(text).iter().any(|tag| is_under(tag, wanted));
        self.state.holds(memo.archived, memo.trashed_at.is_some())
            && self.tag.as_ref().is_none_or(has_tag)
            && self.words.are_in(text)
    }

    /// Whether most memos may not belong to the listing.
    pub fn is_choosy(&self) -> bool {
        self.tag.is_some() || !self.words.is_empty() || matches!(self.state, State::Archived | State::Trashed)
    }
}
