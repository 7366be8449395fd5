//! One connection of the command, from its first packet to its end.

use super::{
    http,
    meter::Metered,
    raw,
    rule::{HTTP, HTTPS},
    tls::{self, pass_on},
    world::{Open, Target, World},
};
use d1_core::NetworkAsk;
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// What is read of somebody who was turned away, so that the answer arrives.
const MOST_UNHEARD: u64 = 64 * 1024;

/// Serves it to its end, or until it has been silent for too long.
pub(super) async fn serve(world: Arc<World>, command: TcpStream) {
    let Ok(called) = command.local_addr() else { return };
    let address = called.ip().to_canonical().to_string();
    let refuse = |host: &str, reason| {
        world.refuse(NetworkAsk::Connection, host, (&address, called.port()), reason);
    };
    let _place = match world.meter.admit() {
        Ok(place) => place,
        Err(reason) => return refuse("", reason),
    };
    command.set_nodelay(true).unwrap_or_default();
    let target = match world.target(called) {
        Ok(target) => target,
        Err((host, reason)) => {
            refuse(&host, reason);
            let away = turn_away(&world, command, called.port());
            let _it_is_gone = timeout(world.meter.budget.greeting(), away).await;
            return;
        }
    };
    let line = world.meter.line();
    let command = Metered { inner: command, line: Arc::clone(&line) };
    tokio::select! {
        () = served(&world, target, called.port(), command) => {}
        () = line.idle() => {}
    }
}

async fn served(world: &Arc<World>, target: Target, port: u16, mut command: Metered<TcpStream>) {
    match (target, port) {
        (Target::Named(host), HTTPS) => tls::serve(world, (&host, port), command).await,
        (Target::Named(host), HTTP) => http::serve(world, (&host, port), command).await,
        (Target::Named(host), _) => raw::serve(world, (&host, port), command).await,
        (Target::Address(address), _) => {
            let to = SocketAddr::new(address, port);
            let Ok(called) = world.call_address(to).await else { return };
            let line = Arc::clone(&command.line);
            let _open = Open { world: Arc::clone(world), ticket: called.ticket, line };
            pass_on(Vec::new(), &mut command, called.stream).await;
        }
    }
}

/// Says no in the words of the port, and hears out whoever still speaks.
async fn turn_away(world: &Arc<World>, mut command: TcpStream, port: u16) {
    match port {
        HTTP => http::turn_away(world, command).await,
        HTTPS => {
            tls::turn_away(&mut command).await;
            let mut unheard = command.take(MOST_UNHEARD);
            let _it_is_gone = tokio::io::copy(&mut unheard, &mut tokio::io::sink()).await;
        }
        _ => {
            let _it_is_gone = command.shutdown().await;
        }
    }
}
