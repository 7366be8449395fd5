//! Setups, what they tell, and devices: what is said over gRPC is what is heard, by both sides.

mod clerk;
mod views;

use crate::values::*;
use clerk::{Answers, Asked, clerk_and_client, listed, purged, serve, setups_router};
use d1_core::*;
use d1_protocol::{
    CallRefusal, ClientError, SetupsCall,
    api::{CancelRequest, Devices, ResumeRequest},
};
use futures_util::StreamExt as _;
use proptest::{option::of, prelude::*};
use std::sync::Arc;
use tokio::runtime::Runtime;
use views::{an_empty_setup, devices, news, setup_view, stop_mode, wish};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_setup_and_every_device_is_heard_as_it_was_told(
        setup in setup_view(), devices in devices(), told in few(news()),
    ) {
        Runtime::new().unwrap().block_on(async {
            let (clerk, client) = clerk_and_client().await;
            let news = told.iter().cloned().map(Ok).collect();
            let answers = Answers { setup: setup.clone(), devices: devices.clone(), news };
            *clerk.answers.lock().unwrap() = Some(Ok(answers));
            prop_assert_eq!(&client.get(setup.id).await.unwrap(), &setup);
            prop_assert_eq!(client.list(None).await.unwrap(), listed(&setup));
            prop_assert_eq!(client.devices().await.unwrap(), devices);
            prop_assert_eq!(client.purge(setup.device).await.unwrap(), purged(&setup));
            let heard = client.follow(setup.id, 0).await.unwrap();
            let heard: Vec<Progress> = heard.map(Result::unwrap).collect().await;
            prop_assert_eq!(heard, told);
            Ok(())
        })?;
    }

    #[test]
    fn every_wish_about_a_setup_is_heard_as_it_was_asked(
        wish in wish(), setup in id(SetupId::from_bytes), mode in stop_mode(),
        (force, write_off) in any::<(bool, bool)>(), after in any::<u64>(), key in of("[!-~]{1,200}"),
    ) {
        let asked = Runtime::new().unwrap().block_on(async {
            let (clerk, client) = clerk_and_client().await;
            let no = Problem::new("D1-SETUP-001", Category::Usage, "there is none");
            *clerk.answers.lock().unwrap() = Some(Err(no.clone().into()));
            let (how, on) = (CancelRequest { mode, write_off }, ResumeRequest { force });
            let refused = [
                client.create(&wish, key.as_deref()).await.unwrap_err(),
                client.get(setup).await.unwrap_err(),
                client.list(None).await.unwrap_err(),
                client.list(Some(setup)).await.unwrap_err(),
                client.approve(setup).await.unwrap_err(),
                client.cancel(setup, how).await.unwrap_err(),
                client.resume(setup, on).await.unwrap_err(),
                client.undo(setup).await.unwrap_err(),
                client.follow(setup, after).await.err().unwrap(),
                client.devices().await.unwrap_err(),
                client.purge(wish.device).await.unwrap_err(),
            ];
            for error in refused {
                assert!(matches!(error, ClientError::Refused(_)), "{error:?}");
                assert_eq!(error.problem(), no);
            }
            std::mem::take(&mut *clerk.asked.lock().unwrap())
        });
        let (how, on) = (CancelRequest { mode, write_off }, ResumeRequest { force });
        let device = wish.device;
        prop_assert_eq!(asked, [
            Asked::Create(wish, key),
            Asked::Get(setup),
            Asked::List(None),
            Asked::List(Some(setup)),
            Asked::Approve(setup),
            Asked::Cancel(setup, how),
            Asked::Resume(setup, on),
            Asked::Undo(setup),
            Asked::Follow(setup, after),
            Asked::Devices,
            Asked::Purge(device),
        ]);
    }
}

#[tokio::test]
async fn news_that_break_off_end_with_why() {
    let (clerk, client) = clerk_and_client().await;
    let no = Problem::new("D1-NODE-001", Category::Network, "it cannot be read");
    let refusal =
        CallRefusal { problem: no.clone(), retry_after: Some(std::time::Duration::from_secs(2)) };
    let first = Progress { seq: 1, at: Timestamp(2), event: ProgressEvent::Planned };
    let setup = SetupId::from_bytes([1; 16]);
    let answers = Answers {
        setup: an_empty_setup(setup),
        devices: Devices { schema: String::new(), devices: Vec::new(), complete: true },
        news: vec![Ok(first.clone()), Err(refusal)],
    };
    *clerk.answers.lock().unwrap() = Some(Ok(answers));
    let heard: Vec<_> = client.follow(setup, 0).await.unwrap().collect().await;
    let [Ok(told), Err(error)] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!((told, &error.problem()), (&first, &no));
    // What breaks off may be followed again, and when is told at its end.
    let ClientError::Limited { retry_after, .. } = error else { panic!("{error:?}") };
    assert_eq!(retry_after.as_secs(), 2);
}

#[tokio::test]
async fn nobody_is_answered_about_setups_who_is_not_known() {
    let client = serve(setups_router(Arc::new(|_: &_| None))).await;
    let error = client.devices().await.unwrap_err();
    assert_eq!(error.problem().code, "D1-AUTH-001");
    let error = client.follow(SetupId::generate(), 0).await.err().unwrap();
    assert_eq!(error.problem().code, "D1-AUTH-001");
}

#[test]
fn the_calls_about_setups_are_those_that_were_agreed() {
    let mut compiler = protox::Compiler::new(["proto"]).unwrap();
    compiler.open_files(["d1/api/v1/setups.proto"]).unwrap();
    let mut agreed = Vec::new();
    for file in &compiler.file_descriptor_set().file {
        for service in &file.service {
            for call in &service.method {
                agreed.push(format!("/{}.{}/{}", file.package(), service.name(), call.name()));
            }
        }
    }
    assert_eq!(SetupsCall::ALL.map(SetupsCall::path), *agreed);
}
