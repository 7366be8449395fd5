//! What work costs: price lists, one after the other.

mod catalogue;
mod error;
mod list;
mod tariff;

pub use catalogue::PriceCatalogue;
pub use error::PriceError;
pub use list::PriceList;
