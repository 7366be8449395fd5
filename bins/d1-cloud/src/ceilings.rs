//! How much anybody may ask, and how many may be there.

use clap::Args;

/// How much anybody may ask in a minute, and how many may be there at once. They are generous:
/// they stop what went wrong, not people.
#[derive(Clone, Copy, Debug, Args)]
pub struct Ceilings {
    /// Requests from one address in a minute: a machine behind which many people may be
    #[arg(long, env = "D1_MOST_ADDRESS", value_name = "REQUESTS", default_value_t = 6_000, value_parser = some())]
    pub most_address: u32,
    /// Looks of one account in a minute: fifty in a second, as scripts may that wait for an end
    #[arg(long, env = "D1_MOST_READS", value_name = "REQUESTS", default_value_t = 3_000, value_parser = some())]
    pub most_reads: u32,
    /// Changes by one account in a minute
    #[arg(long, env = "D1_MOST_WRITES", value_name = "REQUESTS", default_value_t = 120, value_parser = some())]
    pub most_writes: u32,
    /// Links of the devices of one account in a minute: all of a large fleet after an outage
    #[arg(long, env = "D1_MOST_LINKS", value_name = "LINKS", default_value_t = 1_200, value_parser = some())]
    pub most_links: u32,
    /// Changes to one device in a minute, which does them one after the other
    #[arg(long, env = "D1_MOST_DEVICE", value_name = "REQUESTS", default_value_t = 60, value_parser = some())]
    pub most_device: u32,
    /// Devices that are linked to this server at once; fewer when fewer files may be open
    #[arg(long, env = "D1_MOST_DEVICES", value_name = "LINKS", default_value_t = 12_000, value_parser = some())]
    pub most_devices: u32,
    /// Devices that enrolled and are linked from one address at once: a building behind one
    #[arg(long, env = "D1_MOST_FROM_ADDRESS", value_name = "LINKS", default_value_t = 1_024, value_parser = some())]
    pub most_from_address: u32,
}

/// No limit of nothing: it would let nobody in.
fn some() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..)
}

#[cfg(test)]
mod tests {
    use crate::Config;
    use clap::Parser as _;

    #[test]
    fn a_limit_is_as_it_was_agreed_unless_somebody_says_otherwise_and_never_nothing() {
        let read = |args: &[&str]| Config::try_parse_from([&["d1-cloud"], args].concat());
        let usual = read(&[]).unwrap().ceilings;
        assert_eq!((usual.most_writes, usual.most_links), (120, 1_200));
        assert_eq!((usual.most_devices, usual.most_from_address), (12_000, 1_024));
        let said = read(&["--most-links", "20000", "--most-from-address", "5"]).unwrap().ceilings;
        assert_eq!((said.most_links, said.most_from_address), (20_000, 5));
        assert!(read(&["--most-writes", "0"]).is_err());
    }
}
