//! What other programs have exported, and archives as they should not be.

use std::{fs, path::PathBuf};

use crate::support::{
    TestApp, run,
    transfer::{LINES, ZIP, counts, export, import, import_in},
    zips::{Packing, zip},
};
use http::StatusCode;
use serde_json::{Value, json};

fn corpus(path: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/corpora/import");
    fs::read(folder.join(path)).unwrap()
}

const PACKINGS: [Packing; 5] = [
    Packing::Stored,
    Packing::Deflated,
    Packing::Streamed,
    Packing::StreamedPlain,
    Packing::StreamedWide,
];

/// The memos of somebody, oldest first.
async fn memos(app: &TestApp, user: &str) -> Vec<Value> {
    let mut memos = app.memos(user, "state=all").await;
    memos.reverse();
    memos
}

#[test]
fn a_takeout_of_google_keep_becomes_memos() {
    run(async {
        let (trip, map, picture) = (
            corpus("keep/Trip.json"),
            corpus("keep/2020-02-29T07_53_19.json"),
            corpus("keep/Picture.json"),
        );
        let jpeg = vec![0xff; 3 * 1024 * 1024];
        let entries: [(&str, &[u8]); 8] = [
            ("Takeout/archive_browser.html", b"<html>"),
            ("Takeout/Keep/", b""),
            ("Takeout/Keep/Trip.json", &trip),
            ("Takeout/Keep/Trip.html", b"<html>passport"),
            ("Takeout/Keep/17ab.jpg", &jpeg),
            ("Takeout/Keep/2020-02-29T07_53_19.json", &map),
            ("Takeout/Keep/Labels.txt", b"travel plans\n"),
            ("Takeout/Keep/Picture.json", &picture),
        ];
        for packing in PACKINGS {
            let app = TestApp::new();
            let answer = import(&app, "ann", ZIP, &zip(&entries, packing)).await;
            assert_eq!(
                (&answer["created"], &answer["failed"][0]["name"]),
                (&json!(2), &json!("Takeout/Keep/Picture.json")),
                "{packing:?} {answer}"
            );
            let memos = memos(&app, "ann").await;
            assert_eq!(
                memos[0]["text"],
                "# Trip\n\n- [x] passport\n- [ ] 우산\n\n#travel-plans #여행"
            );
            assert_eq!(memos[0]["tags"], json!(["travel-plans", "여행"]));
            assert_eq!(
                (&memos[0]["pinned"], &memos[0]["created_at"], &memos[0]["updated_at"]),
                (
                    &json!(true),
                    &json!("2020-01-01T00:00:00.123Z"),
                    &json!("2025-01-22T02:29:28.456Z")
                )
            );
            assert_eq!(memos[1]["text"], "See the map 🗺️\nand call\n\nhttps://map.example/");
            assert!(memos[1]["trashed_at"].is_string() && memos[1]["archived"] == true);
            app.pass_secs(100);
            let again = import(&app, "ann", ZIP, &zip(&entries, packing)).await;
            assert_eq!(
                (&again["created"], &again["skipped"]),
                (&json!(0), &json!(2)),
                "also what went to the trash"
            );
        }
    });
}

#[test]
fn memos_of_usememos_come_one_by_one_or_in_pages() {
    run(async {
        let app = TestApp::new();
        let file = corpus("usememos.ndjson");
        assert_eq!(counts(&import(&app, "ann", LINES, &file).await), (4, 0));
        assert_eq!(counts(&import(&app, "ann", LINES, &file).await), (0, 4));
        let memos = memos(&app, "ann").await;
        let shown = |memo: &Value| {
            (
                memo["text"].as_str().unwrap().to_owned(),
                memo["archived"].clone(),
                memo["pinned"].clone(),
                memo["created_at"].as_str().unwrap().to_owned(),
                memo["updated_at"].as_str().unwrap().to_owned(),
            )
        };
        assert_eq!(
            shown(&memos[0]),
            (
                "Hello #usememos\n\n- [ ] one".to_owned(),
                json!(false),
                json!(true),
                "2024-05-01T10:00:00.000Z".to_owned(),
                "2024-05-02T11:30:00.500Z".to_owned()
            )
        );
        assert_eq!(
            shown(&memos[1]),
            (
                "from an older version".to_owned(),
                json!(true),
                json!(false),
                "2023-07-22T04:26:40.000Z".to_owned(),
                "2023-07-22T04:28:20.000Z".to_owned()
            )
        );
        assert_eq!(
            (&memos[2]["text"], &memos[3]["archived"]),
            (&json!("the first of a page"), &json!(true))
        );
        let page = format!("{{\"memos\":[{}]}}", ["{\"content\":\"x\"}"; 1_001].join(","));
        let answer = import(&app, "bob", LINES, page.as_bytes()).await;
        assert_eq!(
            (&answer["created"], &answer["failed"][0]["line"]),
            (&json!(0), &json!(1))
        );
    });
}

#[test]
fn a_folder_of_markdown_becomes_memos() {
    run(async {
        let (meeting, plain, marked) = (
            corpus("folder/meeting.md"),
            corpus("folder/sub/plain note.MD"),
            corpus("folder/bom.markdown"),
        );
        let entries: [(&str, &[u8]); 8] = [
            ("folder/meeting.md", &meeting),
            ("folder/sub/plain note.MD", &plain),
            ("folder/bom.markdown", &marked),
            ("__MACOSX/folder/._meeting.md", b"\0\x05\x16\x07"),
            ("folder/.obsidian/app.json", b"{}"),
            ("folder/.hidden.md", b"hidden"),
            ("folder/picture.png", b"\x89PNG"),
            ("folder/empty.md", b""),
        ];
        for packing in PACKINGS {
            let app = TestApp::new();
            let answer = import(&app, "ann", ZIP, &zip(&entries, packing)).await;
            assert_eq!(
                (&answer["created"], answer["failed"].as_array().unwrap().len()),
                (&json!(3), 1),
                "{packing:?} {answer}"
            );
            assert_eq!(answer["failed"][0]["name"], "folder/empty.md");
            let memos = memos(&app, "ann").await;
            assert_eq!(memos[0]["text"].as_str().unwrap().as_bytes(), meeting);
            assert_eq!(
                (&memos[0]["created_at"], &memos[0]["updated_at"]),
                (&json!("2021-05-01T16:40:00.000Z"), &json!("2021-05-02T16:40:00.000Z"))
            );
            assert_eq!(memos[1]["text"].as_str().unwrap().as_bytes(), plain);
            assert_eq!(
                memos[1]["created_at"], "2019-08-07T06:04:02.000Z",
                "when the file was changed"
            );
            assert_eq!(memos[2]["text"], "# With a byte order mark\n");
        }
    });
}

#[test]
fn names_lead_nowhere_and_need_not_differ() {
    run(async {
        let app = TestApp::new();
        let entries: [(&str, &[u8]); 5] = [
            ("../../../etc/cron.md", b"one"),
            ("/etc/passwd.md", b"two"),
            ("C:\\windows\\x.md", b"three"),
            ("same.md", b"four"),
            ("same.md", b"five"),
        ];
        assert_eq!(
            counts(&import(&app, "ann", ZIP, &zip(&entries, Packing::Deflated)).await),
            (5, 0)
        );
        let name = format!("{}.md", "가".repeat(10_000));
        let answer = import(&app, "bob", ZIP, &zip(&[(&name, b" ")], Packing::Stored)).await;
        assert_eq!(answer["failed"][0]["name"], "가".repeat(200));
    });
}

#[test]
fn what_unpacks_to_more_than_is_read_is_one_failure_and_too_much_of_it_is_refused() {
    run(async {
        let app = TestApp::new();
        let bomb = vec![b'x'; 64 * 1024 * 1024];
        let entries: [(&str, &[u8]); 4] = [
            ("a.md", b"before"),
            ("bomb.md", &bomb),
            ("bomb.png", &bomb),
            ("b.md", b"after"),
        ];
        for packing in [Packing::Deflated, Packing::Streamed] {
            let answer = import(&app, &format!("{packing:?}"), ZIP, &zip(&entries, packing)).await;
            assert_eq!(
                (&answer["created"], &answer["failed"][0]["name"]),
                (&json!(2), &json!("bomb.md")),
                "{answer}"
            );
            assert_eq!(answer["failed"].as_array().unwrap().len(), 1);
        }
        let mut many: Vec<(&str, &[u8])> = vec![("a.md", b"before")];
        many.extend((0..17).map(|_| ("bomb.md", bomb.as_slice())));
        let answer = import_in(&app, "ann", ZIP, &zip(&many, Packing::Streamed), 65_536).await;
        assert_eq!(
            (answer.status, &answer.body["created"]),
            (StatusCode::PAYLOAD_TOO_LARGE, &json!(1))
        );
    });
}

#[test]
fn an_archive_that_is_cut_off_or_damaged_is_told() {
    run(async {
        let app = TestApp::new();
        let long = "a longer text that can be packed, packed, packed, packed. ".repeat(20);
        let entries: [(&str, &[u8]); 3] = [("1.md", b"one"), ("2.md", long.as_bytes()), ("3.md", b"three")];
        for packing in PACKINGS {
            let whole = zip(&entries, packing);
            let end = whole.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
            for cut in 0..whole.len() {
                let answer = import_in(&app, &format!("{packing:?}{cut}"), ZIP, &whole[..cut], 1_000).await;
                if answer.status == StatusCode::OK {
                    let is_told = !answer.body["failed"].as_array().unwrap().is_empty();
                    // What follows an entry's data is waited for in its longest form.
                    let may_wait = packing != Packing::Stored && packing != Packing::Deflated && cut < end + 12;
                    assert!(
                        is_told == (cut < end + 4) || (is_told && may_wait),
                        "{packing:?} at {cut} of {end}: {answer:?}"
                    );
                } else {
                    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
                    assert!(cut < 35, "{packing:?} at {cut}: {answer:?}");
                }
            }
            // One byte is another one: nothing is told to be a memo that was not there.
            let texts = ["one", long.as_str(), "three"];
            for at in 0..end {
                let mut damaged = whole.clone();
                damaged[at] ^= 0x55;
                let user = format!("{packing:?}d{at}");
                let answer = import_in(&app, &user, ZIP, &damaged, 1_000).await;
                assert!(matches!(answer.status.as_u16(), 200 | 422), "{answer:?}");
                for memo in memos(&app, &user).await {
                    assert!(
                        texts.contains(&memo["text"].as_str().unwrap()),
                        "{packing:?} at {at}: {memo}"
                    );
                }
            }
        }
    });
}

#[test]
fn what_is_no_archive_is_refused() {
    run(async {
        let app = TestApp::new();
        for no in [
            &b""[..],
            b"P",
            b"{\"text\":\"x\"}",
            b"\x1f\x8b\x08",
            b"PK\x03\x05rest of it that is long enough",
        ] {
            let answer = import_in(&app, "ann", ZIP, no, 10).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{no:?}");
        }
        assert_eq!(
            counts(&import(&app, "ann", ZIP, &zip(&[], Packing::Stored)).await),
            (0, 0)
        );
        let mut encrypted = zip(&[("secret.md", b"secret"), ("open.md", b"open")], Packing::Deflated);
        encrypted[6] |= 1;
        let answer = import(&app, "ann", ZIP, &encrypted).await;
        assert_eq!(
            (&answer["created"], &answer["failed"][0]["name"]),
            (&json!(1), &json!("secret.md"))
        );
        let mut packed = zip(
            &[("packed.md", b"packed"), ("open too.md", b"open too")],
            Packing::Stored,
        );
        packed[8] = 93;
        let answer = import(&app, "ann", ZIP, &packed).await;
        assert_eq!(
            (&answer["created"], &answer["failed"][0]["name"]),
            (&json!(1), &json!("packed.md"))
        );
    });
}

#[test]
fn an_archive_may_have_more_entries_than_its_old_form_counts() {
    run(async {
        let app = TestApp::new();
        for number in 0..70 {
            app.write("ann", &format!("memo {number}")).await;
        }
        let archive = export(&app, "ann", "?format=markdown").await;
        assert_eq!(&archive[archive.len() - 22..archive.len() - 18], b"PK\x05\x06");
        assert_eq!(archive[archive.len() - 12], 70);
    });
}
