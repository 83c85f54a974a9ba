//! Which passwords people may choose: not those that everybody tries first (NIST SP 800-63B §3.1.1.2).

use super::password::Password;
use crate::records::username::Username;

/// Passwords of eight characters and more that most people choose, the most frequent first. See `common_passwords.md`.
const COMMON: &str = include_str!("common_passwords.txt");

/// What this app is called. A password is not made better by it.
const SITE_WORDS: [&str; 4] = ["memo", "pad", "메모장", "메모"];

/// How many letters or digits a password must have besides the names that stand in it.
const OWN_CHARACTERS_MIN: usize = 5;

/// Checks a password that somebody wants to have from now on.
///
/// # Errors
/// What is wrong, for the person.
pub fn choose(text: String, username: Option<&Username>) -> Result<Password, String> {
    let password = Password::new(text)?;
    let folded = password.text().to_lowercase();
    if COMMON.lines().any(|common| common == folded) {
        return Err("It is among the passwords that are tried first; choose another.".to_owned());
    }
    let names = username.map(Username::as_str).into_iter().chain(SITE_WORDS);
    let own = names.fold(folded.clone(), |own, name| own.replace(name, " "));
    let own_characters = own.chars().filter(|character| character.is_alphanumeric()).count();
    if own != folded && own_characters < OWN_CHARACTERS_MIN {
        return Err("It must not be little more than the username or the name of this app.".to_owned());
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> bool {
        let ann = Username::try_from("ann.smith".to_owned()).unwrap();
        choose(text.to_owned(), Some(&ann)).is_err()
    }

    #[test]
    fn what_most_people_choose_is_refused_in_any_case() {
        for common in [
            "password",
            "12345678",
            "PassWord1",
            "QWERTYUIOP",
            "iloveyou",
            "11111111",
        ] {
            assert!(refused(common), "{common}");
        }
        assert!(!refused("correct horse"));
        assert!(!refused("비밀번호는 한글"));
    }

    #[test]
    fn the_list_holds_3000_that_would_pass_otherwise_in_lower_case_and_each_once() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() >= 3_000, "{}", lines.len());
        let mut once = lines.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), lines.len());
        for line in lines {
            assert!(
                Password::new(line.to_owned()).is_ok() && line.to_lowercase() == line,
                "{line}"
            );
        }
    }

    #[test]
    fn the_names_of_the_user_and_of_the_app_do_not_make_a_password() {
        for weak in [
            "ann.smith",
            "Ann.Smith",
            "ann.smith1234",
            "memo-pad",
            "MemoPad2026",
            "memomemomemo",
            "메모장메모장1234",
            "ann.smith memo pad",
        ] {
            assert!(refused(weak), "{weak}");
        }
        for strong in [
            "ann.smith likes tea",
            "memorable horses",
            "메모는 짧게 쓰자",
            "?!?!.,;:",
            "🐴🔋📎🐴🔋📎🐴🔋",
        ] {
            assert!(!refused(strong), "{strong}");
        }
        // A name that is everywhere in a text takes nothing but itself from it.
        let short = Username::try_from("cor".to_owned()).unwrap();
        assert!(choose("correct horse".to_owned(), Some(&short)).is_ok());
    }
}
