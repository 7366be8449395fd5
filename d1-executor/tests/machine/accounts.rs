//! Members of groups, with stand-ins for the system's own tools.

use crate::rig::{Rig, outcome_of};
use d1_core::{Action, GroupMember, Outcome, Presence};

/// A machine with the group `docker` and the user `maya`, kept in a file.
fn machine() -> Rig {
    let rig = Rig::new();
    rig.write("/etc/group", "docker:x:999:root\n");
    let file = rig.path("/etc/group").display().to_string();
    rig.tool(
        "getent",
        &format!(
            "case \"$1 $2\" in 'group docker') cat {file};; 'passwd maya') echo maya:x:1000:;; *) exit 2;; esac"
        ),
    );
    rig.tool(
        "gpasswd",
        &format!(
            "echo \"$@\" >> $LOG\ncase $1 in -a) sed -i \"s/$/,$2/\" {file};; -d) sed -i \"s/,$2//\" {file};; esac"
        ),
    );
    rig
}

fn member(group: &str, user: &str, member: bool) -> Action {
    let (group, user) = (group.parse().unwrap(), user.parse().unwrap());
    Action::GroupMember(GroupMember { group, user, member })
}

#[tokio::test]
async fn who_is_added_once_is_in_once_and_taken_out_again() {
    let rig = machine();
    let before = rig.tree();
    let join = member("docker", "maya", true);
    assert_eq!(rig.preview(&join).await.presence, Presence::Absent);
    let added = rig.apply(join.clone()).await;
    assert_eq!(outcome_of(&added.1), (Outcome::Succeeded, 1));
    assert_eq!(rig.read("/etc/group"), "docker:x:999:root,maya\n");
    assert_eq!(outcome_of(&rig.apply(join).await.1), (Outcome::NoChange, 0));
    assert_eq!(outcome_of(&rig.undo(&added).await), (Outcome::Succeeded, 1));
    assert_eq!(rig.tree(), before);
    assert_eq!(rig.noted(), "-a maya docker\n-d maya docker\n");
}

#[tokio::test]
async fn who_was_in_before_stays_in() {
    let rig = machine();
    rig.tool(
        "getent",
        "case $1 in group) echo docker:x:999:root,maya;; passwd) echo maya:x:1000:;; esac",
    );
    let added = rig.apply(member("docker", "maya", true)).await;
    assert_eq!(outcome_of(&added.1), (Outcome::NoChange, 0));
    assert_eq!(outcome_of(&rig.undo(&added).await), (Outcome::NoChange, 0));
    assert_eq!(rig.noted(), "");
}

#[tokio::test]
async fn a_user_that_is_not_there_is_said_before_anything_happens() {
    let rig = machine();
    let join = member("docker", "nobody-here", true);
    assert_eq!(rig.preview(&join).await.blocked.unwrap().code, "D1-GROUP-002");
    assert_eq!(rig.refused(join).await.code, "D1-GROUP-002");
    assert_eq!(rig.noted(), "");
}

#[tokio::test]
async fn a_group_that_an_earlier_step_may_bring_blocks_no_plan_and_is_said_when_it_is_needed() {
    let rig = machine();
    let join = member("wheel", "maya", true);
    let preview = rig.preview(&join).await;
    assert_eq!((preview.presence, preview.blocked), (Presence::Absent, None));
    let (_, ended) = rig.apply(join).await;
    let problem = ended.problem.unwrap();
    assert_eq!((ended.outcome, problem.code.as_str()), (Outcome::Failed, "D1-GROUP-001"));
    assert_eq!(rig.noted(), "");
}

#[tokio::test]
async fn a_tool_that_fails_or_does_nothing_is_not_believed() {
    let rig = machine();
    rig.tool("gpasswd", "echo 'group is locked' >&2; exit 1");
    let (_, ended) = rig.apply(member("docker", "maya", true)).await;
    let problem = ended.problem.unwrap();
    assert_eq!((ended.outcome, problem.code.as_str()), (Outcome::Failed, "D1-GROUP-003"));
    assert_eq!(problem.cause, "group is locked");
    rig.tool("gpasswd", "exit 0");
    let (_, ended) = rig.apply(member("docker", "maya", true)).await;
    assert_eq!(
        (ended.outcome, ended.problem.unwrap().code.as_str()),
        (Outcome::Failed, "D1-EXEC-008")
    );
}
