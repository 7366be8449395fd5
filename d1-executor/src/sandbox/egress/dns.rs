//! Answers questions for names (RFC 1035), and asks nobody.
//!
//! - An allowed name has an address of version 4 that means it, and no record of another kind;
//!   programs then take the way by that address. So `AAAA` and `HTTPS` are empty, not wrong.
//! - What is below an allowed name and not allowed itself, as `_http._tcp.example.org`, does not
//!   exist when a host cannot be called so.
//! - Everything else is refused, which is what a resolver says by policy.

use super::{name::DomainName, names::Names, rule::Places};
use d1_core::{NetworkAsk, NetworkReason};
use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query, ResponseCode},
    rr::{DNSClass, Name, RData, Record, RecordType, rdata::A},
};

/// How long a program may remember an answer, in seconds: it does not change while it runs.
const TTL: u32 = 60;
/// The largest answer over UDP that is certain to arrive (RFC 9715); ours are far smaller.
const PAYLOAD: u16 = 1232;

/// What was asked, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) ask: NetworkAsk,
    pub(super) host: String,
    pub(super) refused: Option<NetworkReason>,
}

/// An answer, and what it decided; no decision when there was no question.
#[derive(Debug)]
pub(super) struct Answer {
    message: Message,
    pub(super) asked: Option<Asked>,
}

impl Answer {
    /// As it goes over the wire; none when it cannot be written.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        self.message.to_vec().ok()
    }

    /// The same, with the answer taken out of it: it could not be written down.
    pub(super) fn withheld(mut self) -> Self {
        self.message.answers.clear();
        self.message.metadata.response_code = ResponseCode::ServFail;
        self
    }
}

/// The answer to what a program sent; none to what is no question at all.
pub(super) fn answer(bytes: &[u8], places: &Places, names: &mut Names) -> Option<Answer> {
    let question = match Message::from_vec(bytes) {
        Ok(question) => question,
        Err(_) => return malformed(bytes),
    };
    if question.metadata.message_type != MessageType::Query {
        return None;
    }
    let code = match (question.metadata.op_code, question.queries.as_slice()) {
        (OpCode::Query, [query]) => return Some(resolved(&question, query, places, names)),
        (OpCode::Query, _) => ResponseCode::FormErr,
        (_, _) => ResponseCode::NotImp,
    };
    Some(Answer { message: reply(&question, code), asked: None })
}

/// Says so to a question that cannot be read, when it can be told which one it was.
fn malformed(bytes: &[u8]) -> Option<Answer> {
    const HEADER: usize = 12;
    let is_question = bytes.len() >= HEADER && bytes[2] & 0x80 == 0;
    let id = u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]);
    let message = Message::error_msg(id, OpCode::Query, ResponseCode::FormErr);
    is_question.then_some(Answer { message, asked: None })
}

fn reply(question: &Message, code: ResponseCode) -> Message {
    let mut reply = Message::response(question.metadata.id, question.metadata.op_code);
    reply.metadata.response_code = code;
    reply.metadata.recursion_desired = question.metadata.recursion_desired;
    reply.metadata.recursion_available = true;
    reply.queries.clone_from(&question.queries);
    if question.edns.is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD);
        reply.set_edns(edns);
    }
    reply
}

fn resolved(question: &Message, query: &Query, places: &Places, names: &mut Names) -> Answer {
    let labels: Vec<&[u8]> = query.name.iter().collect();
    let host = DomainName::asked(&labels);
    let is_address = [RecordType::A, RecordType::AAAA].contains(&query.query_type);
    let ask = if is_address { NetworkAsk::Name } else { NetworkAsk::Record };
    let (code, address, refused) = match &host {
        Some(host) if query.query_class == DNSClass::IN && places.knows(host) => {
            match (query.query_type, names.address(host)) {
                (RecordType::A, Ok(address)) => (ResponseCode::NoError, Some(address), None),
                (_, Ok(_)) => (ResponseCode::NoError, None, None),
                (_, Err(reason)) => (ResponseCode::Refused, None, Some(reason)),
            }
        }
        Some(host) if is_service(host) && places.knows_above(host) => {
            (ResponseCode::NXDomain, None, Some(NetworkReason::NameNotAllowed))
        }
        Some(_) | None => (ResponseCode::Refused, None, Some(NetworkReason::NameNotAllowed)),
    };
    let mut message = reply(question, code);
    if let Some(address) = address {
        let data = RData::A(A(address));
        message.add_answer(Record::from_rdata(query.name.clone(), TTL, data));
    }
    let host = host.map_or_else(|| shown(&query.name), |host| host.to_string());
    Answer { message, asked: Some(Asked { ask, host, refused }) }
}

/// Names of services begin with an underscore (RFC 8552); no host is called so.
fn is_service(host: &DomainName) -> bool {
    host.as_str().starts_with('_')
}

/// A name that no host can have, as far as it can be shown.
fn shown(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    struct Said {
        code: ResponseCode,
        addresses: Vec<Ipv4Addr>,
        asked: Option<Asked>,
    }

    fn ask_as(name: &str, kind: RecordType, change: impl Fn(&mut Message)) -> Option<Said> {
        let places = Places::new(&["example.org", "*.wide.test"].map(|text| text.parse().unwrap()));
        let mut names = Names::new(2);
        let mut question = Message::query();
        question.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
        change(&mut question);
        let answer = answer(&question.to_vec().unwrap(), &places, &mut names)?;
        let message = Message::from_vec(&answer.bytes().unwrap()).unwrap();
        assert_eq!(message.metadata.id, question.metadata.id);
        assert_eq!(message.edns.is_some(), question.edns.is_some());
        let addresses = message.answers.iter().map(|record| {
            let RData::A(A(address)) = record.data else { panic!("{record}") };
            address
        });
        let code = message.metadata.response_code;
        Some(Said { code, addresses: addresses.collect(), asked: answer.asked })
    }

    fn ask(name: &str, kind: RecordType) -> Said {
        ask_as(name, kind, |_| {}).unwrap()
    }

    #[test]
    fn an_allowed_name_has_one_address_and_nothing_else() {
        let said = ask("Example.ORG.", RecordType::A);
        assert_eq!((said.code, said.addresses.len()), (ResponseCode::NoError, 1));
        let wanted = Asked { ask: NetworkAsk::Name, host: "example.org".into(), refused: None };
        assert_eq!(said.asked, Some(wanted));
        use RecordType as T;
        for kind in [T::AAAA, T::HTTPS, T::SVCB, T::TXT, T::MX, T::NS, T::ANY, T::CNAME, T::PTR] {
            let said = ask("a.b.wide.test.", kind);
            assert_eq!((said.code, said.addresses.len()), (ResponseCode::NoError, 0), "{kind}");
        }
    }

    #[test]
    fn any_other_name_is_refused_whatever_is_asked_of_it() {
        for name in [
            "wide.test.",
            "evil.org.",
            "example.org.evil.org.",
            "notexample.org.",
            "org.",
            ".",
            "c2VjcmV0.example.org.",
            "1.1.18.198.in-addr.arpa.",
            "127.0.0.1.",
        ] {
            for kind in [RecordType::A, RecordType::AAAA, RecordType::TXT, RecordType::PTR] {
                let said = ask(name, kind);
                assert_eq!((said.code, said.addresses.len()), (ResponseCode::Refused, 0), "{name}");
                let refused = said.asked.unwrap().refused;
                assert_eq!(refused, Some(NetworkReason::NameNotAllowed), "{name}");
            }
        }
        let said = ask("_http._tcp.example.org.", RecordType::SRV);
        assert_eq!(said.code, ResponseCode::NXDomain);
        let other = |message: &mut Message| {
            message.queries[0].query_class = DNSClass::CH;
        };
        let said = ask_as("example.org.", RecordType::TXT, other).unwrap();
        assert_eq!(said.code, ResponseCode::Refused);
    }

    #[test]
    fn only_questions_are_answered_and_one_at_a_time() {
        let twice = |message: &mut Message| {
            message.add_query(message.queries[0].clone());
        };
        let code = |change: &dyn Fn(&mut Message)| {
            ask_as("example.org.", RecordType::A, change).map(|said| said.code)
        };
        assert_eq!(code(&twice), Some(ResponseCode::FormErr));
        assert_eq!(code(&|it| it.metadata.op_code = OpCode::Update), Some(ResponseCode::NotImp));
        assert_eq!(code(&|it| it.metadata.message_type = MessageType::Response), None);
        let extended = |message: &mut Message| {
            message.set_edns(Edns::new());
        };
        assert_eq!(code(&extended), Some(ResponseCode::NoError));
        let (places, mut names) = (Places::default(), Names::new(1));
        assert!(answer(b"short", &places, &mut names).is_none());
        let broken = [7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 63, b'x'];
        let said = answer(&broken, &places, &mut names).unwrap();
        assert_eq!(said.message.metadata.response_code, ResponseCode::FormErr);
        assert_eq!((said.message.metadata.id, said.asked), (0x0709, None));
    }

    #[test]
    fn an_answer_that_could_not_be_written_down_says_nothing() {
        let places = Places::new(&["example.org".parse().unwrap()]);
        let mut question = Message::query();
        question.add_query(Query::query(Name::from_ascii("example.org.").unwrap(), RecordType::A));
        let bytes = question.to_vec().unwrap();
        let said = answer(&bytes, &places, &mut Names::new(1)).unwrap().withheld();
        let message = Message::from_vec(&said.bytes().unwrap()).unwrap();
        assert_eq!(message.metadata.response_code, ResponseCode::ServFail);
        assert_eq!(message.answers, []);
    }

    #[test]
    fn more_names_than_it_may_ask_for_are_refused_for_that() {
        let places = Places::new(&["*.wide.test".parse().unwrap()]);
        let mut names = Names::new(1);
        let mut one = |name| {
            let mut question = Message::query();
            question.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
            answer(&question.to_vec().unwrap(), &places, &mut names).unwrap().asked.unwrap().refused
        };
        assert_eq!(one("a.wide.test."), None);
        assert_eq!(one("b.wide.test."), Some(NetworkReason::TooManyNames));
        assert_eq!(one("a.wide.test."), None);
    }
}
