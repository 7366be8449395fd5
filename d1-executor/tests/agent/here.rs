//! What is grave waits for a yes at the machine, which no cloud and no program gives.

use crate::{
    audit::records,
    rig::{Desk, NOW, Rig, an_order, carried_out, rest, why},
    ward::Ward,
};
use d1_core::{
    Action, Argv, Digest, Exec, FromDevice, Outcome, RequestId, Risk, Stage, StopMode, TaskCommand,
    ToDevice, WaitingTask,
};
use std::time::Duration;

/// How long somebody may think, and a bit.
const TOO_LONG: Duration = Duration::from_secs(61 * 60);
/// The most tasks that may wait for a yes at the machine.
const WAITING: usize = 64;

/// Something that a cloud says only looks.
fn grave() -> TaskCommand {
    let mut order = an_order();
    let argv = Argv::new(["rm", "-rf", "/"]).unwrap();
    order.step.action = Action::Exec(Exec { argv, cwd: None, env: Default::default() });
    order.step.effect = d1_core::Effect::Read;
    order.step.touches = Vec::new();
    order
}

fn question(order: &TaskCommand) -> FromDevice {
    FromDevice::Confirm {
        task: order.task,
        what: "`rm` destroys what it is given".into(),
        here: true,
    }
}

/// An owner as everybody is who has written nothing down.
fn ward() -> Ward {
    Ward::with("", Rig::new())
}

/// The task that waits at this place, and how many do.
async fn shown(desk: &mut Desk, place: u32) -> (u32, Option<WaitingTask>) {
    let request = RequestId::generate();
    desk.say(ToDevice::ShowWaiting { request, place }).await;
    match desk.hear().await {
        Some(FromDevice::Waiting { request: answered, count, one }) if answered == request => {
            (count, one.map(|one| *one))
        }
        other => panic!("`{other:?}` is no answer"),
    }
}

/// Says yes or no to this, and tells the code of what kept it from being heard.
async fn decide(desk: &mut Desk, order: &TaskCommand, what: Digest, yes: bool) -> Option<String> {
    let request = RequestId::generate();
    desk.say(ToDevice::Decide { request, task: order.task, what, yes }).await;
    match desk.hear().await {
        Some(FromDevice::Waiting { .. }) => None,
        Some(FromDevice::Refused { problem, .. }) => Some(problem.code),
        other => panic!("`{other:?}` is no answer"),
    }
}

/// A grave order that waits.
async fn asked() -> (Ward, Desk, TaskCommand) {
    let (ward, order) = (ward(), grave());
    let mut cloud = ward.rig.cloud_link(ward.terms());
    cloud.order(&order).await;
    assert_eq!(cloud.heard().await, [question(&order)]);
    assert_eq!((ward.rig.stage(&order).await, ward.rig.agent.load()), (None, (0, 0)));
    (ward, cloud, order)
}

#[tokio::test(start_paused = true)]
async fn what_a_cloud_calls_harmless_waits_for_a_yes_at_the_machine_and_that_is_on_record() {
    let (ward, mut cloud, order) = asked().await;
    let mut here = ward.rig.here_link(true);
    let (count, one) = shown(&mut here, 0).await;
    let one = one.unwrap();
    assert_eq!((count, &one.command, one.risk), (1, &order, Risk::Grave));
    assert_eq!(one.until, NOW.after(Duration::from_secs(60 * 60)));
    assert_eq!(shown(&mut here, 1).await, (1, None));
    assert_eq!(decide(&mut here, &order, one.what(), true).await, None);
    assert_eq!(cloud.result().await, carried_out(&order, Outcome::Succeeded));
    assert_eq!(shown(&mut here, 0).await, (0, None));
    let kinds: Vec<_> = records(&ward.rig).await.into_iter().map(|it| it.record.kind).collect();
    assert_eq!(kinds, ["risk.overruled", "approval.decided", "task.started", "task.ended"]);
}

#[tokio::test(start_paused = true)]
async fn a_no_at_the_machine_and_nobodys_answer_end_it_before_it_began() {
    for answers in [true, false] {
        let (ward, mut cloud, order) = asked().await;
        if answers {
            // To say no nobody needs a terminal.
            let mut here = ward.rig.here_link(false);
            let what = WaitingTask::of(&order);
            assert_eq!(decide(&mut here, &order, what, false).await, None);
        } else {
            tokio::time::sleep(TOO_LONG).await;
        }
        let result = cloud.result().await;
        assert_eq!((result.outcome, why(&result)), (Outcome::DeniedByUser, Some("D1-TASK-003")));
        assert_eq!(ward.rig.stage(&order).await, Some(Stage::Finished(Box::new(result))));
        assert_eq!(ward.rig.puppet.acts().begun, []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cloud_that_answers_for_people_at_the_machine_is_not_heard() {
    let (ward, mut cloud, order) = asked().await;
    let what = WaitingTask::of(&order);
    cloud.say(ToDevice::Confirmed { task: order.task, yes: true }).await;
    assert_eq!(cloud.heard().await, []);
    assert_eq!(decide(&mut cloud, &order, what, true).await.as_deref(), Some("D1-RISK-004"));
    let request = RequestId::generate();
    cloud.say(ToDevice::ShowWaiting { request, place: 0 }).await;
    let heard = cloud.heard().await;
    assert!(matches!(&heard[..], [FromDevice::Refused { .. }]), "{heard:?}");
    // Nor is whoever has the machine's own socket and no terminal, or serves it otherwise.
    let mut program = ward.rig.here_link(false);
    assert_eq!(decide(&mut program, &order, what, true).await.as_deref(), Some("D1-RISK-005"));
    let mut other = ward.rig.link();
    assert_eq!(decide(&mut other, &order, what, true).await.as_deref(), Some("D1-RISK-004"));
    assert_eq!(ward.rig.stage(&order).await, None);
    assert_eq!(ward.rig.puppet.acts().begun, []);
    let refused = records(&ward.rig).await;
    let refused = refused.iter().filter(|it| it.record.kind == "order.refused").count();
    assert_eq!(refused, 4);
}

#[tokio::test(start_paused = true)]
async fn a_cloud_that_asks_itself_first_asks_the_machine_all_the_same() {
    let (ward, order) = (ward(), TaskCommand { require_confirmation: true, ..grave() });
    let mut cloud = ward.rig.cloud_link(ward.terms());
    cloud.order(&order).await;
    rest().await;
    cloud.say(ToDevice::Confirmed { task: order.task, yes: true }).await;
    let heard = cloud.heard().await;
    assert_eq!(heard.last(), Some(&question(&order)), "{heard:?}");
    assert_eq!(ward.rig.puppet.acts().begun, []);
}

#[tokio::test(start_paused = true)]
async fn a_yes_is_to_what_was_shown_and_to_nothing_that_came_in_its_place() {
    let (ward, cloud, order) = asked().await;
    let shown_before = WaitingTask::of(&order);
    let mut other = order.clone();
    other.step.title = "tidy up".into();
    cloud.order(&other).await;
    rest().await;
    let mut here = ward.rig.here_link(true);
    let answered = decide(&mut here, &order, shown_before, true).await;
    assert_eq!(answered.as_deref(), Some("D1-RISK-003"));
    assert_eq!(shown(&mut here, 0).await.1.unwrap().command, other);
    assert_eq!(ward.rig.puppet.acts().begun, []);
}

#[tokio::test(start_paused = true)]
async fn what_comes_again_waits_no_longer_and_a_lost_link_loses_no_question() {
    let (ward, mut cloud, order) = asked().await;
    tokio::time::sleep(TOO_LONG / 2).await;
    cloud.order(&order).await;
    assert_eq!(cloud.heard().await, [question(&order)]);
    drop(cloud);
    rest().await;
    let mut here = ward.rig.here_link(true);
    assert_eq!(shown(&mut here, 0).await.0, 1);
    tokio::time::sleep(TOO_LONG / 2).await;
    assert_eq!(shown(&mut here, 0).await.0, 0);
    let mut cloud = ward.rig.cloud_link(ward.terms());
    cloud.order(&order).await;
    assert_eq!(cloud.result().await.outcome, Outcome::DeniedByUser);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_starts_anew_has_begun_nothing_and_asks_again() {
    let (ward, cloud, order) = asked().await;
    drop(cloud);
    let journal = std::sync::Arc::clone(&ward.rig.journal);
    let ward = ward.restarted(Rig::on(journal));
    assert_eq!(ward.rig.agent.recover().await.unwrap(), 0);
    let mut here = ward.rig.here_link(true);
    assert_eq!(shown(&mut here, 0).await, (0, None));
    let what = WaitingTask::of(&order);
    assert_eq!(decide(&mut here, &order, what, true).await.as_deref(), Some("D1-RISK-003"));
    let mut cloud = ward.rig.cloud_link(ward.terms());
    cloud.order(&order).await;
    assert_eq!(cloud.heard().await, [question(&order)]);
    assert_eq!(ward.rig.puppet.acts().begun, []);
    assert_eq!(decide(&mut here, &order, what, true).await, None);
    assert_eq!(cloud.result().await, carried_out(&order, Outcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_the_machine_can_be_called_off_and_is_bounded() {
    let (ward, mut cloud, order) = asked().await;
    for _ in 1..WAITING {
        cloud.order(&grave()).await;
    }
    rest().await;
    let _questions = cloud.heard().await;
    cloud.order(&grave()).await;
    let heard = cloud.heard().await;
    let codes: Vec<_> = heard.iter().map(|it| crate::rig::code(Some(it))).collect();
    assert_eq!(codes, ["D1-DEVICE-007"]);
    cloud.cancel(&order, StopMode::Now).await;
    assert_eq!(cloud.result().await.outcome, Outcome::Cancelled);
    cloud.order(&grave()).await;
    assert!(matches!(&cloud.heard().await[..], [FromDevice::Confirm { here: true, .. }]));
    assert_eq!(ward.rig.puppet.acts().begun, []);
}

#[tokio::test(start_paused = true)]
async fn whoever_shows_a_plan_is_told_what_it_takes() {
    let ward = Ward::with("orders.signature = 'system'", Rig::new());
    let mut cloud = ward.rig.cloud_link(ward.terms());
    let request = RequestId::generate();
    let proposals = vec![grave().step.action.into(), d1_core::Proposal::from(&an_order().step)];
    cloud.say(ToDevice::Preview { request, proposals }).await;
    let Some(FromDevice::Previews { previews, .. }) = cloud.hear().await else { panic!("none") };
    let wants: Vec<_> = previews.iter().map(|it| (it.signature, it.yes_here)).collect();
    assert_eq!(wants, [(true, true), (true, false)]);
    assert!(previews[0].warnings.iter().any(|text| text.contains("setups sign")));
}
