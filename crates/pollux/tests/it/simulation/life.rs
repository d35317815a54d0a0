//! Days of traffic and trouble, drawn from a seed.

use std::sync::Arc;
use std::time::Duration;

use pollux::id::Dice;
use serde_json::json;
use simulator::{Fault, Script};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::call::{Ended, Order, make};
use super::plan::{KEYS_EACH, MODELS, below, one_of};
use super::world::World;

/// Milliseconds between two things that happen.
const PAUSES: &[u64] = &[0, 0, 0, 40, 900, 900, 4_000, 20_000, 70_000, 600_000, 5_400_000, 14_000_000];
/// Longer than any call may take.
const LONGEST: Duration = Duration::from_mins(40);
/// How far the gateway's wall clock is off at times.
const JUMPS: &[i64] = &[-7_200_000, -90_000, -1_500, 1_500, 90_000, 7_200_000];
/// What ends a key for good.
const DEADLY: &[&str] =
    &["403-leaked", "403-suspended", "400-key-invalid", "400-key-expired", "401", "429-billing"];
/// What costs real time and shows nothing here.
const LEFT_OUT: &[&str] = &["big-image", "413"];

/// What happened to the calls of a life.
pub(super) struct Life {
    world: Arc<World>,
    dice: Dice,
    calls: JoinSet<Ended>,
    next: usize,
    pub(super) ended: Vec<Ended>,
    /// Keys that Google has said something deadly about.
    pub(super) accused: Vec<Accusation>,
}

/// Something deadly that Google said about a key.
#[derive(Clone, Debug)]
pub(super) struct Accusation {
    project: u32,
    key: u32,
    fault: &'static str,
}

impl Accusation {
    pub(super) fn project(&self) -> u32 {
        self.project
    }

    /// Whether it may be the end of this key.
    pub(super) fn is_about(&self, label: &str) -> bool {
        let of_all = matches!(self.fault, "403-suspended" | "429-billing");
        label == format!("p{}k{}", self.project, self.key)
            || (of_all && label.starts_with(&format!("p{}k", self.project)))
    }
}

impl Life {
    pub(super) fn new(world: Arc<World>) -> Self {
        let dice = Dice::seeded(world.plan.seed ^ 0x6c69_6665);
        Self { world, dice, calls: JoinSet::new(), next: 0, ended: Vec::new(), accused: Vec::new() }
    }

    /// Traffic and trouble, until the steps are used up.
    pub(super) async fn live(&mut self) {
        for _ in 0..self.world.plan.steps {
            sleep(Duration::from_millis(one_of(&self.dice, PAUSES))).await;
            self.trouble().await;
            let burst = one_of(&self.dice, &[1, 1, 1, 2, 5, 14]);
            for _ in 0..burst {
                self.call();
            }
            self.gather();
        }
        self.settle().await;
    }

    /// All is well with Google again, and every call has come to its end.
    pub(super) async fn settle(&mut self) {
        let all = timeout(LONGEST, async {
            while let Some(ended) = self.calls.join_next().await {
                self.ended.push(ended.unwrap());
            }
        });
        assert!(all.await.is_ok(), "a call does not end");
        self.world.simulator.set_script(Script::default());
        self.world.wires.heal();
    }

    /// So many calls at once for one model, none of them by a private user and none given up.
    pub(super) async fn round(&mut self, calls: u64, model: &'static str) -> Vec<Ended> {
        for _ in 0..calls {
            let order =
                Order { number: self.next, user: 0, model, streamed: false, length: 20, leaves_after: None };
            self.send(order);
            // One after the other: nobody stands in another's way.
            sleep(Duration::from_millis(1)).await;
        }
        let before = self.ended.len();
        self.settle().await;
        self.ended[before..].to_vec()
    }

    fn call(&mut self) {
        let dice = &self.dice;
        // Who leaves at once may leave a request behind that the gateway counts and Google never saw.
        let at_once = if self.world.plan.is_calm() { None } else { Some(0) };
        let leaves = [None, None, None, None, at_once, Some(30), Some(1_500), Some(15_000)];
        let order = Order {
            number: self.next,
            user: usize::try_from(below(dice, self.world.users.len() as u64)).unwrap(),
            model: one_of(dice, &[MODELS[0], MODELS[0], MODELS[1]]),
            streamed: below(dice, 2) == 0,
            length: usize::try_from(below(dice, 400)).unwrap(),
            leaves_after: one_of(dice, &leaves).map(Duration::from_millis),
        };
        self.send(order);
    }

    fn send(&mut self, order: Order) {
        self.next += 1;
        self.calls.spawn(make(Arc::clone(&self.world), order));
    }

    fn gather(&mut self) {
        while let Some(ended) = self.calls.try_join_next() {
            self.ended.push(ended.unwrap());
        }
    }

    async fn trouble(&mut self) {
        let world = Arc::clone(&self.world);
        let plan = &world.plan;
        if plan.faults && below(&self.dice, 3) == 0 {
            self.fault();
        }
        if plan.faults && below(&self.dice, 15) == 0 {
            self.outage();
        }
        if plan.jumps && below(&self.dice, 10) == 0 {
            let by = one_of(&self.dice, JUMPS);
            world.tell(format_args!("the wall clock jumps by {by}"));
            world.course.jump(by);
        }
        if plan.restarts && below(&self.dice, 25) == 0 {
            let gently = below(&self.dice, 2) == 0;
            world.tell(format_args!("restart, gently: {gently}"));
            // Calls under way go on with the gateway that took them.
            world.restart(gently).await;
        }
    }

    /// Google fails the next calls.
    fn fault(&mut self) {
        let names: Vec<&'static str> = Fault::names().filter(|name| !LEFT_OUT.contains(name)).collect();
        let mut name = one_of(&self.dice, &names);
        let project = u32::try_from(below(&self.dice, self.world.plan.limits.len() as u64)).unwrap();
        let key = u32::try_from(below(&self.dice, u64::from(KEYS_EACH))).unwrap();
        let mut rule = json!({ "times": 1 + below(&self.dice, 4) });
        if DEADLY.contains(&name) {
            // Some keys must be left.
            if project == 0 || below(&self.dice, 2) == 0 {
                name = "503";
            } else {
                rule["key"] = json!(format!("p{project}k{key}"));
                self.accused.push(Accusation { project, key, fault: name });
            }
        } else if below(&self.dice, 2) == 0 {
            rule["project"] = json!(project);
        }
        let number = match name {
            "slow-first" => one_of(&self.dice, &[":300", ":12000", ":130000"]),
            "slow-chunks" => one_of(&self.dice, &[":200", ":20000"]),
            "dribble" => one_of(&self.dice, &["", ":3"]),
            _ => "",
        };
        rule["fault"] = json!(format!("{name}{number}"));
        self.world.tell(format_args!("trouble: {rule}"));
        let script = json!({ "append": true, "rules": [rule] });
        self.world.simulator.set_script(Script::from_json(&script.to_string()).unwrap());
    }

    /// The network fails.
    fn outage(&mut self) {
        let connections = u32::try_from(1 + below(&self.dice, 4)).unwrap();
        let kind = below(&self.dice, 3);
        self.world.tell(format_args!("outage: kind {kind}, {connections} connections"));
        match kind {
            0 => self.world.wires.refuse(connections),
            1 => self.world.wires.fall_silent(connections),
            _ => self.world.wires.cut(),
        }
    }
}
