//! A transport of your own: whatever carries frames both ways makes a link. Here a pipe in
//! memory with lines of hexadecimal, which is slow, and readable on a serial cable.

#![expect(clippy::print_stdout, reason = "an example prints")]

use d1_core::{FromDevice, Link, OrchestratorLink, Supervisor, TaskId, ToDevice};
use d1_protocol::{decode_from_device, decode_to_device, encode_from_device, encode_to_device};
use std::error::Error;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex};

/// Joins a cable to a link: what is said goes out as lines, what comes in is heard.
macro_rules! plug {
    ($supervisor:expr, $cable:expr, $encode:path, $decode:path) => {{
        let (ours, theirs) = Link::pair();
        let (reader, mut writer) = tokio::io::split::<DuplexStream>($cable);
        let (mut say, hear) = (theirs.rx, theirs.tx);
        $supervisor.run("cable out", async move {
            while let Some(message) = say.recv().await {
                let Ok(frame) = $encode(&message) else { return };
                let line: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
                if writer.write_all((line + "\n").as_bytes()).await.is_err() {
                    return;
                }
            }
        });
        $supervisor.run("cable in", async move {
            let mut lines = BufReader::new(reader).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let bytes = (0..line.len()).step_by(2).map(|at| line.get(at..at + 2));
                let bytes = bytes.map(|pair| u8::from_str_radix(pair?, 16).ok());
                let Some(frame) = bytes.collect::<Option<Vec<u8>>>() else { return };
                let Ok(message) = $decode(frame.into()) else { return };
                if hear.send(message).await.is_err() {
                    return;
                }
            }
        });
        ours
    }};
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (supervisor, (near, far)) = (Supervisor::default(), duplex(4096));
    let mut cloud: OrchestratorLink = plug!(supervisor, near, encode_to_device, decode_from_device);
    let mut device = plug!(supervisor, far, encode_from_device, decode_to_device);
    let task = TaskId::generate();
    cloud.tx.send(ToDevice::Forget { task, attempt: 1 }).await?;
    println!("the device hears: {:?}", device.rx.recv().await);
    device.tx.send(FromDevice::Lease(vec![task])).await?;
    println!("the cloud hears: {:?}", cloud.rx.recv().await);
    Ok(())
}
