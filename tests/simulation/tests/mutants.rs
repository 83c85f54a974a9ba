//! The simulator notices what it is there to notice: with one part of the protocol without effect it finds a broken
//! promise, and soon.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use simulation::{
    accounts::{self, Kind},
    deletions,
    explore::{History, explore, replay},
    factors, history, imports,
    mutant::Mutant,
    plan::Conditions,
    programs, sessions, shares,
    stage::{Stage, Violation},
};

/// How many histories it may take.
const SOON: u64 = 20_000;

/// How it shows that two won.
const TWO_WON: &[&str] = &[
    "two winners",
    "removed twice",
    "came back",
    "who was refused",
    "acknowledged",
];

/// How it shows that an earlier text is not there any more.
const LOST_TEXT: &[&str] = &["lost its text", "is lost"];

/// How it shows that the feed left something out.
const UNTOLD: &[&str] = &["the feed does not tell", "and is told"];

/// How it shows that something was not removed.
const STAYS: &[&str] = &["and still there", "is still there"];

/// Looks for a history that breaks a promise in one of these words.
fn finds(what: impl std::fmt::Debug, words: &[&str], history: impl History) {
    finds_within(SOON, what, words, history);
}

/// The same in so many histories.
fn finds_within(count: u64, what: impl std::fmt::Debug, words: &[&str], history: impl History) {
    let history = |stage: &mut Stage, seed| match history(stage, seed) {
        Err(Violation(said)) if !words.iter().any(|words| said.contains(words)) => Ok(()),
        result => result,
    };
    let finding = match explore(count, history) {
        Ok(tally) => panic!("{what:?} goes unnoticed in {count} histories: {tally:?}"),
        Err(finding) => finding,
    };
    eprintln!("{what:?}: history {}: {}", finding.seed, finding.violation.0);
    let (trace, result) = replay(finding.seed, history);
    assert_eq!(result, Err(finding.violation), "the history does not replay:\n{trace}");
    assert!(!trace.is_empty(), "the history tells nothing");
}

/// Looks for a history of memos in which `mutant` breaks a promise.
fn mutant(mutant: Mutant, words: &[&str]) {
    let conditions = Conditions::with(mutant);
    finds(mutant, words, |stage, seed| history::run(stage, seed, &conditions));
}

#[test]
fn a_claim_without_the_increment_lets_two_win() {
    mutant(Mutant::EverybodyIsFirst, TWO_WON);
}

#[test]
fn a_claim_without_the_windows_beside_it_lets_two_win() {
    mutant(Mutant::NeighboursUnseen, TWO_WON);
}

#[test]
fn a_claim_without_the_second_read_lets_two_win() {
    mutant(Mutant::NoSecondRead, TWO_WON);
}

#[test]
fn a_claim_without_an_age_lets_two_win() {
    mutant(
        Mutant::NoFreshness,
        &[TWO_WON, &["is not listed", "two memos"]].concat(),
    );
}

#[test]
fn an_idempotency_key_without_a_claim_makes_two_memos() {
    mutant(Mutant::Unclaimed("/idem/"), &["made two memos"]);
}

#[test]
fn a_listing_that_takes_every_hole_for_settled_loses_memos() {
    mutant(Mutant::NothingIsUnsettled, &["is not listed"]);
}

#[test]
fn a_history_that_is_not_written_loses_texts() {
    mutant(Mutant::Unwritten("/history"), LOST_TEXT);
}

#[test]
fn a_history_that_is_written_after_the_memo_loses_texts() {
    mutant(Mutant::WrittenLast("/history"), LOST_TEXT);
}

#[test]
fn a_history_whose_writer_does_not_look_at_its_age_loses_texts() {
    mutant(Mutant::NoFreshness, LOST_TEXT);
}

#[test]
fn news_that_are_not_written_are_not_told() {
    mutant(Mutant::Unwritten("/change/"), UNTOLD);
}

#[test]
fn news_that_are_written_after_the_memo_are_lost_in_a_crash() {
    mutant(Mutant::WrittenLast("/change/"), UNTOLD);
}

#[test]
fn a_follower_who_takes_all_that_is_open_for_settled_misses_news() {
    mutant(Mutant::FeedIsSettled, UNTOLD);
}

#[test]
fn a_follower_who_forgets_what_is_open_misses_news() {
    mutant(Mutant::OpenIsForgotten, UNTOLD);
}

#[test]
fn tags_that_believe_to_have_seen_more_than_they_have_are_wrong() {
    mutant(Mutant::OverviewAhead, &["and is told"]);
}

#[test]
fn an_overview_that_believes_to_have_seen_more_than_it_has_leaves_memos_out_of_lists() {
    mutant(Mutant::OverviewAhead, &["is not listed"]);
}

#[test]
fn a_signature_of_another_version_leaves_memos_out_of_searches() {
    mutant(Mutant::SignedAhead, &["is not listed"]);
}

#[test]
fn a_memo_that_does_not_get_into_the_trash_is_noticed() {
    mutant(Mutant::TrashUnwritten, &["an acknowledged deletion"]);
}

#[test]
fn a_batch_that_does_not_do_what_it_says_is_noticed() {
    mutant(
        Mutant::BatchUnwritten,
        &["acknowledged", "is not the one that was sent"],
    );
}

#[test]
fn quotas_without_their_counters_allow_too_much() {
    mutant(Mutant::QuotaUnseen, &["more than allowed"]);
}

#[test]
fn quotas_that_get_nothing_back_count_too_much() {
    mutant(Mutant::NothingIsGivenBack, &["too many"]);
}

#[test]
fn quotas_that_get_back_too_much_count_too_little() {
    mutant(Mutant::GivenBackTwice, &["are counted"]);
}

#[test]
fn what_is_on_no_list_stays() {
    mutant(Mutant::Unwritten("memo/due/2"), STAYS);
}

#[test]
fn what_maintenance_does_not_find_stays() {
    mutant(Mutant::NothingIsDue, STAYS);
}

#[test]
fn maintenance_by_a_clock_that_is_ahead_removes_too_much() {
    mutant(Mutant::SweepsAhead(31), &["was done by nobody"]);
    mutant(Mutant::SweepsAhead(9), &["was forgotten too early"]);
}

#[test]
fn a_name_without_a_claim_gets_two_users() {
    let conditions = Conditions::with(Mutant::Unclaimed("auth/name/"));
    finds("a name without a claim", &["given to two users"], |stage, seed| {
        accounts::run(stage, seed, Kind::Names, &conditions)
    });
}

#[test]
fn a_user_without_a_claim_loses_what_another_wrote() {
    let conditions = Conditions::with(Mutant::Unclaimed("auth/user/"));
    finds("a user without a claim", &["two winners"], |stage, seed| {
        accounts::run(stage, seed, Kind::SignIns, &conditions)
    });
}

#[test]
fn a_throttle_that_does_not_count_lets_guesses_through() {
    let conditions = Conditions::with(Mutant::TriesUncounted);
    finds("tries that nobody counts", &["too many guesses"], |stage, seed| {
        accounts::run(stage, seed, Kind::SignIns, &conditions)
    });
}

#[test]
fn a_signing_key_without_a_claim_is_not_the_only_one() {
    let conditions = Conditions::with(Mutant::Unclaimed("auth/key/"));
    finds("a key without a claim", &["two winners"], |stage, seed| {
        accounts::run(stage, seed, Kind::Keys, &conditions)
    });
}

#[test]
fn a_session_without_a_claim_goes_on_by_two_ways() {
    let conditions = Conditions::with(Mutant::Unclaimed("auth/session/"));
    finds(
        "a session without a claim",
        &["two winners", "came back"],
        |stage, seed| accounts::run(stage, seed, Kind::Sessions, &conditions),
    );
}

/// Looks for a history of sessions in which `mutant` breaks a promise.
fn mutant_of_sessions(mutant: Mutant, words: &[&str]) {
    let conditions = Conditions::with(mutant);
    finds(mutant, words, |stage, seed| sessions::run(stage, seed, &conditions));
}

#[test]
fn a_user_whose_record_nobody_heeds_keeps_sessions_that_were_ended() {
    mutant_of_sessions(
        Mutant::UserUnheeded,
        &[
            "goes on that was ended",
            "that was ended is taken",
            "is listed and was ended",
        ],
    );
}

#[test]
fn a_session_whose_record_stays_outlives_its_end() {
    mutant_of_sessions(Mutant::SessionsStay, &["outlives its end"]);
}

#[test]
fn ends_that_are_not_written_are_not_told() {
    mutant_of_sessions(Mutant::Unwritten("auth/revoked/"), &["is not told"]);
}

#[test]
fn sessions_on_no_list_are_neither_shown_nor_told() {
    mutant_of_sessions(Mutant::Unwritten("/sessions"), &["is not listed"]);
    mutant_of_sessions(Mutant::Unwritten("/sessions"), &["is not told"]);
}

#[test]
fn a_list_of_sessions_without_a_claim_loses_some() {
    mutant_of_sessions(Mutant::Unclaimed("/sessions/"), &["two winners"]);
}

/// Looks for a history of codes in which `mutant` breaks a promise.
fn mutant_of_factors(mutant: Mutant, words: &[&str]) {
    let conditions = Conditions::with(mutant);
    finds(mutant, words, |stage, seed| factors::run(stage, seed, &conditions));
}

#[test]
fn a_second_factor_that_forgets_its_codes_takes_one_twice() {
    mutant_of_factors(Mutant::CodesUsedUnseen, &["one code was good twice"]);
}

#[test]
fn recovery_codes_that_come_back_are_good_twice() {
    mutant_of_factors(Mutant::SpentCodesReturn, &["one recovery code was good twice"]);
}

#[test]
fn a_passkey_that_forgets_its_uses_takes_one_answer_twice() {
    mutant_of_factors(Mutant::PasskeyUsesUnseen, &["one answer of a passkey was good twice"]);
}

#[test]
fn a_passkey_that_forgets_its_uses_is_a_second_factor_twice() {
    mutant_of_factors(
        Mutant::PasskeyUsesUnseen,
        &["one answer beside the password was good twice"],
    );
}

#[test]
fn a_passkey_of_another_account_is_no_second_factor() {
    mutant_of_factors(Mutant::PasskeysMixedUp, &["the passkey of another account was taken"]);
}

#[test]
fn a_passkey_that_a_recovery_leaves_opens_the_account() {
    mutant_of_factors(Mutant::PasskeysReturn, &["a passkey outlived a recovery"]);
}

#[test]
fn a_personal_token_that_comes_back_outlives_its_end() {
    mutant_of_factors(Mutant::TokensReturn, &["a personal token outlived its end"]);
}

#[test]
fn a_user_without_a_claim_is_changed_by_two_codes_at_once() {
    mutant_of_factors(Mutant::Unclaimed("auth/user/"), &["two winners"]);
}

/// Looks for a history of a program in which `mutant` breaks a promise.
fn mutant_of_programs(mutant: Mutant, words: &[&str]) {
    let conditions = Conditions::with(mutant);
    finds(mutant, words, |stage, seed| programs::run(stage, seed, &conditions));
}

#[test]
fn codes_that_are_not_used_up_are_good_twice() {
    mutant_of_programs(Mutant::UsedCodesReturn, &["one code was good twice"]);
}

#[test]
fn a_session_without_a_claim_is_begun_by_two_who_use_a_code_at_once() {
    mutant_of_programs(Mutant::Unclaimed("auth/session/"), &["two winners"]);
}

#[test]
fn a_session_that_stays_goes_on_after_its_code_was_used_again() {
    mutant_of_programs(Mutant::SessionsStay, &["goes on whose code was used again"]);
}

#[test]
fn a_program_whose_sessions_are_on_no_list_can_not_be_disconnected() {
    mutant_of_programs(Mutant::Unwritten("/sessions"), &["that is connected is not found"]);
}

/// Looks for a history of a deletion in which `mutant` breaks a promise.
fn mutant_of_deletions(mutant: Mutant, words: &[&str]) {
    let conditions = Conditions::with(mutant);
    finds(mutant, words, |stage, seed| deletions::run(stage, seed, &conditions));
}

#[test]
fn a_counter_that_is_not_closed_lets_memos_into_an_account_that_is_gone() {
    mutant_of_deletions(
        Mutant::NothingIsClosed,
        &["a memo is created in an account that is gone"],
    );
}

// The days of these histories begin with a 2.

#[test]
fn a_deletion_that_nobody_is_told_to_finish_stays_half_done() {
    mutant_of_deletions(Mutant::Unwritten("auth/due/2"), &["is still in"]);
}

#[test]
fn an_erasure_that_nobody_comes_back_for_leaves_something() {
    mutant_of_deletions(Mutant::Unwritten("memo/due/2"), &["is still in"]);
}

#[test]
fn sessions_that_are_never_removed_outlive_their_account() {
    mutant_of_deletions(Mutant::SessionsStay, &["is still in"]);
}

fn mutant_of_shares(mutant: Mutant, words: &[&str]) {
    let conditions = Conditions::with(mutant);
    finds(mutant, words, |stage, seed| shares::run(stage, seed, &conditions));
}

#[test]
fn a_link_whose_end_is_not_written_outlives_it() {
    mutant_of_shares(Mutant::LinksStay, &["is open that was ended"]);
}

#[test]
fn a_link_that_does_not_ask_for_the_trash_shows_what_is_in_it() {
    mutant_of_shares(Mutant::TrashIsOpen, &["shows what the memo was not"]);
}

#[test]
fn links_without_a_claim_lose_each_other() {
    mutant_of_shares(Mutant::Unclaimed("/shares"), &["opens nothing", "not there any more"]);
}

#[test]
fn links_that_are_swept_too_early_open_nothing() {
    mutant_of_shares(Mutant::SweepsAhead(3), &["opens nothing"]);
}

#[test]
fn links_that_are_not_enlisted_stay() {
    mutant_of_shares(Mutant::Unwritten("memo/due/2"), &["is still there"]);
}

// What a lease rests on is needed: beyond it, promises break.

#[test]
fn clocks_that_are_a_window_apart_let_two_win() {
    let conditions = Conditions {
        skew_max: 40_000,
        ..Conditions::normal()
    };
    finds("clocks far apart", TWO_WON, |stage, seed| {
        history::run(stage, seed, &conditions)
    });
}

#[test]
fn writers_that_sleep_for_a_minute_let_two_win() {
    let conditions = Conditions {
        sleep_max: Duration::from_secs(60),
        ..Conditions::normal()
    };
    // Nothing is taken away from the protocol here: two have to sleep at the right moments.
    finds_within(
        25 * SOON,
        "sleeping writers",
        &[TWO_WON, LOST_TEXT, UNTOLD, &["is not listed", "two memos"]].concat(),
        |stage, seed| history::run(stage, seed, &conditions),
    );
}

#[test]
fn imports_without_a_claim_on_their_lease_make_memos_twice() {
    let conditions = Conditions::with(Mutant::Unclaimed("/import/"));
    finds("imports without a claim", &["imported are"], |stage, seed| {
        imports::run(stage, seed, &conditions)
    });
}

#[test]
fn imports_without_a_lease_make_memos_twice() {
    let conditions = Conditions::with(Mutant::Unwritten("/import"));
    finds("imports without a lease", &["imported are"], |stage, seed| {
        imports::run(stage, seed, &conditions)
    });
}
