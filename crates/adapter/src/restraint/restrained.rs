//! Which partners are spared just now, for those who ask.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::breaker::{Stand, Why};
use super::partner::{Look, Partner};

/// Where a service answers which of its partners are spared.
pub fn restrained_subject(service: &str) -> String {
    format!("{service}.restrained")
}

/// A partner whose asks do not all go at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restrained {
    /// The partner, as its subjects name it.
    pub partner: String,
    /// How many asks are held for it.
    pub held: u64,
    /// Since when its asks are held because it fails; nothing when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Why its asks are held, and when the next one goes.
    pub why: String,
}

impl Restrained {
    /// A partner at this moment; nothing when all its asks go at once.
    pub fn of(partner: &Partner, now: Instant) -> Option<Self> {
        let Look { rules, stand, held, is_behind, is_off } = partner.look(now);
        let failures = rules.breaker.map_or(0, |breaker| breaker.failures);
        let because = |why| match why {
            Why::Failures => format!("{failures} asks in a row failed"),
            Why::Silence => format!("{failures} asks in a row were not answered"),
        };
        let (since, why) = match stand {
            _ if is_off => (None, "it is switched off (`waybill partner enable` lets them go)".to_owned()),
            Stand::Closed if !is_behind => return None,
            Stand::Closed => {
                let why = match rules.rate {
                    Some(rate) => format!("they wait for its rate of {} in {:?}", rate.messages, rate.per),
                    None => "they go out now, in order".to_owned(),
                };
                (None, why)
            }
            Stand::Open { since, why, until } => {
                let left = until.saturating_duration_since(now).as_secs();
                (Some(since), format!("{}; one is sent as a try in {left} s", because(why)))
            }
            Stand::Trying { since, why, .. } => (Some(since), format!("{}; one is out as a try", because(why))),
        };
        let since = since.map(|since| ago(now.saturating_duration_since(since)));
        Some(Self { partner: partner.token.to_string(), held, since, why })
    }
}

fn ago(elapsed: Duration) -> Timestamp {
    let then = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(elapsed);
    Timestamp::from_millis(i64::try_from(then.as_millis()).unwrap_or(i64::MAX))
}
