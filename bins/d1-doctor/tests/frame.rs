//! The progress block, compared as text, in full.

mod support;

use d1_core::{Outcome, ProgressEvent, StopMode};
use d1_doctor::ui::{
    Glyphs,
    frame::{MAX_WIDTH, frame},
    model::Model,
};
use proptest::prelude::*;
use support::{ended, id, model, numbered, plan, second, started, wrote};
use unicode_width::UnicodeWidthStr as _;

const STEPS: [&str; 3] =
    ["refresh the apt package index", "install docker.io with apt", "see that it works"];

fn shown(model: &Model, now: u64, size: (usize, usize)) -> String {
    frame(model, second(now), size, &Glyphs::ASCII).join("\n")
}

fn running() -> Model {
    model(
        &STEPS,
        &[
            ProgressEvent::Approved,
            started(0),
            ended(0, Outcome::Succeeded),
            started(1),
            wrote(1, "Preparing to unpack\nUnpacking docker.io (20.10.24) ...\nSetting up runc\n"),
        ],
    )
}

#[test]
fn a_running_setup_shows_its_steps_and_the_last_words_of_the_one_that_runs() {
    let expected = "\
install docker  2/3  0:05
  ok refresh the apt package index 1.5s
  ~ install docker.io with apt 2s
  . see that it works
    | Unpacking docker.io (20.10.24) ...
    | Setting up runc
  Ctrl-C stops after this step";
    assert_eq!(shown(&running(), 5, (80, 24)), expected);
}

#[test]
fn a_step_that_says_nothing_is_told_to_be_silent_and_nothing_moves() {
    let expected = "\
install docker  2/3  0:27
  ok refresh the apt package index 1.5s
  * install docker.io with apt 24s
  . see that it works
    | no output for 23s
  Ctrl-C stops after this step";
    assert_eq!(shown(&running(), 27, (80, 24)), expected);
}

#[test]
fn a_small_terminal_gets_one_line() {
    assert_eq!(shown(&running(), 5, (80, 5)), "~ 2/3 install docker.io with apt 2s");
    assert_eq!(shown(&running(), 5, (24, 24)), "~ 2/3 instal…th apt 2s");
}

#[test]
fn many_steps_are_shown_around_the_one_that_runs() {
    let titles: Vec<String> = (1..=40).map(|n| format!("do thing {n}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let mut news = vec![ProgressEvent::Approved];
    news.extend((0..20).map(|at| ended(at, Outcome::NoChange)));
    news.push(started(20));
    let expected = "\
install docker  21/40  0:21
  ok do thing 18 already so
  ok do thing 19 already so
  ok do thing 20 already so
  ~ do thing 21 0.0s
  . do thing 22
  . do thing 23
  +34 more
  Ctrl-C stops after this step";
    assert_eq!(shown(&model(&titles, &news), 21, (80, 24)), expected);
}

#[test]
fn stopping_and_a_lost_link_are_said() {
    let mut stopping = running();
    stopping.stopping = Some(StopMode::AfterStep);
    let last = |model: &Model| shown(model, 5, (80, 24)).lines().last().unwrap().to_owned();
    assert_eq!(last(&stopping), "  stopping after this step; Ctrl-C again: now");
    let mut lost = running();
    lost.link_lost = true;
    assert_eq!(last(&lost), "  daemon gone; the work goes on, reconnecting");
}

#[test]
fn what_failed_and_what_was_left_out_are_told_apart() {
    let news = [
        ProgressEvent::Approved,
        started(0),
        ended(0, Outcome::Failed),
        ProgressEvent::StepSkipped { step: id(1) },
        ProgressEvent::StepSkipped { step: id(2) },
    ];
    let expected = "\
install docker  3/3  0:05
  x refresh the apt package index 1.5s
  - install docker.io with apt left out
  - see that it works left out
  Ctrl-C stops after this step";
    assert_eq!(shown(&model(&STEPS, &news), 5, (80, 24)), expected);
}

fn any_event() -> impl Strategy<Value = ProgressEvent> {
    let step = 0_usize..6;
    prop_oneof![
        Just(ProgressEvent::Approved),
        Just(ProgressEvent::LinkLost),
        Just(ProgressEvent::LinkBack),
        Just(ProgressEvent::Resumed),
        Just(ProgressEvent::Stopping { mode: StopMode::Now }),
        step.clone().prop_map(started),
        (step.clone(), "\\PC{0,80}|[\\x00-\\x1f漢語\\u{202e}]{0,40}")
            .prop_map(|(at, text)| wrote(at, &text)),
        (step.clone(), proptest::sample::select(Outcome::ALL.to_vec()))
            .prop_map(|(at, outcome)| ended(at, outcome)),
        step.prop_map(|at| ProgressEvent::StepSkipped { step: id(at) }),
    ]
}

proptest! {
    #[test]
    fn no_line_is_wide_or_padded_or_has_a_control_character(
        news in prop::collection::vec(any_event(), 0..60),
        columns in 1_usize..200,
        rows in 1_usize..60,
        now in 0_u64..4000,
    ) {
        let titles = ["a", "漢字 in a name", "a very long title that goes on and on and on and on", "d", "e", "f"];
        let lines = frame(&model(&titles, &news), second(now), (columns, rows), &Glyphs::UNICODE);
        prop_assert!(lines.len() <= rows.saturating_sub(1).clamp(1, 9));
        for line in lines {
            prop_assert!(line.width() <= columns.saturating_sub(1).min(MAX_WIDTH), "{line:?}");
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }

    #[test]
    fn a_late_follower_sees_the_same_picture(
        news in prop::collection::vec(any_event(), 0..40),
        cut in 0_usize..40,
    ) {
        let titles = ["a", "b", "c", "d", "e", "f"];
        let whole = model(&titles, &news);
        let mut late = Model::of(&plan(&titles));
        let all = numbered(&news);
        let (first, rest) = all.split_at(cut.min(all.len()));
        for progress in first.iter().chain(rest) {
            late.hear(progress);
        }
        prop_assert_eq!(late, whole);
    }
}
