//! What the page says, in the languages of the site.

/// A language that the page speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Korean.
    Korean,
    /// English, also for those who want another one.
    English,
}

/// The words of a language.
pub struct Words {
    /// The language's tag (BCP 47).
    pub tag: &'static str,
    /// What the page is.
    pub heading: &'static str,
    /// Who can see it.
    pub for_whom: &'static str,
    /// Before the time of the last change.
    pub changed: &'static str,
    /// Before the time at which the link ends.
    pub until: &'static str,
    /// A link that opens nothing: a title, and what to do.
    pub gone: [&'static str; 2],
    /// The memo could not be read: a title, and what to do.
    pub unavailable: [&'static str; 2],
}

const KOREAN: Words = Words {
    tag: "ko",
    heading: "공유받은 메모",
    for_whom: "링크를 아는 사람은 누구나 볼 수 있어요.",
    changed: "마지막 수정:",
    until: "볼 수 있는 기한:",
    gone: [
        "볼 수 없는 링크예요",
        "기한이 지났거나 공유가 끝났거나 주소가 잘못되었어요. 보내 준 분에게 새 링크를 부탁해 보세요.",
    ],
    unavailable: ["지금은 메모를 불러올 수 없어요", "잠시 뒤에 다시 열어 주세요."],
};

const ENGLISH: Words = Words {
    tag: "en",
    heading: "A shared memo",
    for_whom: "Everybody who has the link can read it.",
    changed: "Last changed:",
    until: "Can be read until:",
    gone: [
        "This link opens nothing",
        "It has expired, it is no longer shared, or the address is not whole. Ask whoever sent it for a new one.",
    ],
    unavailable: [
        "The memo can't be loaded right now",
        "Please open it again in a moment.",
    ],
};

impl Language {
    /// The first of the wanted languages that there is: the value of `Accept-Language` (RFC 9110 §12.5.4).
    pub fn wanted(accept_language: &str) -> Self {
        let wanted = accept_language.split(',').filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight: f32 = weight.trim().strip_prefix("q=")?.trim().parse().ok()?;
            let language = match tag.trim().split('-').next()?.to_ascii_lowercase().as_str() {
                "ko" => Self::Korean,
                "en" => Self::English,
                _ => return None,
            };
            (weight > 0.0).then_some((language, weight))
        });
        let best = wanted.fold(None, |best: Option<(Self, f32)>, next| match best {
            Some(best) if best.1 >= next.1 => Some(best),
            _ => Some(next),
        });
        best.map_or(Self::English, |(language, _)| language)
    }

    /// Its words.
    pub fn words(self) -> &'static Words {
        match self {
            Self::Korean => &KOREAN,
            Self::English => &ENGLISH,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_best_of_those_that_are_wanted() {
        for (header, language) in [
            ("", Language::English),
            ("ko", Language::Korean),
            ("ko-KR,ko;q=0.9,en-US;q=0.8", Language::Korean),
            ("fr, en;q=0.5, ko;q=0.7", Language::Korean),
            ("en, ko", Language::English),
            ("KO;q=0, en;q=0.1", Language::English),
            ("ko;q=x", Language::English),
            ("ko;q=NaN", Language::English),
            (";;;,,=", Language::English),
        ] {
            assert_eq!(Language::wanted(header), language, "{header:?}");
        }
    }
}
