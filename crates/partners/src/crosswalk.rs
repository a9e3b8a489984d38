//! The code tables that come with Waybill: what the codes of a standard or a carrier mean, in our words.
//!
//! A profile uses them by their names, as its own tables: `table = "x12-214.milestone"`. Where a partner has codes of its own too,
//! its table goes first: `table = ["status", "x12-214.milestone"]`.
//!
//! | tables | codes |
//! |---|---|
//! | `x12-214.` `milestone`, `estimate`, `condition`, `cleared`, `why` | X12 data element 1650, the status of a shipment (AT701, AT703): what happened, what is expected, what is the matter, what no longer is, and why where the code itself says it |
//! | `x12-214.reason` | X12 1651 (AT702, AT704) |
//! | `x12-214.informational` | codes of 1650 that say nothing of a shipment |
//! | `iftsta.` `milestone`, `condition`, `why` | UN/EDIFACT 9011, which is UN/ECE recommendation 24 |
//! | `iftsta.reason` | UN/EDIFACT 9013 |
//! | `epcis.` `warehouse`, `transport`, `condition`, `reason` | EPCIS's `bizStep`, as a warehouse or a carrier means it; its `disposition` |
//! | `easypost.status`; `easypost.` `milestone`, `condition`, `reason` | EasyPost's `status`; its `status_detail` |
//! | `aftership.` `milestone`, `condition`, `reason` | AfterShip's subtags |
//! | `canadapost.` `dhl-express.` `fedex.` `ups.` `usps.` each with `milestone`, `condition`, `reason`; `dhl-universal.` `milestone`, `condition` | the carriers' own codes |
//!
//! The words `milestone` and `reason` are those of [`Milestone`](model::Milestone) and [`Reason`](model::Reason).

use toml::Spanned;
use toml::de::DeTable;

use crate::source::{ProfileError, Source};

/// A file of tables.
pub(crate) struct File {
    name: &'static str,
    text: &'static str,
}

const FILES: [File; 11] = [
    File { name: "x12-214", text: include_str!("../tables/x12-214.toml") },
    File { name: "iftsta", text: include_str!("../tables/iftsta.toml") },
    File { name: "epcis", text: include_str!("../tables/epcis.toml") },
    File { name: "easypost", text: include_str!("../tables/easypost.toml") },
    File { name: "aftership", text: include_str!("../tables/aftership.toml") },
    File { name: "canadapost", text: include_str!("../tables/canadapost.toml") },
    File { name: "dhl-express", text: include_str!("../tables/dhl-express.toml") },
    File { name: "dhl-universal", text: include_str!("../tables/dhl-universal.toml") },
    File { name: "fedex", text: include_str!("../tables/fedex.toml") },
    File { name: "ups", text: include_str!("../tables/ups.toml") },
    File { name: "usps", text: include_str!("../tables/usps.toml") },
];

impl File {
    /// The files that a profile mentions.
    pub(crate) fn mentioned(profile: &str) -> impl Iterator<Item = &'static Self> {
        FILES.iter().filter(move |file| profile.contains(&format!("{}.", file.name)))
    }

    pub(crate) const fn source(&self) -> Source<'static> {
        Source { file: self.name, text: self.text }
    }

    /// The name of one of its tables, as profiles write it.
    pub(crate) fn full_name(&self, table: &str) -> Box<str> {
        format!("{}.{table}", self.name).into()
    }

    pub(crate) fn parse(&self) -> Result<Spanned<DeTable<'static>>, ProfileError> {
        DeTable::parse(self.text).map_err(|error| {
            self.source().error(error.span().map_or(0, |span| span.start), format!("no TOML: {}", error.message()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Section;
    use model::{Milestone, Reason};

    #[test]
    fn every_code_means_something_there_is() {
        let conditions = ["delayed", "on_hold", "rerouted", "exception"];
        for file in &FILES {
            let parsed = file.parse().unwrap();
            for (table, name, _) in Section::of_file(file.source(), &parsed).entries() {
                for (word, code, _) in table.section().unwrap().entries() {
                    let word = word.text().unwrap();
                    let is_known = match name {
                        "milestone" | "estimate" | "status" | "warehouse" | "transport" => {
                            Milestone::from_name(word).is_some()
                        }
                        "condition" | "cleared" => conditions.contains(&word),
                        "reason" | "why" => Reason::from_name(word).is_some(),
                        "informational" => word == "skip",
                        _ => false,
                    };
                    assert!(is_known, "{}: {code} = {word}", file.full_name(name));
                }
            }
        }
    }

    #[test]
    fn no_code_is_both_a_milestone_and_a_condition() {
        for file in &FILES {
            let parsed = file.parse().unwrap();
            let mut seen = std::collections::HashSet::new();
            for (table, name, _) in Section::of_file(file.source(), &parsed).entries() {
                if ["milestone", "estimate", "condition", "cleared", "informational"].contains(&name) {
                    for (_, code, _) in table.section().unwrap().entries() {
                        assert!(seen.insert(code), "{}: {code}", file.full_name(name));
                    }
                }
            }
        }
    }
}
