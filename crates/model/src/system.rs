//! The systems that hold the records, and the lanes they write in.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of system that asks are addressed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// Enterprise resource planning: orders and money.
    Erp,
    /// Warehouse management: stock, pick, pack, goods issue.
    Wms,
    /// Transport management and carriers: booking and milestones on the road.
    Tms,
    /// Waybill's own visibility service: customer updates and the archive.
    View,
}

impl System {
    /// The word used in subjects and settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Erp => "erp",
            Self::Wms => "wms",
            Self::Tms => "tms",
            Self::View => "view",
        }
    }

    /// The lane this system's facts are written in.
    #[must_use]
    pub const fn lane(self) -> Lane {
        match self {
            Self::Erp => Lane::Erp,
            Self::Wms => Lane::Wms,
            Self::Tms => Lane::Tms,
            Self::View => Lane::View,
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Who may write an entry of an order. Each lane has one kind of writer, and the broker's permissions hold it to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Facts of the ERP.
    Erp,
    /// Facts of a warehouse.
    Wms,
    /// Facts of a carrier or TMS.
    Tms,
    /// Facts of the visibility service.
    View,
    /// Facts an operator enters.
    Ops,
    /// Deadlines that passed.
    Clock,
    /// Decisions of the orchestrator.
    Flow,
}

impl Lane {
    /// Every lane, in the order they are shown.
    pub const ALL: [Self; 7] = [Self::Erp, Self::Wms, Self::Tms, Self::View, Self::Ops, Self::Clock, Self::Flow];

    /// The word used in subjects.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Erp => "erp",
            Self::Wms => "wms",
            Self::Tms => "tms",
            Self::View => "view",
            Self::Ops => "ops",
            Self::Clock => "clock",
            Self::Flow => "flow",
        }
    }

    /// The lane a subject's last token names.
    #[must_use]
    pub fn from_token(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.as_str() == token)
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
