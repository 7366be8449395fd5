//! A link to a PostgreSQL server that breaks when a test wants it to: just before something is
//! done, just after, or while nobody knows.

use crate::stage::{Place, Stage};
use d1_billing::{Ledger, PostgresBooks};
use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    task::JoinSet,
};

/// The name of a server's socket in its directory.
const SOCKET: &str = ".s.PGSQL.5432";
/// How a client asks for a commit: a simple query.
const COMMIT: &[u8] = b"COMMIT\0";

/// When a link breaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Break {
    /// The server never hears of the commit.
    Before,
    /// The server was told, and nobody waited for it.
    During,
    /// The server has answered, and its answer is lost.
    After,
}

/// What is asked of the server when the link breaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum At {
    /// To commit.
    Commit,
    /// Whatever comes next; for accounts that are known by heart, the only thing there is.
    Next,
}

/// Breaks there once, and never again.
pub(crate) type Plan = Arc<Mutex<Option<(At, Break)>>>;

/// Another process on the same books, by a link that can be broken.
pub(crate) async fn linked(stage: &Stage) -> (Ledger, Plan) {
    let Place::Postgres { url, supervisor, .. } = &stage.place else { panic!("no link to these") };
    let (_, server) = url.split_once("?host=").unwrap();
    let here = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(here.path().join(SOCKET)).unwrap();
    let plan = Plan::default();
    let (socket, breaks) = (PathBuf::from(server).join(SOCKET), plan.clone());
    let url = url.replace(server, here.path().to_str().unwrap());
    supervisor.run("link", async move {
        let _as_long_as_it_links = here;
        let mut links = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            links.spawn(link(client, socket.clone(), breaks.clone()));
        }
    });
    let books = PostgresBooks::open(&url, supervisor).await.unwrap();
    (Ledger::new(Arc::new(books), stage.clock.clone()), plan)
}

/// Passes on what each says until one is done, or the link breaks.
async fn link(mut client: UnixStream, socket: PathBuf, breaks: Plan) -> io::Result<()> {
    let mut server = UnixStream::connect(socket).await?;
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            size = client.read(&mut asked) => {
                let asked = &asked[..size?];
                let is_commit = asked.windows(COMMIT.len()).any(|part| part == COMMIT);
                let is_there = |(at, _): &mut (At, Break)| *at == At::Next || is_commit;
                let cut = breaks.lock().unwrap().take_if(is_there).map(|(_at, cut)| cut);
                if asked.is_empty() || cut == Some(Break::Before) {
                    return Ok(());
                }
                server.write_all(asked).await?;
                match cut {
                    Some(Break::During) => return Ok(()),
                    Some(Break::After) => return server.read(&mut answered).await.map(drop),
                    Some(Break::Before) | None => {}
                }
            }
            size = server.read(&mut answered) => {
                let answered = &answered[..size?];
                if answered.is_empty() {
                    return Ok(());
                }
                client.write_all(answered).await?;
            }
        }
    }
}
