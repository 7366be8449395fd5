//! A price that was promised is kept, for a while, once.

use crate::stage::{NOON, Stage};
use d1_billing::{NewHold, NewQuote, Operation, QuoteId, Refusal};
use d1_core::{AccountId, Amount, HoldId, Timestamp};

fn promise(account: AccountId) -> NewQuote {
    NewQuote {
        id: QuoteId::generate(),
        account,
        price_list: "2026-11".to_owned(),
        most: Amount::credits(3),
        until: Timestamp(NOON + 1_000),
    }
}

fn hold(account: AccountId, quote: QuoteId, credits: u64) -> Operation {
    let new = NewHold::new(HoldId::generate(), account, Amount::credits(credits));
    Operation::Hold(NewHold { quote: Some(quote), ..new })
}

#[tokio::test]
async fn a_quote_binds_until_it_expires_and_pays_for_one_hold() {
    for stage in Stage::each().await {
        let account = stage.account(10).await;
        let quote = promise(account);
        stage.done(Operation::Quote(quote.clone())).await;
        let (amount, most) = (Amount::credits(4), Amount::credits(3));
        let over = Refusal::OverQuote { quote: quote.id, amount, most };
        assert_eq!(stage.refused(hold(account, quote.id, 4)).await, over);
        stage.clock.set(NOON + 999);
        stage.done(hold(account, quote.id, 3)).await;
        assert_eq!(stage.refused(hold(account, quote.id, 1)).await, Refusal::QuoteUsed(quote.id));
        let late = promise(account);
        stage.done(Operation::Quote(late.clone())).await;
        stage.clock.set(NOON + 1_000);
        assert_eq!(stage.refused(hold(account, late.id, 1)).await, Refusal::QuoteExpired(late.id));
        assert_eq!(stage.stands(account).await, [10, 3, 7]);
    }
}

#[tokio::test]
async fn a_quote_is_for_the_account_it_was_made_to() {
    for stage in Stage::each().await {
        let (account, other) = (stage.account(10).await, stage.account(10).await);
        let quote = promise(account);
        stage.done(Operation::Quote(quote.clone())).await;
        let unknown = Refusal::UnknownQuote(quote.id);
        assert_eq!(stage.refused(hold(other, quote.id, 1)).await, unknown);
        let taken = Operation::Quote(NewQuote { account: other, ..quote.clone() });
        assert_eq!(stage.refused(taken).await, Refusal::QuoteExists(quote.id));
        let nobody = QuoteId::generate();
        assert_eq!(stage.refused(hold(account, nobody, 1)).await, Refusal::UnknownQuote(nobody));
    }
}
