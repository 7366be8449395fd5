//! Asks from inside whether a network by name holds: what is not allowed has to be refused, by
//! the right one and for the right reason, and what is allowed has to be there.

use super::super::gate::TRIED;
use crate::sandbox::egress::DNS;
use hickory_proto::{
    op::{Message, Query, ResponseCode},
    rr::{Name, RData, RecordType},
};
use std::{
    io::{self, Read as _},
    net::{Ipv4Addr, TcpStream, UdpSocket},
    time::Duration,
};

/// An address that nobody has (RFC 5737); if anything but the gate were there, it would be seen.
const NOBODY: &str = "192.0.2.1";
/// A port of the gate, and one that was not given.
const GIVEN: u16 = 443;
const NOT_GIVEN: u16 = 8443;
/// How long the gate may take: it is on this machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// What does not hold.
pub(super) fn attempt() -> Result<(), String> {
    let refused = ask("not-given.invalid.")?;
    if refused.metadata.response_code != ResponseCode::Refused {
        return Err("a name that it was not given has an answer".into());
    }
    let answers = ask(&format!("{TRIED}."))?.answers;
    let is_ours = |address: Ipv4Addr| address.octets()[0] == 198;
    match answers.first().map(|record| &record.data) {
        Some(RData::A(address)) if is_ours(address.0) => {}
        Some(_) | None => return Err("a name that it was given has no answer of ours".into()),
    }
    no_address()?;
    match TcpStream::connect((NOBODY, NOT_GIVEN)) {
        Err(_refused) => Ok(()),
        Ok(_open) => Err(format!("port {NOT_GIVEN}, which it was not given, is open")),
    }
}

fn ask(name: &str) -> Result<Message, String> {
    let text = |error: &dyn std::fmt::Display| format!("names are not answered: {error}");
    let mut question = Message::query();
    let name = Name::from_ascii(name).map_err(|error| text(&error))?;
    question.add_query(Query::query(name, RecordType::A));
    let bytes = question.to_vec().map_err(|error| text(&error))?;
    let asked = || -> io::Result<Vec<u8>> {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.connect((NOBODY, DNS))?;
        socket.send(&bytes)?;
        let mut answer = vec![0; 512];
        let read = socket.recv(&mut answer)?;
        answer.truncate(read);
        Ok(answer)
    };
    let answer = asked().map_err(|error| text(&error))?;
    Message::from_vec(&answer).map_err(|error| text(&error))
}

/// An address that no name led to is heard out, and turned away.
fn no_address() -> Result<(), String> {
    let text = |error: io::Error| format!("the gate does not hear: {error}");
    let mut stream = TcpStream::connect((NOBODY, GIVEN)).map_err(text)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(text)?;
    stream.shutdown(std::net::Shutdown::Write).map_err(text)?;
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        // An alert is all that it says.
        Ok(..=16) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
        Ok(_) => Err("somebody answers at an address that no name led to".into()),
        Err(error) => Err(text(error)),
    }
}
