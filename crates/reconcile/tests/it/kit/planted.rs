//! Discrepancies that are planted, and when each can be known.

use model::{Lane, Milestone, Timestamp};
use reconcile::Kind;

use super::facts::*;
use super::story::{Step, Story};

/// A discrepancy that is there, and from when on it has to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    pub kind: Kind,
    pub order: String,
    pub from: Timestamp,
    /// Between these it may be a message on its way.
    pub hidden: Option<(Timestamp, Timestamp)>,
}

impl Truth {
    /// Whether it has to be found at a cut-off.
    pub fn is_due(&self, cut_off: Timestamp) -> bool {
        self.from <= cut_off && !self.hidden.is_some_and(|(from, until)| from <= cut_off && cut_off < until)
    }
}

/// What can be wrong with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    Nothing,
    DeliveredLess,
    PackedMore,
    ShippedLess,
    InvoicedLess,
    NotBilled,
    BilledNotShipped,
    ClaimedByErp,
    GoodsIssueMissing,
    CarrierSilent,
    Late,
    FreightTooHigh,
    FreightNotBilled,
}

impl Planted {
    pub const ALL: [Self; 12] = [
        Self::DeliveredLess,
        Self::PackedMore,
        Self::ShippedLess,
        Self::InvoicedLess,
        Self::NotBilled,
        Self::BilledNotShipped,
        Self::ClaimedByErp,
        Self::GoodsIssueMissing,
        Self::CarrierSilent,
        Self::Late,
        Self::FreightTooHigh,
        Self::FreightNotBilled,
    ];

    /// The story with this wrong in it, and what is to be found.
    pub fn plant(self, story: Story) -> (Story, Vec<Truth>) {
        const CLOSING: [Step; 3] = [Step::Confirmed, Step::Billed, Step::Freight];
        const ROAD: [Step; 3] = [Step::PickedUp, Step::Issued, Step::Delivered];
        let of_first = |story: &Story, first: i64| {
            let others = (2..=story.order.lines.len() as u32).map(|line| pieces(line, 10));
            std::iter::once(pieces(1, first)).chain(others).collect::<Vec<_>>()
        };
        let story = match self {
            Self::Nothing => story,
            Self::DeliveredLess => {
                let delivered = reached_of(Milestone::TransportDelivered, story.at(2_400), of_first(&story, 8));
                story.without(&[Step::Confirmed, Step::Billed]).instead(Step::Delivered, vec![delivered])
            }
            Self::PackedMore => {
                let packed = reached_of(Milestone::FulfilmentPacked, story.at(420), of_first(&story, 12));
                story.without(&[Step::Confirmed, Step::Billed]).instead(Step::Packed, vec![packed])
            }
            Self::ShippedLess => {
                let part = |milestone, at| reached_of(milestone, story.at(at), of_first(&story, 7));
                let (issued, delivered) =
                    (part(Milestone::FulfilmentGoodsIssued, 541), part(Milestone::TransportDelivered, 2_400));
                story
                    .without(&[Step::Confirmed, Step::Billed])
                    .instead(Step::Issued, vec![issued])
                    .instead(Step::Delivered, vec![delivered])
            }
            Self::InvoicedLess => {
                let bill = billed(&story.id, 45, of_first(&story, 9));
                let told = vec![accepted(&story.id, "bill"), bill];
                story.instead(Step::Billed, told)
            }
            Self::NotBilled => story.without(&[Step::Billed]),
            Self::BilledNotShipped => {
                let bill = billed(&story.id, 50, Vec::new());
                story.without(&ROAD).without(&CLOSING).and(Step::Billed, Lane::Erp, 600, bill)
            }
            Self::ClaimedByErp => {
                let claim = reached(Milestone::TransportDelivered, story.at(700));
                story.without(&ROAD).without(&CLOSING).and(Step::Delivered, Lane::Erp, 700, claim)
            }
            Self::GoodsIssueMissing => story.without(&[Step::Issued]),
            Self::CarrierSilent => story.without(&[Step::PickedUp, Step::Delivered]).without(&CLOSING),
            Self::Late => story.without(&[Step::Picked, Step::Packed]).without(&ROAD).without(&CLOSING),
            Self::FreightTooHigh => {
                let bill = freight(&story.id, 150);
                story.instead(Step::Freight, vec![bill])
            }
            Self::FreightNotBilled => story.without(&[Step::Freight]),
        };
        let truths = self.truths(&story);
        (story, truths)
    }

    /// What is to be found, and from when on: the graces of the default policy after the last word on it.
    fn truths(self, story: &Story) -> Vec<Truth> {
        const HOUR: i64 = 60;
        let after = |told: Timestamp, hours: i64| told.plus_millis(hours * HOUR * 60_000);
        let truth = |kind, from| Truth { kind, order: story.id.clone(), from, hidden: None };
        let delivered = || story.told(Step::Delivered);
        let not_billed = || truth(Kind::NotBilled, after(delivered(), 24));
        // What never arrives is late a day after the promised one, the sixth.
        let promised = story.order.promised.unwrap().end();
        let late = || truth(Kind::Late, after(promised, 24));
        match self {
            Self::Nothing => Vec::new(),
            Self::DeliveredLess => vec![truth(Kind::Quantity, after(delivered(), 4)), not_billed(), late()],
            Self::PackedMore => vec![truth(Kind::Quantity, after(story.at(420), 4)), not_billed()],
            Self::ShippedLess => vec![truth(Kind::Quantity, after(story.told(Step::Issued), 4)), not_billed(), late()],
            Self::InvoicedLess => vec![truth(Kind::Invoiced, after(story.told(Step::Billed), 24))],
            Self::NotBilled => vec![not_billed()],
            Self::BilledNotShipped => {
                vec![truth(Kind::BilledNotShipped, after(story.told(Step::Billed), 24)), late()]
            }
            Self::ClaimedByErp => vec![truth(Kind::Status, after(story.at(700), 8)), late()],
            Self::GoodsIssueMissing => vec![truth(Kind::MilestoneMissing, after(story.told(Step::PickedUp), 8))],
            Self::CarrierSilent => vec![truth(Kind::MilestoneMissing, after(story.told(Step::Issued), 8)), late()],
            Self::Late => vec![late()],
            Self::FreightTooHigh => vec![truth(Kind::Freight, after(story.told(Step::Freight), 4))],
            Self::FreightNotBilled => vec![truth(Kind::FreightNotBilled, after(delivered(), 240))],
        }
    }
}
