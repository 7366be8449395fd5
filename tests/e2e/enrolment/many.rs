//! Devices that enrol at one of several servers.

use super::scene::{Machine, enrolments, eventually, linked, revoke, with_door};
use crate::sharing::fleet::Fleet;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_one_server_revokes_loses_its_link_to_another() {
    let fleet = Fleet::new();
    let (here, there) = (
        fleet.server_at(|desk| with_door(desk, 86_400)),
        fleet.server_at(|desk| with_door(desk, 86_400)),
    );
    let machine = Machine::enrolled(&here);
    let _daemon = machine.daemon();
    eventually("the device is linked", || linked(&here).len() == 1).await;
    // Both know it, and that it came by its certificate.
    assert_eq!(linked(&there)[0]["certified"], json!(true));
    assert_eq!(enrolments(&there), enrolments(&here));
    assert_eq!(revoke(&there, &machine.device()), 204);
    eventually("the link is closed", || linked(&here).is_empty()).await;
    eventually("the machine knows why", || machine.standing() == json!("refused")).await;
}
