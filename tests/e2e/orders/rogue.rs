//! A cloud that has gone over: it has the keys that sign orders, and the link of a machine.

use d1_core::Clock as _;
use d1_core::{
    DeviceId, FromDevice, LinkChallenge, Order, OrderKey, SystemClock, TaskCommand, TaskResult,
    ToDevice,
};
use d1_protocol::{decode_from_device, encode_to_device, order_codec};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

/// A cloud that has gone over.
pub(super) struct Rogue {
    listener: TcpListener,
    key: OrderKey,
}

/// A machine that is linked to it.
pub(super) struct Prey {
    socket: WebSocketStream<TcpStream>,
    key: OrderKey,
    pub(super) device: DeviceId,
    challenge: LinkChallenge,
    number: u64,
}

impl Rogue {
    /// One that signs its orders with this key.
    pub(super) async fn new(key: OrderKey) -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), key }
    }

    /// Where machines find it.
    pub(super) fn url(&self) -> String {
        format!("ws://{}", self.listener.local_addr().unwrap())
    }

    /// The next machine that links.
    pub(super) async fn prey(&self) -> Prey {
        let linked = async {
            let (stream, _) = self.listener.accept().await.unwrap();
            let mut socket = accept_async(stream).await.unwrap();
            let FromDevice::Hello(hello) = heard(&mut socket).await else { panic!("no hello") };
            let challenge = hello.seal.expect("it wants orders signed").challenge;
            let key = self.key.clone();
            Prey { socket, key, device: hello.device, challenge, number: 0 }
        };
        tokio::time::timeout(d1_world::PATIENCE, linked).await.expect("a machine links")
    }
}

impl Prey {
    /// Says this, signed as every order is.
    pub(super) async fn say(&mut self, message: &ToDevice) {
        self.number += 1;
        let issued_at = SystemClock::new().now();
        let order = Order {
            device: self.device,
            challenge: self.challenge,
            number: self.number,
            issued_at,
            expires: issued_at.after(Order::LIFE),
            words: (order_codec().write)(message).unwrap(),
        };
        let signed = ToDevice::Signed(order.seal(&self.key).unwrap());
        let frame = encode_to_device(&signed).unwrap();
        self.socket.send(Message::Binary(frame)).await.unwrap();
    }

    /// Orders this, and tells how it ended.
    pub(super) async fn order(&mut self, command: &TaskCommand) -> TaskResult {
        self.say(&ToDevice::Run(Box::new(command.clone()))).await;
        let ended = async {
            loop {
                if let FromDevice::Finished(result) = heard(&mut self.socket).await {
                    return *result;
                }
            }
        };
        tokio::time::timeout(d1_world::PATIENCE, ended).await.expect("it ends")
    }

    /// The next answer to a question, or refusal of one.
    pub(super) async fn refused(&mut self) -> String {
        let refused = async {
            loop {
                if let FromDevice::Refused { problem, .. } = heard(&mut self.socket).await {
                    return problem.code;
                }
            }
        };
        tokio::time::timeout(d1_world::PATIENCE, refused).await.expect("it is refused")
    }
}

async fn heard(socket: &mut WebSocketStream<TcpStream>) -> FromDevice {
    loop {
        let said = socket.next().await.expect("the machine is there").unwrap();
        if let Message::Binary(frame) = said {
            return decode_from_device(frame).unwrap();
        }
    }
}
