//! What makes the site an app: what browsers install, and what they keep.

use crate::harness::TestApp;

/// The width and height of a PNG, from its first chunk.
fn size_of(png: &[u8]) -> String {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    format!("{}x{}", number(16), number(20))
}

#[tokio::test]
async fn the_app_can_be_installed() {
    let nobody = TestApp::shared().anonymous();
    let page = nobody.get("/").await.expect(200);
    assert!(
        page.text()
            .contains("<link rel=\"manifest\" href=\"/memo.webmanifest\">")
    );
    let manifest = nobody.get("/memo.webmanifest").await.expect(200);
    let manifest: serde_json::Value = serde_json::from_str(manifest.text()).unwrap();
    for (name, value) in [
        ("id", "/"),
        ("start_url", "/"),
        ("scope", "/"),
        ("display", "standalone"),
    ] {
        assert_eq!(manifest[name], value, "{name}");
    }
    let pictures = ["icons", "screenshots"]
        .map(|list| manifest[list].as_array().unwrap().clone())
        .concat();
    for picture in &pictures {
        let answer = nobody.get(picture["src"].as_str().unwrap()).await.expect(200);
        assert_eq!(answer.header("content-type"), picture["type"]);
        if picture["type"] == "image/png" {
            assert_eq!(size_of(answer.bytes()), picture["sizes"], "{picture}");
        }
    }
    for (name, value) in [
        ("purpose", "maskable"),
        ("sizes", "192x192"),
        ("sizes", "512x512"),
        ("form_factor", "narrow"),
        ("form_factor", "wide"),
    ] {
        assert!(pictures.iter().any(|picture| picture[name] == value), "{name} {value}");
    }
    let shortcuts = manifest["shortcuts"].as_array().unwrap();
    let own = [&manifest["share_target"]["action"]]
        .into_iter()
        .chain(shortcuts.iter().map(|shortcut| &shortcut["url"]));
    for address in own {
        let same = nobody.get(address.as_str().unwrap()).await.expect(200);
        assert_eq!(same.bytes(), page.bytes(), "{address}");
    }
    assert_eq!(shortcuts.len(), 2);
}

#[tokio::test]
async fn a_release_is_kept_for_ever_and_the_worker_is_asked_for_again() {
    let nobody = TestApp::shared().anonymous();
    let page = nobody.get("/").await.expect(200);
    assert_eq!(page.header("cache-control"), "no-cache");
    let style = page.text().split_once("<link rel=\"stylesheet\" href=\"").unwrap().1;
    let style = style.split('"').next().unwrap();
    let release = style.strip_suffix("style.css").unwrap();
    assert!(release.starts_with("/release/"), "{release}");
    let kept = nobody.get(style).await.expect(200);
    assert_eq!(kept.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(nobody.get(release).await.expect(200).bytes(), page.bytes());
    let worker = nobody.get("/service-worker.js").await.expect(200);
    assert_eq!(worker.header("cache-control"), "no-cache");
    assert_eq!(worker.header("content-type"), "text/javascript; charset=utf-8");
    assert!(worker.header("content-security-policy").contains("default-src 'none'"));
    for missing in ["/release/0123456789abcdef/style.css", "/release/", "/release"] {
        assert_eq!(nobody.get(missing).await.status(), 404, "{missing}");
    }
}
