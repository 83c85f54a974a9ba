//! The chart: a group of bars for each workload, longer is faster, on a logarithmic scale.

use std::fmt::Write;

/// One group of bars.
pub struct Group {
    pub name: &'static str,
    /// Contestant's name, colour, requests a second.
    pub bars: Vec<(&'static str, &'static str, f64)>,
}

const LEFT: f64 = 210.0;
const WIDTH: f64 = 560.0;
const BAR: f64 = 13.0;
const GAP: f64 = 16.0;

/// The chart as an SVG document.
pub fn draw(title: &str, groups: &[Group]) -> String {
    let most = groups
        .iter()
        .flat_map(|group| &group.bars)
        .map(|bar| bar.2)
        .fold(10.0, f64::max);
    let decades = most.log10().ceil();
    let x = |value: f64| LEFT + WIDTH * (value.max(1.0).log10() / decades);
    let mut body = String::new();
    let mut y = 64.0;
    for group in groups {
        let height = BAR * group.bars.len() as f64;
        let _ = writeln!(
            body,
            r#"<text x="{:.0}" y="{:.1}" text-anchor="end">{}</text>"#,
            LEFT - 10.0,
            y + height / 2.0 + 4.0,
            group.name
        );
        for (name, colour, value) in &group.bars {
            let _ = writeln!(
                body,
                r##"<rect x="{LEFT}" y="{y:.1}" width="{:.1}" height="{:.1}" fill="{colour}"><title>{name}: {value:.0}/s</title></rect><text x="{:.1}" y="{:.1}" class="value">{}</text>"##,
                x(*value) - LEFT,
                BAR - 2.0,
                x(*value) + 5.0,
                y + BAR - 3.5,
                short(*value)
            );
            y += BAR;
        }
        y += GAP;
    }
    let mut grid = String::new();
    for decade in 0..=decades as i32 {
        let at = x(10_f64.powi(decade));
        let _ = writeln!(
            grid,
            r#"<line x1="{at:.1}" x2="{at:.1}" y1="58" y2="{y:.0}" class="grid"/><text x="{at:.1}" y="{:.0}" text-anchor="middle" class="value">{}</text>"#,
            y + 14.0,
            short(10_f64.powi(decade))
        );
    }
    let mut legend = String::new();
    let mut seen: Vec<&str> = Vec::new();
    for (name, colour, _) in groups.iter().flat_map(|group| &group.bars) {
        if !seen.contains(name) {
            let at = LEFT + 120.0 * seen.len() as f64;
            let _ = writeln!(
                legend,
                r#"<rect x="{at:.0}" y="34" width="12" height="12" fill="{colour}"/><text x="{:.0}" y="44">{name}</text>"#,
                at + 18.0
            );
            seen.push(name);
        }
    }
    let (width, height) = (LEFT + WIDTH + 60.0, y + 26.0);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="{title}">
<style>.value {{ font-size: 10px; fill: #555 }} .grid {{ stroke: #ddd }}</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="{LEFT}" y="22" font-weight="600">{title}</text>
{legend}{grid}{body}</svg>
"##
    )
}

fn short(value: f64) -> String {
    if value >= 10_000.0 {
        format!("{:.0}k", value / 1000.0)
    } else if value >= 1000.0 {
        format!("{:.1}k", value / 1000.0)
    } else {
        format!("{value:.0}")
    }
}
