//! A request on its way into an instance, which may be one that exists already.

use std::sync::{Arc, OnceLock};

use opentelemetry::Context;

use crate::{open_answers::OpenAnswers, telemetry::traces};

/// What a request and the instance that takes it tell each other.
pub type TakenBy = Arc<Taken>;

/// The request tells of its span, and the instance of its open answers.
pub struct Taken {
    span: Option<Context>,
    by: OnceLock<Arc<OpenAnswers>>,
}

impl Taken {
    /// A request that no instance has taken yet, within the current span.
    pub fn by_nobody() -> TakenBy {
        Arc::new(Self {
            span: traces::current_span(),
            by: OnceLock::new(),
        })
    }

    /// An instance takes it, which happens once only.
    pub fn by_instance(&self, open: &Arc<OpenAnswers>) {
        let _ = self.by.set(open.clone());
    }

    /// The open answers of the instance that has taken it.
    pub fn by(&self) -> Option<&Arc<OpenAnswers>> {
        self.by.get()
    }

    /// The span of the request's work.
    pub fn span(&self) -> Option<&Context> {
        self.span.as_ref()
    }
}
