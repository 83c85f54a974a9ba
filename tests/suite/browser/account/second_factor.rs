//! The second factor, by keyboard alone.

use totp_rs::Totp;

use super::{ENTER, account, is_wrong, tab_to};
use crate::auth::second_factor::{code, turn_on};
use crate::browser::open_as;
use crate::harness::{Browser, PASSWORD, Screen, TestApp};

/// The app of somebody who types the secret that the page shows.
pub async fn app_with_secret(browser: &Browser, username: &str) -> Totp {
    let shown = browser.text("[data-testid=secret]").await;
    let groups: Vec<&str> = shown.split(' ').collect();
    assert!(
        groups.len() == 8 && groups.iter().all(|group| group.len() == 4),
        "{shown}"
    );
    let uri = browser.run("return document.querySelector('a.open').href").await;
    let uri = uri.as_str().expect("an address").to_owned();
    assert!(uri.contains(&groups.concat()) && uri.contains(username), "{uri}");
    Totp::from_url(uri).expect("an address that apps can read")
}

#[tokio::test]
async fn it_is_turned_on_used_and_turned_off_by_keyboard_alone() {
    let app = TestApp::shared();
    let user = app.user("by-keyboard").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, "/account/second-factor").await;
    browser.sees("[data-testid=begin-second-factor]").await;
    tab_to(&browser, "[data-testid=begin-second-factor]").await;
    browser.press(ENTER).await;
    browser.focus_is_on(".second-factor h2").await;
    let authenticator = app_with_secret(&browser, &user.username).await;
    is_a_qr_code(&browser).await;
    tab_to(&browser, "#code").await;
    browser.press("000000").await;
    browser.press(ENTER).await;
    is_wrong(&browser, "code", "not right").await;
    browser.press(&code(&authenticator, 0)).await;
    browser.press(ENTER).await;
    browser.tells("is on").await;
    browser.sees("[data-testid=act]").await;
    assert_eq!(account(&user).await["second_factor"], true);

    browser.focus_is_on("h1").await;
    tab_to(&browser, "#password").await;
    browser.press("not the password").await;
    tab_to(&browser, "#code").await;
    browser.press("000000").await;
    browser.press(ENTER).await;
    is_wrong(&browser, "password", "not your password").await;
    browser.press(PASSWORD).await; // In place of the wrong one, which is selected.
    tab_to(&browser, "#code").await;
    browser.press(ENTER).await;
    is_wrong(&browser, "code", "").await;
    browser.run("document.querySelector('#code').select()").await;
    browser.press(&code(&authenticator, 1)).await;
    browser.press(ENTER).await;
    browser.tells("is off").await;
    browser.sees("[data-testid=begin-second-factor]").await;
    assert_eq!(account(&user).await["second_factor"], false);
    browser.close().await;
}

/// There is a picture with the three large squares of a QR code, dark on light, and within it nothing but dark squares.
async fn is_a_qr_code(browser: &Browser) {
    let script = "
        const svg = document.querySelector('[data-testid=qr] svg');
        const size = Number(svg.getAttribute('viewBox').split(' ')[2]);
        const dark = new Set([...svg.querySelector('path').getAttribute('d').matchAll(/M(\\d+) (\\d+)h1v1h-1z/g)].map(([, x, y]) => `${x} ${y}`));
        const corner = (left, top) => [...Array(49).keys()].every((place) => {
            const [x, y] = [place % 7, Math.floor(place / 7)];
            const ring = Math.max(Math.abs(x - 3), Math.abs(y - 3));
            return dark.has(`${left + x} ${top + y}`) === (ring !== 2);
        });
        return svg.checkVisibility() && svg.getBoundingClientRect().width > 150
            && getComputedStyle(svg).fill === 'rgb(0, 0, 0)' && getComputedStyle(svg.parentElement).backgroundColor === 'rgb(255, 255, 255)'
            && corner(4, 4) && corner(size - 11, 4) && corner(4, size - 11) && !corner(size - 11, size - 11)";
    browser.until_true("a QR code is to be seen", script).await;
}

/// On the other device the second factor was turned on while this one was about to.
#[tokio::test]
async fn a_second_factor_that_is_on_meanwhile_is_shown() {
    let app = TestApp::shared();
    let user = app.user("twice-on").await;
    let Some(browser) = open_as(&user, &app, Screen::Phone).await else {
        return;
    };
    browser.go(&app, "/account/second-factor").await;
    browser.sees("[data-testid=begin-second-factor]").await;
    turn_on(&user).await;
    browser.click("[data-testid=begin-second-factor]").await;
    browser.sees("[data-testid=act]").await;
    browser.close().await;
}

#[tokio::test]
async fn a_form_from_before_it_was_on_asks_for_the_code_when_the_service_does() {
    let app = TestApp::shared();
    let user = app.user("late-code").await;
    let Some(browser) = open_as(&user, &app, Screen::Desktop).await else {
        return;
    };
    browser.go(&app, "/account/recovery-codes").await;
    browser.fill("#password", PASSWORD).await;
    let is_asked = "return document.querySelector('#code').checkVisibility()";
    assert_eq!(browser.run(is_asked).await, false);
    let authenticator = turn_on(&user).await;
    browser.click("[data-testid=act]").await;
    is_wrong(&browser, "code", "Please enter the code").await;
    browser.press(&code(&authenticator, 1)).await;
    browser.press(ENTER).await;
    browser.sees("[data-testid=codes-kept]").await;
    browser.close().await;
}
