//! Credits in a program of your own, with no other crate of ours than `d1-core`: open an
//! account, grant, quote, hold, charge twice by mistake, and read the statement.

#![expect(clippy::print_stdout, reason = "an example prints")]

use d1_billing::{Grant, Key, Ledger, NewHold, NewQuote, Open, Operation, QuoteId, Source};
use d1_core::{AccountId, Amount, Clock as _, HoldId, SystemClock, Timestamp};
use std::{error::Error, sync::Arc, time::Duration};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock = Arc::new(SystemClock::new());
    let ledger = Ledger::in_memory(clock.clone());
    let (account, amount) = (AccountId::generate(), Amount::credits(5));

    let open = Open { account, organisation: None, low_mark: Amount::credits(1) };
    ledger.apply(Key::generate(), Operation::Open(open)).await?;
    let (from, until) = (Timestamp(0), None);
    let grant = Grant { account, amount, priority: 100, source: Source::Paid, from, until };
    ledger.grant(Key::generate(), grant).await?;

    let (id, price_list, most) = (QuoteId::generate(), "mine".to_owned(), Amount::credits(3));
    let until = clock.now().after(Duration::from_secs(600));
    let quote = NewQuote { id, account, price_list, most, until };
    ledger.apply(Key::generate(), Operation::Quote(quote)).await?;

    let hold = NewHold { quote: Some(id), ..NewHold::new(HoldId::generate(), account, most) };
    ledger.hold(Key::generate(), hold.clone()).await?;
    let key = Key::generate();
    ledger.capture(key, hold.id, Amount::credits(2)).await?;
    ledger.capture(key, hold.id, Amount::credits(2)).await?;

    for line in ledger.statement(account, 0, 10).await?.lines {
        println!("{} {:?} {}, {} left", line.seq, line.kind, line.amount, line.after);
    }
    Ok(())
}
