//! The limits, and which of them hold for what is tried.

use std::net::IpAddr;

use hmac_sha256::Hash;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// To sign in. Only wrong passwords count in the end.
    SignIn,
    /// To register. Every try counts.
    Register,
    /// To give the code of a second factor, after the right password. Only wrong codes count in the end.
    SecondFactor,
    /// To recover an account. Only wrong codes count in the end.
    Recover,
    /// To sign in with a passkey. Only wrong answers count in the end.
    Passkey,
    /// To begin a session by a code, or to go on with one. Only codes and refresh tokens that are nobody's count.
    Refresh,
    /// To register a program. Every try counts.
    RegisterClient,
    /// To allow a program something. Every try of an account counts.
    Authorize,
}

/// One kind of limit.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Its name, in keys of the store.
    pub name: &'static str,
    /// The most tries in a window.
    pub tries: i64,
}

/// Sign-ins with one name from one network: far more than a person mistypes.
const SIGN_IN_HERE: Limit = Limit {
    name: "sign-in-here",
    tries: 10,
};

/// Sign-ins with one name from everywhere: 17,000 guesses a day, where one core could hash 2.6 million.
const SIGN_IN_NAME: Limit = Limit {
    name: "sign-in-name",
    tries: 60,
};

/// Sign-ins from one network, which may be an office or a school.
const SIGN_IN_NETWORK: Limit = Limit {
    name: "sign-in-network",
    tries: 100,
};

/// Registrations of one name, which most often end before the hash because the name is taken.
const REGISTER_NAME: Limit = Limit {
    name: "register-name",
    tries: 60,
};

/// Registrations from one network.
const REGISTER_NETWORK: Limit = Limit {
    name: "register-network",
    tries: 30,
};

/// Codes of one account from everywhere. Of a million codes three are good at a time, so somebody who knows the password and
/// guesses all day long finds one in eight months on average; the log tells of each guess.
const SECOND_FACTOR: Limit = Limit {
    name: "second-factor",
    tries: 5,
};

/// Recoveries of one name from one network. Nobody can guess a recovery code, so a name has no limit for all networks, which
/// could only keep its owner out; what is limited is work.
const RECOVER_HERE: Limit = Limit {
    name: "recover-here",
    tries: 10,
};

/// Recoveries from one network.
const RECOVER_NETWORK: Limit = Limit {
    name: "recover-network",
    tries: 30,
};

/// Sign-ins with a passkey from one network. Nobody can guess a signature; what is limited is work.
const PASSKEY_NETWORK: Limit = Limit {
    name: "passkey-network",
    tries: 100,
};

/// Codes and refresh tokens from one network that are nobody's. Nobody can guess one. What is limited is work; in a school many
/// browsers may come back in one lesson whose sessions have ended.
const REFRESH_NETWORK: Limit = Limit {
    name: "refresh-network",
    tries: 300,
};

/// Registrations of programs from one network.
const CLIENT_NETWORK: Limit = Limit {
    name: "client-network",
    tries: 30,
};

/// Registrations of programs from everywhere, which the store has to keep for days: 86,400 a day. Who uses that up keeps new
/// programs out for as long as it goes on, and none that is registered.
const CLIENT: Limit = Limit {
    name: "client",
    tries: 300,
};

/// Programs that one account allows something. Each makes a session that waits for its code to be used.
const AUTHORIZE: Limit = Limit {
    name: "authorize",
    tries: 30,
};

/// The limits that hold for a try, and the bucket of each that it falls into. The limit of the name comes last.
pub fn buckets(action: Action, username: &str, network: Option<IpAddr>) -> Vec<(Limit, String)> {
    let from = network.map_or_else(|| "here".to_owned(), |network| network.to_string());
    let (of_network, of_both, of_name) = match action {
        Action::SignIn => (Some(SIGN_IN_NETWORK), Some(SIGN_IN_HERE), Some(SIGN_IN_NAME)),
        Action::Register => (Some(REGISTER_NETWORK), None, Some(REGISTER_NAME)),
        Action::SecondFactor => (None, None, Some(SECOND_FACTOR)),
        Action::Recover => (Some(RECOVER_NETWORK), Some(RECOVER_HERE), None),
        Action::Passkey => (Some(PASSKEY_NETWORK), None, None),
        Action::Refresh => (Some(REFRESH_NETWORK), None, None),
        Action::RegisterClient => (Some(CLIENT_NETWORK), None, Some(CLIENT)),
        Action::Authorize => (None, None, Some(AUTHORIZE)),
    };
    // The machine itself is no network: on a laptop everybody is there, and so is everybody behind a proxy on the same
    // machine that is not among the trusted ones.
    let of_network = of_network.filter(|_| network.is_some());
    let buckets = [
        of_network.map(|limit| (limit, bucket(&[&from]))),
        of_both.map(|limit| (limit, bucket(&[username, &from]))),
        of_name.map(|limit| (limit, bucket(&[username]))),
    ];
    buckets.into_iter().flatten().collect()
}

/// 16 bits of a hash.
fn bucket(parts: &[&str]) -> String {
    let [high, low, ..] = Hash::hash(parts.join("\n").as_bytes());
    format!("{high:02x}{low:02x}")
}
