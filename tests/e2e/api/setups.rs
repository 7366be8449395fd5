//! Setups over gRPC: the same as over HTTP, from the wish to taking it back.

use d1_core::{DeviceId, OnDisconnect, Progress, ProgressEvent, SetupId, StopMode};
use d1_protocol::{
    ApiClient, ClientError, SetupsClient,
    api::{CancelRequest, CreateRequest, ResumeRequest, SetupView},
};
use d1_world::{AptRoot, CloudDesk, Desk};
use futures_util::StreamExt as _;

fn both(cloud: &CloudDesk, token: &str) -> (ApiClient, SetupsClient) {
    let http = cloud.http();
    (ApiClient::new(&http, token).unwrap(), SetupsClient::new(&http, token).unwrap())
}

fn install(what: &str, device: DeviceId, approve: bool) -> CreateRequest {
    let install = vec![what.parse().unwrap()];
    CreateRequest { approve, ..CreateRequest::of(install, device) }
}

fn code<T>(refused: Result<T, ClientError>) -> String {
    refused.err().unwrap().problem().code
}

/// What a setup tells from the beginning to its end.
async fn all_news(grpc: &SetupsClient, id: SetupId, after: u64) -> Vec<Progress> {
    let news = grpc.follow(id, after).await.unwrap();
    news.map(Result::unwrap).collect().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setup_is_made_followed_and_taken_back_over_grpc_and_is_the_same_over_http() {
    let (apt, cloud) = (AptRoot::usual(), CloudDesk::start());
    let machine = Desk::at(&apt);
    let daemon = machine.daemon(&cloud.daemon_args());
    let (http, grpc) = both(&cloud, CloudDesk::TOKEN);
    let device = cloud.device(&http).await;
    let (here, there) = (grpc.devices().await.unwrap(), http.devices().await.unwrap());
    assert_eq!((here.devices[0].id, here.complete), (there.devices[0].id, true));

    let wish = install("greeter", device, false);
    let made = grpc.create(&wish, Some("once")).await.unwrap();
    assert_eq!(made.state, "awaiting approval");
    // Over either way, said again with the same key it is done once.
    assert_eq!(grpc.create(&wish, Some("once")).await.unwrap().id, made.id);
    assert_eq!(http.create(&wish, Some("once")).await.unwrap().id, made.id);
    let other = install("single", device, false);
    assert_eq!(code(grpc.create(&other, Some("once")).await), "D1-SETUP-012");

    assert_eq!(grpc.approve(made.id).await.unwrap().id, made.id);
    let news = all_news(&grpc, made.id, 0).await;
    assert_eq!(news[0].event, ProgressEvent::Planned);
    assert!(matches!(news.last().unwrap().event, ProgressEvent::Finished { .. }), "{news:?}");
    let heard: Vec<_> = http.follow(made.id, 0).map(Result::unwrap).collect().await;
    assert_eq!(news, heard);
    // Whoever was cut off goes on where they were.
    assert_eq!(all_news(&grpc, made.id, news[1].seq).await, news[2..]);

    let ended = grpc.get(made.id).await.unwrap();
    assert_eq!((ended.state.as_str(), &ended), ("succeeded", &http.get(made.id).await.unwrap()));
    assert!(!ended.receipts.is_empty() && apt.installed().contains("greeter"));
    assert_eq!(code(grpc.approve(made.id).await), code(http.approve(made.id).await));
    let go_on = ResumeRequest::default();
    assert_eq!(code(grpc.resume(made.id, go_on).await), "D1-SETUP-004");

    let undone = grpc.undo(made.id).await.unwrap();
    all_news(&grpc, undone.id, 0).await;
    assert!(!apt.installed().contains("greeter"));
    let ids = |setups: Vec<SetupView>| setups.iter().map(|setup| setup.id).collect::<Vec<_>>();
    let (here, there) = (grpc.list(None).await.unwrap(), http.list(None).await.unwrap());
    assert_eq!(ids(here.setups), [undone.id, made.id]);
    assert_eq!(there.setups.len(), 2);
    assert_eq!(ids(grpc.list(Some(undone.id)).await.unwrap().setups), [made.id]);
    assert_eq!(daemon.stop(), 0);

    // Each word of it is in the audit log, over whichever way it was said: the yes, the one that
    // came too late over each, and the one to taking it back.
    let log = cloud.operate(&["audit", "export"], "").stdout;
    assert_eq!(log.matches("\"decision\":\"approve\"").count(), 4, "{log}");
    assert!(log.contains("\"user\":\"the development token\""), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setup_that_nobody_approved_is_called_off_over_grpc() {
    let (apt, cloud) = (AptRoot::usual(), CloudDesk::start());
    let machine = Desk::at(&apt);
    let daemon = machine.daemon(&cloud.daemon_args());
    let (http, grpc) = both(&cloud, CloudDesk::TOKEN);
    let device = cloud.device(&http).await;
    let made = grpc.create(&install("single", device, false), None).await.unwrap();
    let how = CancelRequest::of(StopMode::AfterStep);
    let over = grpc.cancel(made.id, how).await.unwrap();
    assert!(over.is_over(), "{over:?}");
    assert!(!apt.installed().contains("single"));
    assert_eq!(daemon.stop(), 0);
    let log = cloud.operate(&["audit", "export"], "").stdout;
    assert_eq!(log.matches("\"decision\":\"stop\"").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_machine_that_is_away_says_so_and_is_purged_by_its_owner() {
    let (apt, cloud) = (AptRoot::usual(), CloudDesk::start());
    let machine = Desk::at(&apt);
    let daemon = machine.daemon(&cloud.daemon_args());
    let (http, grpc) = both(&cloud, CloudDesk::TOKEN);
    let device = cloud.device(&http).await;
    let mut wish = install("greeter", device, false);
    wish.deliver_within_seconds = Some(59);
    assert_eq!(code(http.create(&wish, None).await), "D1-API-005");
    wish.deliver_within_seconds = Some(3_600);
    wish.on_disconnect = OnDisconnect::Cancel;
    let made = http.create(&wish, None).await.unwrap();
    assert_eq!((made.on_disconnect, made.waits_until), (OnDisconnect::Cancel, None));
    let other = grpc.create(&install("single", device, false), None).await.unwrap();
    assert_eq!(daemon.stop(), 0);
    let waits = http.approve(made.id).await.unwrap();
    assert_eq!(waits.state, "running");
    let left = waits.waits_until.unwrap() - waits.changed_at;
    assert_eq!(left, 3_600_000);
    assert!(http.balance().await.unwrap().held_micro > 0);
    // What is another's is as unknown as what there is not.
    cloud.add_user("anna");
    let annas = cloud.token_of("anna", "setup:write");
    let (http_of_anna, grpc_of_anna) = both(&cloud, &annas);
    assert_eq!(code(http_of_anna.purge(device).await), "D1-API-003");
    assert_eq!(code(grpc_of_anna.purge(device).await), "D1-API-003");
    assert_eq!(http.purge(device).await.unwrap().setups, [made.id]);
    assert_eq!(http.get(made.id).await.unwrap().state, "cancelled");
    assert_eq!(http.balance().await.unwrap().held_micro, 0);
    grpc.approve(other.id).await.unwrap();
    assert_eq!(grpc.purge(device).await.unwrap().setups, [other.id]);
    assert_eq!(grpc.purge(device).await.unwrap().setups, []);
    // Nothing of it is left when the machine comes.
    let daemon = machine.daemon(&cloud.daemon_args());
    cloud.device(&http).await;
    cloud.until_forgotten(&machine).await;
    assert_eq!(daemon.stop(), 0);
    assert!(!apt.installed().contains("single") && !apt.installed().contains("greeter"));
    let log = cloud.operate(&["audit", "export"], "").stdout;
    assert_eq!(log.matches("\"decision\":\"purge\"").count(), 2, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_about_setups_over_http_is_refused_over_grpc() {
    let cloud = CloudDesk::start();
    let (http, grpc) = both(&cloud, CloudDesk::TOKEN);
    let (device, none) = (DeviceId::generate(), SetupId::generate());
    let wish = install("single", device, true);
    let refused = grpc.create(&wish, None).await.unwrap_err().problem();
    assert_eq!(refused, http.create(&wish, None).await.unwrap_err().problem());
    for key in ["", &"k".repeat(201), "zwei Zeilen\n"] {
        assert_eq!(code(grpc.create(&wish, Some(key)).await), "D1-API-002", "{key:?}");
    }
    let refused = grpc.get(none).await.unwrap_err().problem();
    assert_eq!(refused, http.get(none).await.unwrap_err().problem());
    assert_eq!(code(grpc.follow(none, 0).await), "D1-SETUP-001");
    assert_eq!(code(grpc.undo(none).await), "D1-SETUP-001");
    // Whoever may plan, and not approve, does not by planning.
    cloud.add_user("anna");
    let plans = cloud.token_of("anna", "setup:write");
    let grpc = SetupsClient::new(&cloud.http(), &plans).unwrap();
    assert_eq!(code(grpc.create(&wish, None).await), "D1-AUTH-004");
    assert_eq!(code(grpc.approve(none).await), "D1-AUTH-004");
    assert_eq!(code(grpc.list(None).await), "D1-AUTH-004");
}
