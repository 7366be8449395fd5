//! A network that wants to be asked first, as in a hotel: it answers in everybody's name.

use super::{
    super::{check::Found, network::Answer, sight::Sight},
    reach,
};
use futures_util::future::join_all;

/// RFC 6585: the network wants to know who we are.
const AUTHENTICATION_REQUIRED: u16 = 511;

/// One host may well send us to another. Two that send us to the same third are not asked at
/// all: somebody between us answers for both.
pub(super) async fn captive(sight: Sight) -> Found {
    let mut targets = match reach::tried(&sight) {
        Ok(targets) => targets,
        Err(found) => return found,
    };
    targets.retain(|target| target.is("http") && target.to.proxy.is_none());
    if targets.is_empty() {
        return Found::skipped("no host is used over plain HTTP here");
    }
    let asking = targets.into_iter().map(|target| async {
        let answer = sight.net.head(&target.to).await;
        (target, answer)
    });
    let answers = match reach::answers(join_all(asking).await) {
        Ok(answers) => answers,
        Err(found) => return found,
    };
    let heard: Vec<(String, Answer)> = answers
        .into_iter()
        .filter_map(|(target, answer)| Some((target.host().to_lowercase(), answer.ok()?)))
        .collect();
    if heard.is_empty() {
        return Found::unknown("no host answers over plain HTTP");
    }
    let refused = heard.iter().filter(|(_, answer)| answer.status == AUTHENTICATION_REQUIRED);
    let mut details: Vec<String> =
        refused.map(|(host, _)| format!("{host}: the network wants to know who you are")).collect();
    for (host, answer) in &heard {
        let Some(third) = &answer.sent_to else { continue };
        let is_sent_there = |other: &&(String, Answer)| other.1.sent_to.as_ref() == Some(third);
        let sent: Vec<_> = heard.iter().filter(is_sent_there).collect();
        let is_third = sent.iter().all(|(own, _)| own != third);
        let is_several = sent.iter().any(|(own, _)| own != host);
        if is_third && is_several {
            details.push(format!("{host}: sent to {third}"));
        }
    }
    if details.is_empty() {
        return Found::ok("nobody answers for others");
    }
    Found::fail("this network lets nothing through before you sign in")
        .details(details)
        .remedy("open any page in a browser, and sign in to the network")
}
