//! The pages that `build/` has made.

use common::http::problems;

use crate::{
    assets::{ASSETS, Asset},
    coding::Coding,
    routes,
};

/// What a first visit may cost on its way, in bytes. A tenth of it keeps what is written on this device, and has to be there
/// before the first letter is.
const FIRST_LOAD_MAX: usize = 67_000;

fn text(asset: &'static Asset) -> &'static str {
    std::str::from_utf8(asset.identity.body).unwrap()
}

fn asset(path: &str) -> &'static Asset {
    ASSETS
        .iter()
        .find(|asset| asset.path == path)
        .unwrap_or_else(|| panic!("no {path}"))
}

/// The pages as they are, with their addresses.
fn pages() -> Vec<(&'static str, &'static str)> {
    let pages = ASSETS
        .iter()
        .filter(|asset| asset.content_type.starts_with("text/html"));
    let pages: Vec<_> = pages.map(|asset| (asset.path, text(asset))).collect();
    assert!(pages.len() >= 3);
    pages
}

/// The languages that there are words in.
fn languages() -> Vec<&'static str> {
    let paths = ASSETS.iter().map(|asset| asset.path);
    let languages = paths.filter_map(|path| path.strip_prefix("/locales/")?.strip_suffix(".js"));
    languages.filter(|name| *name != "languages").collect()
}

/// The values of an attribute, wherever it stands.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let before = format!(" {attribute}=\"");
    page.split(&before)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

/// The modules that a page asks for at once, by a script or a link to it.
fn asked_for(page: &'static str) -> Vec<&'static str> {
    let is_link = |line: &&str| line.contains("rel=\"modulepreload\"");
    let links = page.lines().filter(is_link).flat_map(|link| values(link, "href"));
    let scripts = page
        .lines()
        .filter(|line| line.contains("<script"))
        .flat_map(|line| values(line, "src"));
    links.chain(scripts).collect()
}

/// What the lines of a module import, by their last parts.
fn imported(module: &str) -> Vec<&str> {
    let imports = module
        .lines()
        .filter(|line| line.starts_with("import ") || line.starts_with("} from "));
    imports
        .filter_map(|line| line.split('"').nth(1)?.rsplit('/').next())
        .collect()
}

#[test]
fn pages_hold_no_script_or_style_that_the_policy_would_refuse() {
    for (path, page) in pages() {
        assert!(!page.contains("<style"), "{path}");
        assert!(!page.contains(" style="), "{path}");
        for script in page.split("<script").skip(1) {
            let (tag, content) = script.split_once('>').unwrap();
            assert!(
                tag.contains(" type=\"module\"") && tag.contains(" src=\"/js/"),
                "{path}: {tag}"
            );
            assert!(content.starts_with("</script>"), "{path}");
        }
        for handler in [" onclick=", " onload=", " onerror=", "javascript:"] {
            assert!(!page.contains(handler), "{path}: {handler}");
        }
    }
}

#[test]
fn pages_refer_to_what_is_there() {
    for (path, page) in pages() {
        for target in [values(page, "href"), values(page, "src")].concat() {
            let is_there = ASSETS.iter().any(|asset| asset.path == target) || routes::is_route(target);
            let is_elsewhere = target.starts_with('#') || target.starts_with("https://");
            assert!(is_there || is_elsewhere, "{path} refers to {target}");
        }
    }
}

#[test]
fn pages_are_complete() {
    for (path, page) in pages() {
        assert!(page.contains("<header class=\"bar\">"), "{path}");
        for comment in ["<!-- include", "<!-- templates", "<!-- modulepreload"] {
            assert!(!page.contains(comment), "{path}");
        }
        let mut ids = values(page, "id");
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "{path} has an id twice");
    }
}

#[test]
fn a_page_preloads_every_module_that_its_own_imports() {
    for page in ["/", "/problems", "/404"] {
        let modules = asked_for(text(asset(page)));
        assert!(modules.len() > 5, "{page}");
        for module in &modules {
            for name in imported(text(asset(module))) {
                let is_preloaded = modules.iter().any(|path| path.rsplit('/').next() == Some(name));
                assert!(is_preloaded, "{page} does not preload {name}, which {module} imports");
            }
        }
    }
}

/// The modules that are loaded when they are first needed, and what they import, by their last parts.
fn loaded_later() -> Vec<&'static str> {
    let modules = || ASSETS.iter().filter(|asset| asset.path.starts_with("/js/")).map(text);
    let dynamic = modules().flat_map(|module| module.split("import(\"").skip(1));
    let mut later: Vec<_> = dynamic
        .filter_map(|rest| rest.split('"').next()?.rsplit('/').next())
        .collect();
    let mut next = 0;
    while let Some(name) = later.get(next) {
        let suffix = format!("/{name}");
        let module = ASSETS.iter().find(|asset| asset.path.ends_with(&suffix));
        for name in imported(text(module.unwrap_or_else(|| panic!("no {name}")))) {
            if !later.contains(&name) {
                later.push(name);
            }
        }
        next += 1;
    }
    later
}

#[test]
fn every_module_is_imported() {
    let pages = [asked_for(text(asset("/"))), asked_for(text(asset("/problems")))].concat();
    let later = loaded_later();
    assert!(!later.is_empty());
    for asset in ASSETS.iter().filter(|asset| asset.path.starts_with("/js/")) {
        let name = asset.path.rsplit('/').next().unwrap();
        assert!(
            pages.contains(&asset.path) || later.contains(&name),
            "nothing imports {}",
            asset.path
        );
    }
}

#[test]
fn scripts_and_styles_come_without_comments_and_line_for_line() {
    for asset in ASSETS {
        let is_made = asset.path.ends_with(".js") || asset.path.ends_with(".css");
        let comment = is_made.then(|| text(asset)).and_then(|text| {
            let mut lines = text.lines().map(str::trim);
            lines.find(|line| line.starts_with("//") || *line == "/**" || *line == "*/")
        });
        assert_eq!(comment, None, "{}", asset.path);
    }
    let source = include_str!("../../public/js/app.js");
    let served = text(asset("/js/app.js"));
    assert!(served.len() < source.len());
    assert_eq!(served.lines().count(), source.lines().count());
    for (line, original) in served.lines().zip(source.lines()) {
        assert!(line.is_empty() || line == original, "{line}");
    }
}

#[test]
fn one_language_is_loaded() {
    for (path, page) in pages() {
        for language in languages() {
            assert!(!page.contains(&format!("/locales/{language}.js")), "{path}: {language}");
        }
    }
}

#[test]
fn a_first_visit_costs_little() {
    let packed = |path: &str| {
        let brotli = asset(path).compressed.iter().find(|body| body.coding == Coding::Brotli);
        brotli.map_or(asset(path).identity.body.len(), |body| body.body.len())
    };
    let own = ["/", "/style.css", "/favicon.svg", "/memo.webmanifest"];
    let locales = languages()
        .into_iter()
        .map(|language| packed(&format!("/locales/{language}.js")));
    let locale = locales.max().unwrap();
    let modules = asked_for(text(asset("/")));
    let sum = own.into_iter().chain(modules).map(packed).sum::<usize>() + locale;
    println!("a first visit: {sum} bytes in brotli");
    assert!(sum <= FIRST_LOAD_MAX, "{sum} bytes");
}

#[test]
fn the_style_sheet_begins_with_the_general_and_has_every_component() {
    let sheet = text(asset("/style.css"));
    let at = |rule: &str| sheet.find(rule).unwrap_or_else(|| panic!("no {rule}"));
    assert!(at("--desk: #f3f4f1") < at("box-sizing: border-box"));
    assert!(at("box-sizing: border-box") < at("\nbutton {"));
    assert!(at("\nbutton {") < at("\n.memo {") && at("\nbutton {") < at("\n.toast {"));
    assert!(sheet.contains("html:lang(ko) .text [lang]:not([lang=\"ko\"])"));
}

#[test]
fn pages_of_text_say_everything_in_every_language() {
    for path in ["/problems", "/404"] {
        let page = text(asset(path));
        let body = page.split_once("<main").unwrap().1;
        let count = |language: &str| {
            values(body, "lang")
                .into_iter()
                .filter(|lang| *lang == language)
                .count()
        };
        assert!(languages().len() > 1 && count("en") > 2, "{path}");
        for language in languages() {
            assert_eq!(count(language), count("en"), "{path}: {language}");
        }
    }
}

#[test]
fn every_kind_of_problem_is_explained_and_no_other() {
    let page = text(asset("/problems"));
    for kind in problems::ALL {
        let slug = kind.slug;
        let section = page
            .split_once(&format!("<h2 id=\"{slug}\">"))
            .unwrap_or_else(|| panic!("no {slug}"))
            .1;
        let section = section.split("</section>").next().unwrap();
        for (class, text) in [("status", kind.status.as_str()), ("title", kind.title)] {
            let part = format!("<span class=\"{class}\">{text}</span>");
            assert!(section.contains(&part), "{slug}: no {part}");
        }
    }
    assert_eq!(page.matches("<h2 id=").count(), problems::ALL.len());
}

/// The words of a language for problems, by the last part of their keys.
fn explained(language: &str) -> Vec<&'static str> {
    let words = text(asset(&format!("/locales/{language}.js")));
    let keys = words
        .split("\"problem.")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    keys.collect()
}

#[test]
fn the_languages_speak_of_kinds_of_problems_that_there_are() {
    // Not the services' words, but the site's own: for an answer that did not come, and for one that it does not know.
    let own = ["unreachable", "unknown"];
    for language in languages() {
        let explained = explained(language);
        for slug in &explained {
            let is_kind = problems::ALL.iter().any(|kind| kind.slug == *slug);
            assert!(is_kind || own.contains(slug), "{language}: {slug}");
        }
        // What people meet without a fault of the site's.
        for kind in [
            &problems::UNAVAILABLE,
            &problems::CONFLICT,
            &problems::STALE_VERSION,
            &problems::TOO_MANY_REQUESTS,
            &problems::WRONG_CREDENTIALS,
            &problems::BODY_TOO_LARGE,
            &problems::NOT_FOUND,
        ] {
            assert!(explained.contains(&kind.slug), "{language}: no {}", kind.slug);
        }
    }
}
