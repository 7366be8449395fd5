//! A command that waits for input nobody can give is told of while it waits.

use crate::rig::{PATIENCE, Rig};
use d1_core::{Output, Stop, StopMode, Stream};
use d1_executor::{Asked, Confinement, Fence, How, run_confined};
use std::time::Duration;
use tokio::sync::mpsc;

/// Runs a shell line until we are told that it waits, and ends it then.
async fn until_it_waits(line: &str) -> (String, Confinement) {
    let (rig, stop) = (Rig::new(), Stop::new());
    let (to, mut from) = mpsc::channel::<Output>(16);
    let fence = Fence { grace: Duration::ZERO, ..Fence::within(PATIENCE) };
    let grant = rig.grant(&["sh", "-c", line]);
    let run = run_confined(&rig.sandbox, &grant, fence, &to, &stop);
    let listen = async {
        loop {
            let output = from.recv().await.unwrap();
            if output.stream == Stream::Note {
                stop.ask(StopMode::Kill);
                break String::from_utf8(output.bytes).unwrap();
            }
        }
    };
    let (ended, note) = tokio::join!(run, listen);
    (note, ended.unwrap())
}

#[tokio::test]
async fn who_reads_a_pipe_that_nobody_writes_to_is_told_with_its_last_line() {
    let (note, ended) =
        until_it_waits("mkfifo /tmp/door; printf 'Name? '; exec cat /tmp/door").await;
    assert_eq!(note, "`cat` waits for input after `Name?`, and there is none here");
    assert_eq!(ended.report.how, How::Killed, "until then it ran");
    let asked = ended.asked.unwrap();
    assert_eq!((asked.waited, asked.program.as_deref()), (true, Some("cat")));
}

#[tokio::test]
async fn who_stands_still_after_a_question_is_told_with_how_it_does_not_ask() {
    // It stops in a call that says nothing of what it waits for.
    let line = "printf 'git wants a password: ' >&2; exec perl -e 'select(undef, undef, undef, undef)' git";
    let (note, ended) = until_it_waits(line).await;
    assert!(note.starts_with("`perl` waits for input after `git wants a password:`"), "{note}");
    assert!(ended.asked.unwrap().instead.unwrap().starts_with("GIT_TERMINAL_PROMPT=0"));
}

#[tokio::test]
async fn who_finds_its_input_empty_and_fails_is_told_what_it_asked() {
    let rig = Rig::new();
    let line = "printf 'Do you want to continue? [Y/n] '; read answer || { echo Abort.; exit 1; }";
    let ended = rig.run(&rig.grant(&["sh", "-c", line, "apt-get"])).await.unwrap();
    let Asked { question, waited, instead, .. } = ended.asked.unwrap();
    assert_eq!((question.as_str(), waited), ("Do you want to continue? [Y/n] Abort.", false));
    assert!(instead.unwrap().starts_with("apt-get -y"));
    // The same words of one who went on well are nobody's trouble.
    let ended = rig.run(&rig.grant(&["sh", "-c", "printf 'Sure? [Y/n] '"])).await.unwrap();
    assert_eq!(ended.asked, None);
}
