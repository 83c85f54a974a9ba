//! Programs whose names try the same as memos do.

use serde_json::json;

use super::{Policy, Siege, corpus};
use crate::harness::{LocalProgram, TestApp};

/// What a program calls itself, in the question whether it may use the memos and on the list of those that may.
#[tokio::test]
async fn no_name_of_a_program_gets_at_the_page() {
    let app = TestApp::shared();
    let user = app.user("named").await;
    let is_name = |text: &str| text.trim() == text && text.chars().count() <= 64 && !text.chars().any(char::is_control);
    let names: Vec<String> = corpus()
        .into_iter()
        .map(|it| it.text)
        .filter(|it| is_name(it))
        .collect();
    assert!(names.len() > 200);
    let mut programs = Vec::new();
    for name in names.into_iter().step_by(6) {
        // A name that turns the reading direction is refused.
        if let Some(program) = LocalProgram::try_register(&app, &name).await {
            programs.push((name, program));
        }
    }
    assert!(programs.len() > 25);
    for (_, program) in programs.iter().step_by(3) {
        program.connect(&user, "memos:read").await;
    }
    for policy in [Policy::Enforced, Policy::Off] {
        let Some(mut siege) = Siege::begin(&app, &user, policy).await else {
            return;
        };
        for (name, program) in &programs {
            let is_asked = format!(
                "return document.querySelector('[data-testid=asking]')?.textContent === {}",
                json!(name)
            );
            siege.visit(&program.address("memos:read"), &is_asked).await;
        }
        siege
            .visit(
                "/account/programs",
                "return document.querySelectorAll('.program').length > 8",
            )
            .await;
        siege
            .visit(
                "/account/sessions",
                "return document.querySelectorAll('.session').length > 8",
            )
            .await;
        siege.end().await;
    }
}
