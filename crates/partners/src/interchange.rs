//! Interchanges by their control numbers: what tells somebody that one is missing, or came twice. For X12 and EDIFACT.
//!
//! | | X12 | EDIFACT |
//! |---|---|---|
//! | sender | `ISA05:ISA06`, such as `ZZ:SPDY` | the components of `UNB` 0004, such as `5412345000013:14` |
//! | receiver | `ISA07:ISA08` | those of `UNB` 0010 |
//! | number | `ISA13` | `UNB` 0020, which need not be a number |
//!
//! Senders count per receiver. Within a message a number that comes twice is a fault of the message; across messages it is the
//! reader's to remember.

use sha2::{Digest, Sha256};

use crate::acknowledge::components;
use crate::format::Segments;
use crate::format::heard::{Heard, HeardKind};

/// The most interchanges of one message whose numbers are told; those beyond are read all the same.
pub const MAX_INTERCHANGES: usize = 1_000;

/// The longest sender, receiver or number, in letters; longer ones are cut.
pub const MAX_PARTY: usize = 110;

/// An interchange as its sender numbered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interchange {
    /// Who sent it, as the interchange says.
    pub sender: String,
    /// Who was to receive it.
    pub receiver: String,
    /// Its control number as it is written, without blanks around it; never empty.
    pub number: String,
    /// Half of a SHA-256 over its text from the opening segment to the closing one: the same for the same content.
    pub digest: [u8; 16],
}

impl Interchange {
    /// The interchanges of a text, in order; not those without a number, of which nothing can be said.
    pub(crate) fn all(heard: &[Heard], segments: Segments, text: &str) -> Vec<Self> {
        let interchanges = heard.iter().filter(|heard| heard.kind == HeardKind::Interchange);
        interchanges.filter_map(|heard| Self::of(heard, segments, text)).take(MAX_INTERCHANGES).collect()
    }

    fn of(heard: &Heard, segments: Segments, text: &str) -> Option<Self> {
        let said = |nth: &str| -> String {
            let joined = components(&heard.opening, nth, MAX_PARTY).join(":");
            joined.chars().take(MAX_PARTY).collect()
        };
        let pair = |qualifier: &str, id: &str| format!("{}:{}", said(qualifier), said(id));
        let (sender, receiver, number) = match segments {
            Segments::X12 => (pair("05", "06"), pair("07", "08"), said("13")),
            Segments::Edifact => (said("2"), said("3"), said("5")),
        };
        let number = number.trim().to_owned();
        // One that is not closed has what is left of the text.
        let content = text.get(heard.begins..heard.ends.unwrap_or(text.len())).unwrap_or_default();
        let hash = Sha256::digest(content.trim_end());
        let digest = std::array::from_fn(|place| hash[place]);
        (!number.is_empty()).then_some(Self { sender, receiver, number, digest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Profile;

    fn read(format: &str, raw: &str) -> Vec<Interchange> {
        let profile = format!(
            "partner = \"p\"\nsystem = \"erp\"\nversion = 1\n[in.m]\nformat = \"{format}\"\norder = \"none\"\n\
             [[in.m.facts]]\nkind = \"cancel_requested\"\nreason = {{ value = \"unknown\" }}\n"
        );
        let read = Profile::load("p.toml", &profile).unwrap().read("m", raw.as_bytes(), Default::default());
        assert!(read.told.is_err(), "its numbers are told whatever else it says");
        read.interchanges
    }

    fn x12(number: usize, order: &str) -> String {
        format!(
            "ISA*00*          *00*          *ZZ*SPDY           *01*US             *261125*1015*U*00501*{number:09}*0*P*>~\n\
             GS*QM*SPDY*US*20261125*1015*1*X*005010~\nST*214*0001~B10*{order}~SE*3*0001~GE*1*1~\nIEA*1*{number:09}~\n"
        )
    }

    #[test]
    fn an_interchange_is_the_same_wherever_in_a_message_it_stands() {
        let all = read("x12", &(x12(41, "A") + &x12(42, "A") + &x12(41, "B")));
        let numbers: Vec<&str> = all.iter().map(|own| own.number.as_str()).collect();
        assert_eq!(numbers, ["000000041", "000000042", "000000041"]);
        assert_eq!((all[0].sender.as_str(), all[0].receiver.as_str()), ("ZZ:SPDY", "01:US"));
        assert_eq!(read("x12", &format!("\u{feff}\n{}", x12(41, "B"))), [all[2].clone()]);
        assert_ne!(all[0].digest, all[2].digest);
    }

    #[test]
    fn edifact_names_its_parties_by_components() {
        let one = |number: &str| {
            format!(
                "UNB+UNOC:3+5412345000013:14+ACME+261125:1015+{number}'UNH+1+ORDERS:D:96A:UN'BGM+220+7'UNT+3+1'UNZ+1+{number}'"
            )
        };
        let all = read("edifact", &format!("UNA:+.? '{}UNA:+.? '{}", one("A7"), one("8")));
        let said: Vec<_> = all.iter().map(|own| (&*own.sender, &*own.receiver, &*own.number)).collect();
        assert_eq!(said, [("5412345000013:14", "ACME", "A7"), ("5412345000013:14", "ACME", "8")]);
        assert_eq!(read("edifact", &one("8"))[0], all[1], "what stands before it is none of it");
    }

    #[test]
    fn one_that_is_cut_off_has_come_all_the_same() {
        let whole = x12(41, "A");
        let cut = read("x12", whole.split("SE*").next().unwrap());
        assert_eq!((cut.len(), cut[0].number.as_str()), (1, "000000041"));
        assert_ne!(cut[0].digest, read("x12", &whole)[0].digest);
        assert_eq!(read("x12", &x12(41, "A").replace("*000000041*", "*         *")), []);
        assert_eq!(read("json", "{}"), []);
    }
}
