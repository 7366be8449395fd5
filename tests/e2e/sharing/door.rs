//! The one address by which a machine reaches its servers, as a proxy in front of them is.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// A door that leads to one server at a time.
pub(crate) struct Door {
    address: SocketAddr,
    leads_to: Arc<Mutex<String>>,
    /// What goes through it now; dropped, it is cut.
    through: Arc<Mutex<JoinSet<()>>>,
    /// Who lets them through; dropped, nobody.
    _open: JoinSet<()>,
}

impl Door {
    /// A door to the server at this address, as `http://host:port`.
    pub(crate) async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let leads_to = Arc::new(Mutex::new(host(server)));
        let through = Arc::new(Mutex::new(JoinSet::new()));
        let (to, passing) = (Arc::clone(&leads_to), Arc::clone(&through));
        let mut open = JoinSet::new();
        open.spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let server = to.lock().unwrap().clone();
                passing.lock().unwrap().spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(server).await {
                        drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
                    }
                });
            }
        });
        Self { address, leads_to, through, _open: open }
    }

    /// Leads whoever comes from now on to another server.
    pub(crate) fn lead_to(&self, server: &str) {
        *self.leads_to.lock().unwrap() = host(server);
    }

    /// Cuts what goes through it.
    pub(crate) fn cut(&self) {
        self.through.lock().unwrap().abort_all();
    }

    /// What a daemon dials.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }
}

fn host(server: &str) -> String {
    server.replace("http://", "")
}
