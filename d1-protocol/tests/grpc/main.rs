//! Credits over gRPC: every word survives, every refusal is told, and no bytes do harm.

#[cfg(test)]
mod bytes;
#[cfg(test)]
mod clerk;
#[cfg(test)]
mod patience;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod words;
