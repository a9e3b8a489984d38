//! Countries of customers and suppliers.

use std::path::Path;

use model::Country;

use super::table::{Table, TpchError};

/// The nations of TPC-H and their codes of ISO 3166-1.
const CODES: [(&str, &str); 25] = [
    ("ALGERIA", "DZ"),
    ("ARGENTINA", "AR"),
    ("BRAZIL", "BR"),
    ("CANADA", "CA"),
    ("CHINA", "CN"),
    ("EGYPT", "EG"),
    ("ETHIOPIA", "ET"),
    ("FRANCE", "FR"),
    ("GERMANY", "DE"),
    ("INDIA", "IN"),
    ("INDONESIA", "ID"),
    ("IRAN", "IR"),
    ("IRAQ", "IQ"),
    ("JAPAN", "JP"),
    ("JORDAN", "JO"),
    ("KENYA", "KE"),
    ("MOROCCO", "MA"),
    ("MOZAMBIQUE", "MZ"),
    ("PERU", "PE"),
    ("ROMANIA", "RO"),
    ("RUSSIA", "RU"),
    ("SAUDI ARABIA", "SA"),
    ("UNITED KINGDOM", "GB"),
    ("UNITED STATES", "US"),
    ("VIETNAM", "VN"),
];

/// The most customers a folder may have: one byte of memory each. TPC-H has 150,000 at scale 1.
const MAX_CUSTOMERS: u64 = 150_000_000;

/// No customer of this key.
const NOBODY: u8 = u8::MAX;

/// The country of each customer, in one byte each.
pub(super) struct Nations {
    countries: Vec<Country>,
    nation_of: Vec<u8>,
}

impl Nations {
    pub(super) fn of_customers(dir: &Path) -> Result<Self, TpchError> {
        let known = countries(dir)?;
        let mut nation_of = Vec::new();
        let mut customers = Table::open(dir, "customer", ["c_custkey", "c_nationkey"])?;
        while customers.advance()? {
            let key: u64 = customers.number(0)?;
            if key > MAX_CUSTOMERS {
                return Err(customers.wrong(format!("customer {key}; expected keys up to {MAX_CUSTOMERS}")));
            }
            let nation: u8 = customers.number(1)?;
            if usize::from(nation) >= known.len() {
                return Err(customers.wrong(format!("nation {nation} is not in nation.csv")));
            }
            let place = usize::try_from(key).unwrap_or(0);
            if nation_of.len() <= place {
                nation_of.resize(place + 1, NOBODY);
            }
            nation_of[place] = nation;
        }
        Ok(Self { countries: known, nation_of })
    }

    pub(super) fn country_of(&self, customer: u64) -> Option<Country> {
        let nation = self.nation_of.get(usize::try_from(customer).ok()?)?;
        self.countries.get(usize::from(*nation)).copied()
    }
}

/// The countries by nation key: the nations' keys count up from 0.
pub(super) fn countries(dir: &Path) -> Result<Vec<Country>, TpchError> {
    let mut nations = Table::open(dir, "nation", ["n_nationkey", "n_name"])?;
    let mut countries = Vec::new();
    while nations.advance()? {
        let name = nations.text(1).trim();
        let code = CODES.iter().find(|(known, _)| *known == name).and_then(|(_, code)| Country::new(code).ok());
        let code = code.ok_or_else(|| nations.wrong(format!("nation `{name}` is none of TPC-H")))?;
        if nations.number::<usize>(0)? != countries.len() || countries.len() >= usize::from(NOBODY) {
            return Err(nations.wrong(format!("expected nation key {}", countries.len())));
        }
        countries.push(code);
    }
    Ok(countries)
}
