//! The values of `[variables]`, and the `{{ name }}` templates that hand them to components.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use crate::manifest::Variable;

/// The application's variables, each with its value.
#[derive(Debug, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Finds each declared variable's value: on the command line, else in the environment
    /// (`SPIN_VARIABLE_NAME`), else its default. Refuses one that has none, by name.
    pub fn resolve(
        declared: &BTreeMap<String, Variable>,
        command_line: &[(String, String)],
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        if let Some((name, _)) = command_line.iter().find(|(name, _)| !declared.contains_key(name)) {
            bail!("--variable {name}: the manifest declares no such variable");
        }
        let value_of = |name: &str, variable: &Variable| {
            let given = command_line.iter().rev().find(|(given, _)| given == name);
            given
                .map(|(_, value)| value.clone())
                .or_else(|| environment(&format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase())))
                .or_else(|| variable.default.clone())
        };
        let mut values = BTreeMap::new();
        for (name, variable) in declared {
            let value = value_of(name, variable).with_context(|| {
                let variable = name.to_ascii_uppercase();
                format!("the variable {name} is required: pass --variable {name}=… or set SPIN_VARIABLE_{variable}")
            })?;
            values.insert(name.clone(), value);
        }
        Ok(Self(values))
    }

    /// Fills in a template such as `http://{{ host }}/`.
    pub fn fill(&self, template: &str) -> Result<String> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((literal, expression)) = rest.split_once("{{") {
            let (name, after) = expression.split_once("}}").context("a {{ without its }}")?;
            let name = name.trim();
            let value = self
                .0
                .get(name)
                .with_context(|| format!("there is no variable named {name:?}"))?;
            filled.push_str(literal);
            filled.push_str(value);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &str) -> Result<String> {
        Variables(BTreeMap::from([
            ("host".to_owned(), "{{ a }}".to_owned()),
            ("port".to_owned(), "80".to_owned()),
        ]))
        .fill(template)
    }

    #[test]
    fn a_template_is_filled_once_and_wherever_it_names_a_variable() {
        assert_eq!(fill("").unwrap(), "");
        assert_eq!(fill("plain } text {").unwrap(), "plain } text {");
        assert_eq!(
            fill("http://{{host}}:{{ port }}/{{port}}").unwrap(),
            "http://{{ a }}:80/80"
        );
    }

    #[test]
    fn a_template_that_cannot_be_filled_is_an_error() {
        assert!(fill("{{ missing }}").is_err());
        assert!(fill("{{ port").is_err());
        assert!(fill("{{}}").is_err());
    }
}
