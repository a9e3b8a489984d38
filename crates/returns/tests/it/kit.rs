//! Given these facts, when that happens, then this is decided.

use std::time::Duration;

use engine::{Content, Entry, EntryId, FactId, Folded, Key, Layout, Source, Told, WorkflowRecord, codec};
use model::{
    Answer, AskId, Booking, CancelRequest, Classifier, CustomerId, Decision, Exception, ExceptionKind, Fact, Grade,
    Inspected, Inspection, Invoice, Lane, LineId, LocationId, Milestone, MilestoneReached, Money, OrderId, Outcome,
    PartnerId, Progress, Quantity, Reason, Request, RetryRequest, ReturnAuthorisation, ReturnLine, ShipmentId, Sku,
    Timestamp, When,
};
use returns::{Policy, Returns, State, decide};

pub const RMA: &str = "R-1";
pub type Record = WorkflowRecord<Returns>;

/// A fact, who tells it, and when it comes in.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    pub lane: Lane,
    pub partner: Option<&'static str>,
    pub hour: i64,
    pub fact: Fact,
}

impl News {
    fn new(lane: Lane, fact: Fact) -> Self {
        let partner = match lane {
            Lane::Erp => Some("erp-1"),
            Lane::Wms => Some("wms-1"),
            Lane::Tms => Some("tms-1"),
            Lane::View | Lane::Ops | Lane::Clock | Lane::Flow => None,
        };
        Self { lane, partner, hour: 1, fact }
    }

    pub const fn at(mut self, hour: i64) -> Self {
        self.hour = hour;
        self
    }

    pub const fn by(mut self, lane: Lane) -> Self {
        self.lane = lane;
        self
    }

    pub const fn from(mut self, partner: &'static str) -> Self {
        self.partner = Some(partner);
        self
    }

    /// What the fact is known by: who says what, and for a stranger that it is one.
    fn id(&self) -> FactId {
        FactId::of(&[self.partner.unwrap_or("-").as_bytes(), &codec::encode(&self.fact).unwrap()])
    }
}

pub fn hour(hours: i64) -> Timestamp {
    Timestamp::from_millis(1_772_500_000_000 + hours * 3_600_000)
}

fn line(number: &str) -> LineId {
    LineId::new(number).unwrap()
}

/// Five pieces of line 1, for no reason given, and two of line 2, damaged; fetched by a carrier if one is named.
pub fn goods(tms: Option<&str>) -> ReturnAuthorisation {
    let of = |number: &str, amount, reason| ReturnLine {
        line: line(number),
        sku: Sku::new(&format!("sku-{number}")).unwrap(),
        quantity: Quantity::each(amount),
        reason,
    };
    ReturnAuthorisation {
        order: OrderId::new("SO-1").unwrap(),
        erp: PartnerId::new("erp-1").unwrap(),
        customer: CustomerId::new("acme").unwrap(),
        wms: PartnerId::new("wms-1").unwrap(),
        location: LocationId::new("dc-1").unwrap(),
        tms: tms.map(|tms| PartnerId::new(tms).unwrap()),
        from: None,
        lines: vec![of("1", 5, Reason::Unknown), of("2", 2, Reason::GoodsDamaged)],
    }
}

pub fn authorised(goods: &ReturnAuthorisation) -> News {
    News::new(Lane::Ops, Fact::ReturnAuthorised(goods.clone()))
}

fn parts(amounts: &[(&str, i64)]) -> Vec<Progress> {
    let part = |(number, amount): &(&str, i64)| Progress {
        line: line(number),
        quantity: Quantity::each(*amount),
        location: None,
    };
    amounts.iter().map(part).collect()
}

pub fn reached(lane: Lane, milestone: Milestone, amounts: &[(&str, i64)]) -> News {
    let fact = Fact::Milestone(MilestoneReached {
        milestone,
        classifier: Classifier::Actual,
        occurred: When::exact(hour(1)),
        shipment: None,
        parcel: None,
        place: None,
        lines: parts(amounts),
        code: None,
    });
    News::new(lane, fact)
}

pub fn picked_up() -> News {
    reached(Lane::Tms, Milestone::TransportPickedUp, &[])
}

pub fn received(amounts: &[(&str, i64)]) -> News {
    reached(Lane::Wms, Milestone::TransportReturned, amounts)
}

pub fn inspected(found: &[(&str, i64, Grade)]) -> News {
    let one = |(number, amount, grade): &(&str, i64, Grade)| Inspected {
        line: line(number),
        quantity: Quantity::each(*amount),
        grade: *grade,
    };
    News::new(Lane::Wms, Fact::Inspected(Inspection { lines: found.iter().map(one).collect() }))
}

pub fn all_sound() -> News {
    inspected(&[("1", 5, Grade::Sound), ("2", 2, Grade::Sound)])
}

pub fn booked() -> News {
    let booking = Booking {
        shipment: ShipmentId::new("r1").unwrap(),
        tms: PartnerId::new("tms-1").unwrap(),
        carrier: "DHL".to_owned(),
        tracking: "T-9".to_owned(),
        charge: None,
    };
    News::new(Lane::Tms, Fact::Booked(booking))
}

pub fn credited(amounts: &[(&str, i64)]) -> News {
    let total = Money { amount: 10.into(), currency: model::Currency::new("EUR").unwrap() };
    News::new(Lane::Erp, Fact::Credited(Invoice { number: "CM-1".to_owned(), total, lines: parts(amounts) }))
}

pub fn ask_id(kind: &str) -> AskId {
    AskId::new(&format!("{RMA}/{kind}")).unwrap()
}

fn answered(kind: &str, outcome: Outcome) -> News {
    let lane = match kind.split('#').next().unwrap() {
        "expect_return" | "cancel_return" => Lane::Wms,
        "collect" | "cancel_collection" => Lane::Tms,
        "credit" => Lane::Erp,
        "update_return" => Lane::View,
        other => panic!("nobody is asked to {other}"),
    };
    News::new(lane, Fact::Answered(Answer { ask: ask_id(kind), outcome }))
}

pub fn accepted(kind: &str) -> News {
    answered(kind, Outcome::Accepted)
}

pub fn refused(kind: &str) -> News {
    answered(kind, Outcome::Refused { reason: Reason::Unknown, detail: None })
}

pub fn failed(kind: &str) -> News {
    answered(kind, Outcome::Failed { detail: "down".to_owned() })
}

pub fn cancelled() -> News {
    let request = CancelRequest { reason: Reason::RecipientCancelled, detail: None };
    News::new(Lane::Ops, Fact::CancelRequested(request))
}

pub fn wanted_again(kind: &str) -> News {
    News::new(Lane::Ops, Fact::RetryRequested(RetryRequest { ask: ask_id(kind) }))
}

pub fn mismatch() -> ExceptionKind {
    ExceptionKind::QuantityMismatch(ShipmentId::new("r1").unwrap())
}

pub fn waived(kind: ExceptionKind, detail: &str) -> News {
    News::new(Lane::Ops, Fact::Waived(Exception { kind, detail: detail.to_owned() }))
}

/// What is known of a return, and the policy.
#[derive(Clone)]
pub struct Given {
    folded: Folded<Returns>,
    policy: Policy,
    next: u64,
}

/// Given that this was told, each in an entry of its own.
pub fn given(news: impl IntoIterator<Item = News>) -> Given {
    Given { folded: Folded::new(&Key::of(RMA)), policy: Policy::default(), next: 1 }.then(news)
}

impl Given {
    /// Under this policy, in TOML.
    pub fn policy(mut self, toml: &str) -> Self {
        self.policy = Policy::load("returns.toml", toml).unwrap();
        self
    }

    /// And then this was told, each in an entry of its own.
    pub fn then(mut self, news: impl IntoIterator<Item = News>) -> Self {
        for news in news {
            self.fold(|sequence| record(sequence, &news));
        }
        self
    }

    /// And the orchestrator decided; deciding again adds nothing.
    pub fn decided(mut self) -> Self {
        let decisions = self.decisions();
        if !decisions.is_empty() {
            let now = self.folded.now();
            self.fold(|sequence| flow(sequence, now, decisions));
        }
        assert_eq!(in_words(&self.decisions(), self.now()), Vec::<String>::new(), "deciding again adds something");
        self
    }

    /// And this deadline passed.
    pub fn due(mut self, name: &str) -> Self {
        let at = *self.state().deadlines().get(name).unwrap_or_else(|| panic!("there is no deadline {name}"));
        let content = Content::Due { name: name.to_owned(), at };
        self.fold(|sequence| entry(sequence, at, Layout::CLOCK, content));
        self
    }

    fn fold(&mut self, entry: impl FnOnce(u64) -> Record) {
        let entry = entry(self.next);
        self.next += 1;
        assert!(self.folded.apply(&entry));
    }

    pub fn decisions(&self) -> Vec<Decision> {
        decide(self.state(), &self.policy, self.now())
    }

    /// Then this is decided, and nothing else.
    #[track_caller]
    pub fn decides(&self, expected: &[&str]) {
        assert_eq!(in_words(&self.decisions(), self.now()), expected);
    }

    pub fn problems(&self) -> Vec<String> {
        self.state().exceptions().map(|open| format!("{}: {}", open.kind, open.detail)).collect()
    }

    pub fn state(&self) -> &State {
        self.folded.state()
    }

    pub fn now(&self) -> Timestamp {
        self.folded.now()
    }

    pub fn stage(&self) -> &'static str {
        returns::status(self.state()).unwrap().stage.as_str()
    }
}

/// The entry that tells something.
pub fn record(sequence: u64, news: &News) -> Record {
    let source = Source {
        service: format!("{}-adapter", news.lane),
        partner: news.partner.map(str::to_owned),
        message: None,
        profile: None,
        profile_name: None,
        inbox: None,
        received: hour(news.hour),
        operator: None,
    };
    let facts = vec![Told { id: news.id(), fact: news.fact.clone() }];
    entry(sequence, hour(news.hour), news.lane.as_str(), Content::Facts { source, facts })
}

/// The entry that decides something.
pub fn flow(sequence: u64, now: Timestamp, decisions: Vec<Decision>) -> Record {
    entry(sequence, now, Layout::FLOW, Content::Decisions { seen: sequence - 1, now, decisions })
}

fn entry(sequence: u64, recorded: Timestamp, lane: &'static str, content: Content<Fact, Decision>) -> Record {
    let id = EntryId::of(&[lane.as_bytes(), &sequence.to_be_bytes()]);
    Record { sequence, recorded, lane, entry: Entry { id, content } }
}

/// Each decision as one line of words.
pub fn in_words(decisions: &[Decision], now: Timestamp) -> Vec<String> {
    decisions.iter().map(|decision| words(decision, now)).collect()
}

fn words(decision: &Decision, now: Timestamp) -> String {
    match decision {
        Decision::Commit(_) => "commit".to_owned(),
        Decision::Split(_) => "split".to_owned(),
        Decision::Ask(ask) => format!("ask {} {}{}", ask.partner, ask.id, request(&ask.request)),
        Decision::Deadline(deadline) => {
            let millis = u64::try_from(deadline.at.as_millis() - now.as_millis()).expect("a deadline lies ahead");
            format!("wait {} for {}", humantime::format_duration(Duration::from_millis(millis)), deadline.name)
        }
        Decision::Raise(problem) => format!("raise {}: {}", problem.kind, problem.detail),
        Decision::Resolve(kind) => format!("resolve {kind}"),
        Decision::End(end) => format!("end {end:?}").to_lowercase(),
    }
}

fn request(request: &Request) -> String {
    match request {
        Request::Credit { lines, .. } => {
            let parts: Vec<String> =
                lines.iter().map(|part| format!("{} of line {}", part.quantity, part.line)).collect();
            format!(": {}", if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") })
        }
        Request::UpdateReturn { outcome, .. } => format!(": {outcome}"),
        Request::CancelCollection { undoes, .. } | Request::CancelReturn { undoes, .. } => format!(": {undoes}"),
        Request::Allocate { .. }
        | Request::Book { .. }
        | Request::ConfirmShipment { .. }
        | Request::Bill { .. }
        | Request::CancelAllocation { .. }
        | Request::CancelBooking { .. }
        | Request::ConfirmCancellation { .. }
        | Request::UpdateCustomer { .. }
        | Request::ExpectReturn { .. }
        | Request::Collect { .. } => String::new(),
    }
}
