//! Why somebody is not let in, before it is said in the words of an endpoint.

use common::{kv::KvError, problem::Problem, random::RandomError};

/// A login or a refresh that was refused. The token endpoint says so in RFC 6749's words, the others as a problem.
#[derive(Debug)]
pub enum Refusal {
    /// The name or the password is wrong; which of them is not told.
    WrongCredentials,
    /// The refresh token is none, or is no longer good.
    NoSession,
    /// It could not be found out.
    Fault(Problem),
}

impl From<KvError> for Refusal {
    fn from(error: KvError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<RandomError> for Refusal {
    fn from(error: RandomError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Fault(problem)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::WrongCredentials => Self::wrong_credentials(),
            Refusal::NoSession => Self::unauthorized(None, "There is no session, or it has ended. Sign in."),
            Refusal::Fault(problem) => problem,
        }
    }
}
