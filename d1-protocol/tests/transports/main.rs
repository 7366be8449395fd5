//! Every transport sits the exam of links, and keeps its own promises besides.

#[cfg(test)]
mod memory;
#[cfg(test)]
mod patience;
#[cfg(test)]
#[cfg(unix)]
mod unix;
#[cfg(test)]
mod websocket;
