//! How much of what a test machine may lack must be there.

/// What `MEMO_BROWSER` asks for; each asks for more than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wish {
    /// `0`: no browser.
    None,
    /// Not set: whatever is installed.
    WhatIsThere,
    /// `1`: Chromium and Redis must be there.
    Usual,
    /// `all`: the other browsers too, and what npm brings.
    All,
}

impl Wish {
    pub fn of_environment() -> Self {
        match std::env::var("MEMO_BROWSER").unwrap_or_default().as_str() {
            "" => Self::WhatIsThere,
            "0" => Self::None,
            "1" => Self::Usual,
            "all" => Self::All,
            other => panic!("MEMO_BROWSER is {other:?}, and not 0, 1 or all"),
        }
    }
}
