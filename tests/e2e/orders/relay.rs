//! Somebody between a cloud and its machine: sees everything, and says what they like.

use d1_core::{FromDevice, ToDevice};
use d1_protocol::{decode_from_device, decode_to_device, encode_from_device, encode_to_device};
use futures_util::{SinkExt as _, StreamExt as _};
use std::sync::{Arc, Mutex};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async, client_async,
    tungstenite::{
        Message,
        client::IntoClientRequest as _,
        handshake::server::{Request, Response},
        http::header::AUTHORIZATION,
    },
};

/// What becomes of the signed words that come from the cloud, each with those that come of it.
type Meddle = Box<dyn FnMut(Vec<u8>) -> Vec<Vec<u8>> + Send>;

/// Somebody in between.
#[derive(Clone)]
pub(crate) struct Relay {
    /// Where the machine finds them.
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    meddle: Mutex<Meddle>,
    /// Every signed word that came from the cloud, as it came.
    recorded: Mutex<Vec<Vec<u8>>>,
    /// The way to the machine on the newest link.
    machine: Mutex<Option<mpsc::UnboundedSender<Vec<u8>>>>,
    /// Changes when all links are cut.
    cuts: watch::Sender<u64>,
    /// How many links there were.
    links: watch::Sender<u64>,
    /// The newest protocol that machines are let say they speak.
    newest: Mutex<Option<u32>>,
}

impl Relay {
    /// One before the cloud at this address (`host:port`), who does nothing yet.
    pub(crate) async fn before(cloud: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            meddle: Mutex::new(Box::new(|word| vec![word])),
            recorded: Mutex::default(),
            machine: Mutex::default(),
            cuts: watch::Sender::new(0),
            links: watch::Sender::new(0),
            newest: Mutex::default(),
        });
        let (cloud, theirs) = (cloud.to_owned(), Arc::clone(&shared));
        #[expect(clippy::disallowed_methods, reason = "a test ends with its tasks")]
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&theirs).relay(stream, cloud.clone()));
            }
        });
        Self { url, shared }
    }

    /// From its next link on a machine is one of before, that speaks up to this protocol.
    pub(crate) fn lets_speak_up_to(&self, newest: u32) {
        *self.shared.newest.lock().unwrap() = Some(newest);
    }

    /// From now on this becomes of every signed word.
    pub(super) fn meddle(&self, how: impl FnMut(Vec<u8>) -> Vec<Vec<u8>> + Send + 'static) {
        *self.shared.meddle.lock().unwrap() = Box::new(how);
    }

    /// Does nothing any more.
    pub(super) fn be_honest(&self) {
        self.meddle(|word| vec![word]);
    }

    /// Every signed word that came from the cloud so far.
    pub(super) fn recorded(&self) -> Vec<Vec<u8>> {
        self.shared.recorded.lock().unwrap().clone()
    }

    /// Says this to the machine, in the name of the cloud.
    pub(super) fn say(&self, message: &ToDevice) {
        let frame = encode_to_device(message).unwrap().to_vec();
        let machine = self.shared.machine.lock().unwrap();
        machine.as_ref().expect("there was a link").send(frame).unwrap();
    }

    /// Cuts every link.
    pub(crate) fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// How many links there were so far.
    pub(super) fn links(&self) -> u64 {
        *self.shared.links.borrow()
    }

    /// Waits until there was another link than these.
    pub(super) async fn linked_again(&self, before: u64) {
        let mut links = self.shared.links.subscribe();
        let linked = links.wait_for(|links| *links > before);
        tokio::time::timeout(d1_world::PATIENCE, linked).await.expect("a link").unwrap();
    }
}

impl Shared {
    async fn relay(self: Arc<Self>, stream: TcpStream, cloud: String) {
        let mut token = None;
        let see = |request: &Request, response: Response| {
            token = request.headers().get(AUTHORIZATION).cloned();
            Ok(response)
        };
        let Ok(mut machine) = accept_hdr_async(stream, see).await else { return };
        let mut request = format!("ws://{cloud}/api/v1/link").into_client_request().unwrap();
        request.headers_mut().insert(AUTHORIZATION, token.unwrap());
        let Ok(stream) = TcpStream::connect(&cloud).await else { return };
        let Ok((mut cloud, _)) = client_async(request, stream).await else { return };
        let (to_machine, mut said) = mpsc::unbounded_channel();
        *self.machine.lock().unwrap() = Some(to_machine);
        self.links.send_modify(|links| *links += 1);
        let mut cuts = self.cuts.subscribe();
        loop {
            tokio::select! {
                Some(frame) = said.recv() => tell(&mut machine, frame).await,
                word = machine.next() => match word {
                    Some(Ok(word)) => drop(cloud.send(self.aged(word)).await),
                    Some(Err(_)) | None => return,
                },
                word = cloud.next() => match word {
                    Some(Ok(Message::Binary(frame))) => {
                        for frame in self.meddled(frame.to_vec()) {
                            tell(&mut machine, frame).await;
                        }
                    }
                    Some(Ok(other)) => drop(machine.send(other).await),
                    Some(Err(_)) | None => return,
                },
                _ = cuts.changed() => return,
            }
        }
    }

    /// What the cloud is told in the place of this word.
    fn aged(&self, word: Message) -> Message {
        let (Some(newest), Message::Binary(frame)) = (*self.newest.lock().unwrap(), &word) else {
            return word;
        };
        let Ok(FromDevice::Hello(mut hello)) = decode_from_device(frame.clone()) else {
            return word;
        };
        hello.protocol_max = newest;
        Message::Binary(encode_from_device(&FromDevice::Hello(hello)).unwrap())
    }

    /// What the machine is told in the place of this frame.
    fn meddled(&self, frame: Vec<u8>) -> Vec<Vec<u8>> {
        let Ok(ToDevice::Signed(word)) = decode_to_device(frame.clone().into()) else {
            return vec![frame];
        };
        self.recorded.lock().unwrap().push(word.clone());
        let words = (self.meddle.lock().unwrap())(word);
        let frame = |word| encode_to_device(&ToDevice::Signed(word)).unwrap().to_vec();
        words.into_iter().map(frame).collect()
    }
}

/// Who is gone hears nothing.
async fn tell(machine: &mut WebSocketStream<TcpStream>, frame: Vec<u8>) {
    let _gone = machine.send(Message::Binary(frame.into())).await;
}
