//! The link language: every word survives the way there, and no bytes do harm.

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod by_hand;
#[cfg(test)]
mod elements;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod nouns;
#[cfg(test)]
mod numbers;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod seed;
#[cfg(all(feature = "client", feature = "grpc"))]
#[cfg(test)]
mod setups;
#[cfg(test)]
mod values;
