//! An ordinary life: everything that has to work, as long as no rule is too strict.

use crate::stage::{Hands, NOON, paid, terms};
use d1_billing::{
    BillingError, BookStore, CapScope, Grant, Key, Ledger, NewHold, NewQuote, Open, Operation,
    QuoteId, Source,
};
use d1_core::{AccountId, Amount, HoldId, Timestamp};
use std::sync::Arc;

/// Lives, and tells what went wrong.
pub(super) async fn ordinary(books: Arc<dyn BookStore>) -> Result<(), BillingError> {
    let clock = Arc::new(Hands::at(NOON));
    let ledger = Ledger::new(books, clock.clone());
    for account in [AccountId::generate(), AccountId::generate()] {
        for operation in youth(account) {
            ledger.apply(Key::generate(), operation).await?;
        }
        spend(&ledger, account).await?;
    }
    clock.set(NOON + 10);
    for account in ledger.accounts(None, 9).await? {
        ledger.apply(Key::generate(), Operation::Sweep { account }).await?;
    }
    Ok(())
}

/// An account with an organisation, gifts that lapse, credits that stay, and a cap.
fn youth(account: AccountId) -> Vec<Operation> {
    let organisation = AccountId::generate();
    let (scope, most) = (CapScope::Day, Some(Amount::credits(100)));
    let until = Some(Timestamp(NOON + 10));
    vec![
        Operation::Open(terms(organisation)),
        Operation::Open(Open { organisation: Some(organisation), ..terms(account) }),
        Operation::Grant(Grant { source: Source::Gift, until, ..paid(account, 2) }),
        Operation::Grant(paid(account, 30)),
        Operation::Grant(Grant { priority: 200, until, ..paid(account, 2) }),
        Operation::SetCap { account, scope, most },
        Operation::Freeze { account, frozen: true },
        Operation::Freeze { account, frozen: false },
    ]
}

/// Charges of other sizes, each given back in parts; a hold released, one extended, one left
/// to time.
async fn spend(ledger: &Ledger, account: AccountId) -> Result<(), BillingError> {
    let say = |operation| ledger.apply(Key::generate(), operation);
    for charged in [1, 6, 4] {
        let quote = QuoteId::generate();
        let (price_list, most) = ("1".to_owned(), Amount::credits(9));
        let until = Timestamp(NOON + 10);
        say(Operation::Quote(NewQuote { id: quote, account, price_list, most, until })).await?;
        let hold = HoldId::generate();
        let new = NewHold::new(hold, account, Amount::credits(charged));
        say(Operation::Hold(NewHold { quote: Some(quote), ..new })).await?;
        let more = Amount::credits(1);
        say(Operation::Extend { hold, more, until: None }).await?;
        say(Operation::Capture { hold, charge: Amount::credits(charged) }).await?;
        for _ in 0..2 {
            say(Operation::Refund { hold, amount: Amount::micro(450_000 * charged) }).await?;
        }
    }
    let released = HoldId::generate();
    say(Operation::Hold(NewHold::new(released, account, Amount::credits(2)))).await?;
    say(Operation::Capture { hold: released, charge: Amount::ZERO }).await?;
    let left = NewHold::new(HoldId::generate(), account, Amount::credits(2));
    say(Operation::Hold(NewHold { until: Some(Timestamp(NOON + 5)), ..left })).await?;
    Ok(())
}
