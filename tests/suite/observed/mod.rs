//! What operators see of the app: metrics, alerts, traces, and what joins a line of the log to them.

mod alerts;
mod names;
mod traces;
