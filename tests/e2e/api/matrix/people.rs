//! Everybody there is, and a cloud in which something of each kind is Anna's.

use crate::sign_in::{ask, by_browser};
use d1_core::{
    Clock as _, DeviceId, Role, Scope, Scopes, SystemClock, Timestamp, memory::ManualClock,
};
use d1_orchestrator::{AccessTokens, Bearer, Keys, SqliteIdentity};
use d1_protocol::ApiClient;
use d1_world::{AptRoot, CloudDesk, Desk, Server};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// Somebody who asks: how, and what they may; nothing when nobody is known by it.
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) field: Option<String>,
    may: Option<Scopes>,
}

impl Person {
    fn stranger(name: &'static str, field: Option<&str>) -> Self {
        Self { name, field: field.map(str::to_owned), may: None }
    }

    fn known(name: &'static str, token: &str, may: Scopes) -> Self {
        Self { name, field: Some(format!("Bearer {token}")), may: Some(may) }
    }

    /// Whether they are let in where this is needed: else whether they are known at all.
    pub(super) fn is_let_in(&self, need: &str) -> Result<(), bool> {
        match (&self.may, need) {
            (_, "-") | (Some(_), "*") => Ok(()),
            (None, _) => Err(false),
            (Some(may), scope) if may.has(scope.parse().unwrap()) => Ok(()),
            (Some(_), _) => Err(true),
        }
    }
}

/// Anna's cloud, with something of each kind that is hers.
pub(super) struct Scene {
    pub(super) cloud: CloudDesk,
    pub(super) token: String,
    things: BTreeMap<&'static str, String>,
    _daemon: Server,
    _machine: (AptRoot, Desk),
}

impl Scene {
    pub(super) async fn new() -> Self {
        let cloud = CloudDesk::start();
        for name in ["anna", "bert", "carl", "vera"] {
            cloud.add_user(name);
        }
        // Vera looks at what is hers, and may do no more.
        for args in [["bert", "vera", "owner"], ["vera", "vera", "viewer"]] {
            let [who, whose, role] = args;
            let said = cloud.operate(&["users", "role", who, "--in", whose, "--as", role], "");
            assert_eq!(said.code, 0, "{}", said.stderr);
        }
        let apt = AptRoot::usual();
        let machine = Desk::at(&apt);
        let file = machine.state("pat");
        std::fs::write(&file, cloud.token_of("anna", "device:link")).unwrap();
        let url = cloud.http().replace("http://", "ws://");
        let daemon = machine.daemon(&["--cloud", &url, "--token-file", file.to_str().unwrap()]);
        let token = by_browser(&cloud, "anna", &Scopes::all().to_string());
        let client = ApiClient::new(&cloud.http(), &token).unwrap();
        let device = cloud.device(&client).await;
        let mut scene = Self {
            cloud,
            token,
            things: BTreeMap::new(),
            _daemon: daemon,
            _machine: (apt, machine),
        };
        scene.make_things(device);
        scene
    }

    fn make_things(&mut self, device: DeviceId) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let wish = json!({"install": ["single"], "device": device}).to_string();
        let setup = self.made(&["-d", &wish], "/api/v1/setup/create");
        let lease = json!({"amount_micro": 1_000, "seconds": 3_600}).to_string();
        let lease = ["-d", lease.as_str(), "-H", "Idempotency-Key: one"];
        let lease = self.made(&lease, "/api/v1/credits/leases");
        let token = json!({"name": "a", "scopes": "setup:read", "days": 1}).to_string();
        let token = self.made(&["-d", &token], "/api/v1/user/tokens");
        let sessions = ask(&self.cloud, &self.token, &[], "/api/v1/user/sessions").1;
        self.things = BTreeMap::from([
            ("/api/v1/setup/", text(&setup["id"])),
            ("/api/v1/devices/", device.to_string()),
            ("/api/v1/credits/leases/", text(&lease["id"])),
            // It is hers, whether it enrolled or not; nobody else is told which.
            ("/api/v1/enrolments/", device.to_string()),
            ("/api/v1/user/tokens/", text(&token["token"]["id"])),
            ("/api/v1/user/sessions/", text(&sessions["sessions"][0]["id"])),
        ]);
    }

    /// What Anna is answered that makes something.
    fn made(&self, args: &[&str], path: &str) -> Value {
        let (code, body) = ask(&self.cloud, &self.token, args, path);
        assert_eq!(code, 201, "{path}: {body}");
        body
    }

    /// Her setup.
    pub(super) fn setup(&self) -> &str {
        &self.things["/api/v1/setup/"]
    }

    /// The address of an operation, about something of hers.
    pub(super) fn about(&self, path: &str) -> String {
        let thing = self.things.iter().find(|(prefix, _)| path.starts_with(*prefix));
        let id = thing.map_or("", |(_, id)| id.as_str());
        path.replace("{id}", id).replace("{scope}", "day")
    }

    /// An access token of Anna's that the cloud signed at another time, or for somebody else.
    async fn signed(&self, at: Timestamp, audience: &str) -> String {
        let (http, clock) = (self.cloud.http(), Arc::new(ManualClock::starting_at(at)));
        let known = SqliteIdentity::open(&self.cloud.desk().state("identity.db")).unwrap();
        let keys = Keys::new(Arc::new(known), Arc::new(SystemClock::new()));
        let me = ask(&self.cloud, &self.token, &[], "/api/v1/user/me").1;
        let bearer = Bearer {
            user: me["user"].as_str().unwrap().parse().unwrap(),
            account: me["account"].as_str().unwrap().parse().unwrap(),
            session: self.things["/api/v1/user/sessions/"].parse().unwrap(),
            client: "d1-cli".to_owned(),
            scopes: Scopes::all(),
            signed_in: at,
        };
        let tokens = AccessTokens::new(http.clone(), format!("{http}{audience}"), keys, clock);
        tokens.issue(&bearer).await.unwrap()
    }

    /// Everybody who asks.
    pub(super) async fn people(&self) -> Vec<Person> {
        let now = SystemClock::new().now();
        let hours_ago = Timestamp(now.0 - 7_200_000);
        let expired = format!("Bearer {}", self.signed(hours_ago, "/api").await);
        let elsewhere = format!("Bearer {}", self.signed(now, "/other").await);
        let good = self.signed(now, "/api").await;
        let all = Scopes::all().to_string();
        let daemon: Scopes = Scope::DeviceLink.as_str().parse().unwrap();
        vec![
            Person::stranger("nobody", None),
            Person::stranger("malformed", Some("Bearer a.b.c")),
            Person::stranger("another scheme", Some("Basic YW5uYTphbm5h")),
            Person::stranger("made up", Some("Bearer d1pat_made-up")),
            Person::stranger("expired", Some(&expired)),
            Person::stranger("wrong audience", Some(&elsewhere)),
            Person::known("viewer", &by_browser(&self.cloud, "vera", &all), Role::Viewer.scopes()),
            Person::known("other tenant", &by_browser(&self.cloud, "carl", &all), Scopes::all()),
            Person::known("daemon", &self.cloud.token_of("bert", "device:link"), daemon),
            // What was forged above is refused for its time and its audience, and nothing else.
            Person::known("owner", &good, Scopes::all()),
        ]
    }

    /// That everything of hers is as it was.
    pub(super) fn nothing_changed(&self) {
        let of = |path: &str| ask(&self.cloud, &self.token, &[], path);
        let (code, setup) = of(&format!("/api/v1/setup/tasks/{}", self.setup()));
        assert_eq!((code, &setup["state"]), (200, &json!("awaiting approval")));
        for list in ["tokens", "sessions"] {
            let (code, body) = of(&format!("/api/v1/user/{list}"));
            let id = &self.things[format!("/api/v1/user/{list}/").as_str()];
            assert!(code == 200 && body.to_string().contains(id), "{list}: {body}");
        }
        let (_, balance) = of("/api/v1/user/balance");
        assert_eq!(balance["held_micro"], json!(1_000));
    }
}
