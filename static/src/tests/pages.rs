//! The pages that `build/` has made.

use common::http::problems;

use crate::{
    assets::{ASSETS, Asset, RELEASE},
    coding::Coding,
    routes::ROUTES,
};

/// What a first visit may cost on its way, in bytes. A tenth of it keeps what is written on this device, and has to be there
/// before the first letter is.
const FIRST_LOAD_MAX: usize = 46_000;

/// What all that a browser keeps may cost on its way, in bytes, with the worker that keeps it.
const SHELL_MAX: usize = 90_000;

fn text(asset: &'static Asset) -> &'static str {
    std::str::from_utf8(asset.identity.body).unwrap()
}

/// The asset at a path, or at an address of this release.
fn asset(path: &str) -> &'static Asset {
    let path = unreleased(path);
    ASSETS
        .iter()
        .find(|asset| asset.path == path)
        .unwrap_or_else(|| panic!("no {path}"))
}

/// A path without the folder of this release.
fn unreleased(path: &str) -> &str {
    let folder = format!("/release/{RELEASE}");
    path.strip_prefix(folder.as_str()).unwrap_or(path)
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
    languages
        .filter(|name| *name != "languages" && !name.contains('/'))
        .collect()
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
    links.chain(scripts).map(unreleased).collect()
}

/// The addresses after a word of a script, by their last parts.
fn named_after(word: &str, script: &'static str) -> Vec<&'static str> {
    let named = script.split(word).skip(1);
    let addresses = named.filter_map(|rest| rest.trim_start().split(['"', '`']).nth(1)?.rsplit('/').next());
    addresses.filter(|name| name.ends_with(".js")).collect()
}

/// What a script imports before it runs, by their last parts.
fn imported(script: &'static str) -> Vec<&'static str> {
    named_after("from", script)
}

#[test]
fn pages_hold_no_script_or_style_that_the_policy_would_refuse() {
    for (path, page) in pages() {
        assert!(!page.contains("<style"), "{path}");
        assert!(!page.contains(" style="), "{path}");
        for script in page.split("<script").skip(1) {
            let (tag, content) = script.split_once('>').unwrap();
            assert!(
                tag.contains(" type=\"module\"") && tag.contains(&format!(" src=\"/release/{RELEASE}/js/")),
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
            let is_there = Asset::in_release(target).or(Asset::at(target)).is_some();
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
fn a_page_preloads_every_script_that_its_own_imports() {
    for page in ["/", "/problems", "/404"] {
        let modules = asked_for(text(asset(page)));
        assert_eq!(modules.len(), 2, "{page}: {modules:?}");
        let imports: Vec<_> = modules
            .iter()
            .flat_map(|module| imported(text(asset(module))))
            .collect();
        assert_eq!(imports, ["header.js"], "{page}");
        for module in &modules {
            for name in imported(text(asset(module))) {
                let is_preloaded = modules.iter().any(|path| path.rsplit('/').next() == Some(name));
                assert!(is_preloaded, "{page} does not preload {name}, which {module} imports");
            }
        }
    }
}

/// The scripts below `/js/`, with their addresses.
fn scripts() -> Vec<(&'static str, &'static str)> {
    let scripts = ASSETS.iter().filter(|asset| asset.path.starts_with("/js/"));
    scripts.map(|asset| (asset.path, text(asset))).collect()
}

#[test]
fn every_script_is_imported() {
    let pages = [asked_for(text(asset("/"))), asked_for(text(asset("/problems")))].concat();
    let mut later: Vec<_> = scripts()
        .into_iter()
        .flat_map(|(_, script)| named_after("import(", script))
        .collect();
    later.retain(|name| !languages().contains(&name.trim_end_matches(".js")));
    later.dedup();
    assert_eq!(later, ["late.js"]);
    for (path, _) in scripts() {
        assert!(pages.contains(&path) || path == "/js/late.js", "nothing imports {path}");
    }
}

/// A module that runs twice has two stores, and an element that is defined twice is an error.
#[test]
fn what_a_module_does_is_in_one_script_only() {
    let mut defined: Vec<_> = scripts()
        .into_iter()
        .flat_map(|(_, script)| script.split("customElements.define(").skip(1))
        .filter_map(|rest| rest.split(['"', '`']).nth(1))
        .collect();
    let count = defined.len();
    assert!(
        defined.contains(&"memo-card") && defined.contains(&"memo-editor"),
        "{defined:?}"
    );
    defined.sort_unstable();
    defined.dedup();
    assert_eq!(defined.len(), count, "{defined:?}");
}

#[test]
fn scripts_and_styles_come_without_comments_except_for_licences() {
    let others = ASSETS
        .iter()
        .filter(|asset| asset.path.ends_with(".css") || asset.path.starts_with("/locales/"));
    for (path, text) in others.map(|asset| (asset.path, text(asset))).chain(scripts()) {
        for comment in text.match_indices("/*") {
            assert!(text[comment.0..].starts_with("/*!"), "{path}: {}", &text[comment.0..]);
        }
        assert!(!text.lines().any(|line| line.trim().starts_with("//")), "{path}");
    }
    let licence = include_str!("../../public/js/vendor/node-diff3.js")
        .split("Copyright")
        .nth(1)
        .unwrap();
    let holder = licence.lines().next().unwrap();
    assert_eq!(
        scripts()
            .into_iter()
            .filter(|(_, script)| script.contains(holder))
            .count(),
        1,
        "{holder}"
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

/// What a file costs on its way.
fn packed(path: &str) -> usize {
    let brotli = asset(path).compressed.iter().find(|body| body.coding == Coding::Brotli);
    brotli.map_or(asset(path).identity.body.len(), |body| body.body.len())
}

#[test]
fn a_first_visit_costs_little() {
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

/// What the service worker keeps: the paths, and the hashes of what is there.
fn kept() -> Vec<(&'static str, &'static str)> {
    let worker = text(asset("/service-worker.js"));
    let shell = worker.lines().find(|line| line.starts_with("const SHELL = ")).unwrap();
    assert!(shell.contains(&format!("release: {RELEASE:?}")), "{shell}");
    let files = shell.split_once("files: {").unwrap().1.split('}').next().unwrap();
    let files = files.split(", ").map(|file| file.split_once(": ").unwrap());
    files
        .map(|(path, hash)| (path.trim_matches('"'), hash.trim_matches('"')))
        .collect()
}

#[test]
fn the_worker_keeps_what_pages_are_made_of_and_little_in_all() {
    let kept = kept();
    for asset in ASSETS {
        let is_other = [".webmanifest", ".png", "/service-worker.js", "/problems"]
            .iter()
            .any(|ending| asset.path.ends_with(ending));
        let hash = kept.iter().find(|(path, _)| *path == asset.path).map(|(_, hash)| *hash);
        assert_eq!(hash.is_none(), is_other, "{}", asset.path);
        assert!(
            hash.is_none_or(|hash| asset.identity.etag.contains(hash)),
            "{}",
            asset.path
        );
    }
    let sum = kept.iter().map(|(path, _)| packed(path)).sum::<usize>() + packed("/service-worker.js");
    println!("all that the worker keeps: {sum} bytes in brotli");
    assert!(sum <= SHELL_MAX, "{sum} bytes");
}

#[test]
fn the_worker_knows_the_apps_own_paths() {
    let worker = text(asset("/service-worker.js"));
    assert!(worker.contains(&format!("routes: {ROUTES:?} }};")));
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
    let words = ["", "late/"].map(|part| text(asset(&format!("/locales/{part}{language}.js"))));
    let keys = words.iter().flat_map(|words| words.split("\"problem.").skip(1));
    keys.filter_map(|rest| rest.split('"').next()).collect()
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
