//! What an account in the cloud is told of its credits: over HTTP, and by `d1-doctor credits`.

use d1_core::{Amount, CapScope, SetupId};
use d1_protocol::{
    ApiClient, CreditsClient,
    api::{CapRequest, CapView, CreateRequest, EntriesQuery, EntryList, QuoteQuery},
};
use d1_world::{AptRoot, CloudDesk, Deb, Desk, Ran, run};
use futures_util::StreamExt as _;

/// A cloud in which one thing was installed and paid.
struct Paid {
    cloud: CloudDesk,
    client: ApiClient,
    charged: u64,
}

async fn install(cloud: &CloudDesk, client: &ApiClient, apt: &AptRoot) -> SetupId {
    let machine = Desk::at(apt);
    let _daemon = machine.daemon(&cloud.daemon_args());
    let device = cloud.device(client).await;
    let install = vec!["greeter".parse().unwrap()];
    let request = CreateRequest { approve: true, ..CreateRequest::of(install, device) };
    let setup = client.create(&request, Some("once")).await.unwrap();
    client.follow(setup.id, 0).collect::<Vec<_>>().await;
    cloud.until_forgotten(&machine).await;
    setup.id
}

impl Paid {
    async fn once() -> Self {
        let cloud = CloudDesk::start();
        let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
        let apt = AptRoot::with(&[Deb::new("greeter", "1.0")]);
        let setup = install(&cloud, &client, &apt).await;
        let charged = client.get(setup).await.unwrap().charged_micro;
        assert!(charged > 0);
        Self { cloud, client, charged }
    }

    async fn entries(&self, query: EntriesQuery) -> EntryList {
        self.client.credit_entries(&query).await.unwrap()
    }

    fn doctor(&self, args: &[&str]) -> Ran {
        let (http, token) = (self.cloud.http(), self.cloud.desk().state("token"));
        let who = ["--cloud", &http, "--token-file", token.to_str().unwrap()];
        self.cloud.desk().doctor(&[&["credits"], args, &who].concat())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_told_how_it_stands_and_how_it_came_to_that() {
    let paid = Paid::once().await;
    let balance = paid.client.balance().await.unwrap();
    let left = Amount::credits(1000).as_micro() - paid.charged;
    assert_eq!((balance.posted_micro, balance.available_micro), (left, left));
    assert_eq!((balance.held_micro, balance.frozen), (0, false));

    let all = paid.entries(EntriesQuery::default()).await;
    let kinds: Vec<&str> = all.entries.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["opened", "granted", "charged"]);
    assert_eq!((all.opening_micro, all.closing_micro, all.next), (0, left, None));
    let changes: i64 = all.entries.iter().map(|line| line.change_micro).sum();
    assert_eq!(u64::try_from(changes).unwrap(), left);

    let grants = paid.client.credit_grants().await.unwrap().grants;
    let [grant] = &grants[..] else { panic!("{grants:?}") };
    assert_eq!((grant.spent_micro, grant.free_micro), (paid.charged, left));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_told_in_parts_that_join_and_from_a_time_on() {
    let paid = Paid::once().await;
    let all = paid.entries(EntriesQuery { after: Some(0), ..EntriesQuery::default() }).await;
    let mut query = EntriesQuery { after: Some(0), limit: Some(1), since: None };
    let (mut joined, mut closing) = (vec![], 0);
    while query.after.is_some() {
        let part = paid.entries(query).await;
        assert_eq!(part.opening_micro, closing);
        closing = part.closing_micro;
        joined.extend(part.entries);
        query.after = part.next;
    }
    assert_eq!((joined, closing), (all.entries.clone(), all.closing_micro));

    let charged = &all.entries[2];
    let since = |since| EntriesQuery { since: Some(since), ..EntriesQuery::default() };
    assert_eq!(paid.entries(since(charged.at)).await.entries, all.entries[2..]);
    assert_eq!(paid.entries(since(charged.at + 1)).await.entries, []);
    assert_eq!(paid.entries(since(0)).await.entries, all.entries);
    let newest = EntriesQuery { limit: Some(2), ..EntriesQuery::default() };
    assert_eq!(paid.entries(newest).await.entries, all.entries[1..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_has_the_same_lines_and_says_where_it_goes_on() {
    let paid = Paid::once().await;
    let ask = |accept: &str, path: &str| {
        let accept = format!("Accept: {accept}");
        paid.cloud.curl(&["-H", &CloudDesk::bearer(), "-H", &accept], path)
    };
    let (head, body) = ask("text/csv", "/api/v1/credits/entries?after=0&limit=2");
    assert!(head.contains("\ncontent-type: text/csv; charset=utf-8; header=present\n"), "{head}");
    assert!(head.contains("\nd1-cursor: 2\n"), "{head}");
    let lines: Vec<&str> = body.lines().collect();
    assert_eq!(lines[0], "seq,time,kind,change_micro,balance_micro,hold,grant");
    assert!(lines[2].contains(",granted,1000000000,1000000000,,"), "{body}");
    assert_eq!(lines.len(), 3);
    let (head, body) = ask("text/csv;q=0.9, */*", "/api/v1/credits/entries?after=2");
    assert!(!head.contains("\nd1-cursor:"), "{head}");
    assert!(body.contains(&format!(",charged,-{},", paid.charged)), "{body}");
    let (head, body) = ask("text/csv", "/api/v1/credits/grants");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert_eq!(body.lines().count(), 2);
    for json in ["application/json, text/csv", "*/*"] {
        let (head, _) = ask(json, "/api/v1/credits/entries");
        assert!(head.contains("\ncontent-type: application/json\n"), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cap_keeps_the_next_setup_from_beginning_until_it_is_lifted() {
    let paid = Paid::once().await;
    let cap = CapRequest { most_micro: paid.charged - 1 };
    let apt = AptRoot::with(&[Deb::new("greeter", "1.0")]);
    let machine = Desk::at(&apt);
    let _daemon = machine.daemon(&paid.cloud.daemon_args());
    let device = paid.cloud.device(&paid.client).await;
    let install = vec!["greeter".parse().unwrap()];
    let request = CreateRequest::of(install, device);
    let setup = paid.client.create(&request, None).await.unwrap().id;
    for scope in [CapScope::Task, CapScope::Device, CapScope::Day, CapScope::Account] {
        let caps = paid.client.set_credit_cap(scope, cap).await.unwrap().caps;
        let used = matches!(scope, CapScope::Day | CapScope::Account).then_some(0);
        let expected = CapView { scope, most_micro: cap.most_micro, used_micro: used };
        assert_eq!(caps, [expected]);
        let refused = paid.client.approve(setup).await.unwrap_err().problem();
        assert_eq!(paid.client.get(setup).await.unwrap().asks.as_ref(), Some(&refused));
        assert_eq!(refused.code, "D1-CREDIT-403");
        assert!(refused.title.contains(&format!("the cap on the {scope} leaves")), "{refused:?}");
        assert_eq!(paid.client.get(setup).await.unwrap().state, "awaiting approval");
        assert_eq!(paid.client.lift_credit_cap(scope).await.unwrap().caps, []);
    }
    paid.client.approve(setup).await.unwrap();
    paid.client.follow(setup, 0).collect::<Vec<_>>().await;
    assert_eq!(paid.client.get(setup).await.unwrap().state, "succeeded");
}

/// Two price lists, of which the second begins in a thousand years.
const PRICES: &str = r#"
[[list]]
version = "now"
[list.steps]
install = { flat = 3, byte = { micro_credits = 1, per = 1000, up_to = 5000 } }
remove = { free = true }
service = { free = true }
group = { free = true }
file = { free = true }
exec = { free = true }
shell = { free = true }
[list.premium]
greeter = 40
[[list]]
version = "then"
from = "3026-01-01"
[list.steps]
install = { free = true }
remove = { free = true }
service = { free = true }
group = { free = true }
file = { free = true }
exec = { free = true }
shell = { free = true }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_says_what_a_setup_would_cost_and_the_setup_costs_no_more() {
    let desk = Desk::at_this_machine();
    let prices = desk.state("prices.toml");
    std::fs::write(&prices, PRICES).unwrap();
    let cloud = CloudDesk::at(desk.with("D1_PRICES", prices.to_str().unwrap()));
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let apt = AptRoot::with(&[Deb::new("greeter", "1.0")]);
    let machine = Desk::at(&apt);
    let _daemon = machine.daemon(&cloud.daemon_args());
    let device = cloud.device(&client).await;
    let query = QuoteQuery { install: "greeter".to_owned(), from: None, device };
    let quote = client.quote(&query).await.unwrap();
    assert_eq!((quote.most_micro, quote.price_list.as_str()), (48, "now"));
    assert_eq!(quote.changes_at, Some(33_324_134_400_000));
    let [step] = &quote.steps[..] else { panic!("{quote:?}") };
    assert_eq!((step.most_micro, step.flat_micro, step.rates.len()), (48, 43, 1));
    let grpc = CreditsClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    assert_eq!(grpc.quote(&query).await.unwrap(), quote);
    // To ask for a price makes no setup.
    assert_eq!(client.list(None).await.unwrap().setups, []);

    let request = CreateRequest::of(vec!["greeter".parse().unwrap()], device);
    let setup = client.create(&request, None).await.unwrap();
    assert_eq!((setup.quoted_micro, setup.price_list.as_str()), (48, "now"));
    let binds_for = setup.quoted_until.unwrap() - setup.created_at;
    assert!((3_600_000..3_610_000).contains(&binds_for), "{binds_for}");
    client.approve(setup.id).await.unwrap();
    client.follow(setup.id, 0).collect::<Vec<_>>().await;
    let charged = client.get(setup.id).await.unwrap().charged_micro;
    // Something was written, and it was counted.
    assert!((44..=48).contains(&charged), "{charged}");

    let wrong = QuoteQuery { install: "greeter,,x;y".to_owned(), ..query };
    let refused = client.quote(&wrong).await.unwrap_err().problem();
    assert_eq!(refused.code, "D1-API-005");
    assert_eq!(grpc.quote(&wrong).await.unwrap_err().problem(), refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_that_make_no_sense_are_told_at_the_start() {
    let desk = Desk::at_this_machine();
    let (prices, token) = (desk.state("prices.toml"), desk.state("token"));
    std::fs::write(&token, CloudDesk::TOKEN).unwrap();
    let start = || {
        let mut command = desk.program("d1-cloud");
        command.args(["--listen", "127.0.0.1:0", "--token-file"]).arg(&token);
        command.arg("--prices").arg(&prices);
        run(command)
    };
    let missing = start();
    assert_eq!(missing.code, 1);
    assert!(missing.stderr.contains("cannot read the prices in"), "{}", missing.stderr);
    std::fs::write(&prices, PRICES.replace("flat = 3", "flat = -1")).unwrap();
    let wrong = start();
    assert_eq!(wrong.code, 1);
    assert!(wrong.stderr.contains("the prices cannot be used"), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("integer `-1`"), "{}", wrong.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_wrongly_of_credits_is_answered_with_a_problem() {
    let cloud = CloudDesk::start();
    let bearer = CloudDesk::bearer();
    let wrong = [
        ("GET", "/api/v1/credits/entries?limit=0", "", "422", "D1-API-005"),
        ("GET", "/api/v1/credits/entries?limit=501", "", "422", "D1-API-005"),
        ("GET", "/api/v1/credits/entries?afer=1", "", "422", "D1-API-005"),
        ("GET", "/api/v1/credits/entries?after=-1", "", "422", "D1-API-005"),
        ("PUT", "/api/v1/credits/caps/month", "{\"most_micro\":1}", "404", "D1-API-003"),
        ("PUT", "/api/v1/credits/caps/day", "{\"most\":1}", "422", "D1-API-001"),
        ("PUT", "/api/v1/credits/caps/day", "{\"most_micro\":-1}", "422", "D1-API-001"),
        (
            "PUT",
            "/api/v1/credits/caps/day",
            "{\"most_micro\":18446744073709551615}",
            "422",
            "D1-API-005",
        ),
        ("POST", "/api/v1/user/balance", "", "405", "D1-API-004"),
    ];
    for (method, path, body, status, code) in wrong {
        let args = ["-X", method, "-H", &bearer, "-d", body];
        // GET with a body is not what is tested.
        let args = if body.is_empty() { &args[..4] } else { &args[..] };
        let (head, body) = cloud.curl(args, path);
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{path}: {head}\n{body}");
        assert!(body.contains(code), "{path}: {body}");
    }
    let (head, _) = cloud.curl(&[], "/api/v1/user/balance");
    assert!(head.starts_with("http/1.1 401 "), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_tells_the_same_as_the_cloud() {
    let paid = Paid::once().await;
    let account = paid.doctor(&["--json"]).json();
    assert_eq!(account["schema"], "d1.credits.v1");
    assert_eq!(
        account["balance"],
        serde_json::to_value(paid.client.balance().await.unwrap()).unwrap()
    );
    let history = paid.doctor(&["history", "--json"]).json();
    let all = paid.entries(EntriesQuery::default()).await;
    assert_eq!(history, serde_json::to_value(&all).unwrap());
    for everything in [&["history", "--all"][..], &["history", "--since", "2020-01-01"]] {
        assert_eq!(paid.doctor(&[everything, &["--json"]].concat()).json(), history);
        assert_eq!(paid.doctor(&[everything, &["--csv"]].concat()).stdout, all.to_csv(true));
    }
    let none = paid.doctor(&["history", "--since", "2999-12-31"]);
    assert_eq!((none.code, none.stdout.as_str()), (0, "nothing happened in this time\n"));
    let set = paid.doctor(&["caps", "set", "day", "2.5", "--json"]).json();
    assert_eq!(set["caps"][0]["most_micro"], 2_500_000);
    assert_eq!(
        paid.doctor(&["caps", "lift", "day", "--json"]).json()["caps"],
        serde_json::json!([])
    );
}
