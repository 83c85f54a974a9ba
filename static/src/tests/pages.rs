//! The pages that `build/` has made.

use crate::{
    assets::{ASSETS, Asset},
    coding::Coding,
    routes,
};

/// What a first visit may cost on its way, in bytes.
const FIRST_LOAD_MAX: usize = 60_000;

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

/// The modules that a page asks for at once.
fn preloaded(page: &'static str) -> Vec<&'static str> {
    let links = page.lines().filter(|line| line.contains("rel=\"modulepreload\""));
    links.flat_map(|link| values(link, "href")).collect()
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
    for (page, entry) in [
        ("/", "/js/app.js"),
        ("/problems", "/js/page.js"),
        ("/404", "/js/page.js"),
    ] {
        let preloaded = preloaded(text(asset(page)));
        let mut modules = preloaded.clone();
        modules.push(entry);
        assert!(modules.len() > 5, "{page}");
        for module in modules {
            for name in imported(text(asset(module))) {
                let is_preloaded = preloaded.iter().any(|path| path.rsplit('/').next() == Some(name));
                assert!(is_preloaded, "{page} does not preload {name}, which {module} imports");
            }
        }
    }
    let all: Vec<_> = ASSETS
        .iter()
        .map(|asset| asset.path)
        .filter(|path| path.starts_with("/js/"))
        .collect();
    let index = preloaded(text(asset("/")));
    let idle = all
        .iter()
        .filter(|path| !index.contains(path) && !["/js/app.js", "/js/page.js"].contains(path));
    assert_eq!(
        idle.collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "modules that nothing imports"
    );
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
    let own = ["/", "/style.css", "/favicon.svg", "/memo.webmanifest", "/js/app.js"];
    let locales = languages()
        .into_iter()
        .map(|language| packed(&format!("/locales/{language}.js")));
    let locale = locales.max().unwrap();
    let modules = preloaded(text(asset("/")));
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
fn every_problem_type_is_explained() {
    let problems = text(asset("/problems"));
    for (slug, status, title) in [
        ("invalid-json", 400, "The body is not valid JSON"),
        ("bad-request", 400, "The request is malformed"),
        ("invalid-request", 422, "The request is not acceptable"),
        ("unsupported-media-type", 415, "Unsupported content type"),
        ("body-too-large", 413, "The body is too large"),
        ("not-found", 404, "Not found"),
        ("method-not-allowed", 405, "Method not allowed"),
        ("unauthorized", 401, "Sign in first"),
        ("forbidden", 403, "Not allowed"),
        ("username-taken", 409, "The username is taken"),
        ("wrong-credentials", 401, "Wrong username or password"),
        ("precondition-required", 428, "If-Match is required"),
        ("stale-version", 412, "The version is stale"),
        ("conflict", 409, "Another change is under way"),
        ("idempotency-key-reused", 422, "The idempotency key was used before"),
        ("too-many-requests", 429, "Too many requests"),
        ("unavailable", 503, "The service can't reach what it needs"),
        ("internal", 500, "Internal error"),
    ] {
        let section = problems
            .split_once(&format!("<h2 id=\"{slug}\">"))
            .unwrap_or_else(|| panic!("no {slug}"))
            .1;
        let section = section.split("</section>").next().unwrap();
        assert!(
            section.contains(&format!("<span class=\"status\">{status}</span>")),
            "{slug}"
        );
        assert!(
            section.contains(&format!("<span class=\"title\">{title}</span>")),
            "{slug}"
        );
    }
}
