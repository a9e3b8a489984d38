//! The master data, in memory.

use std::collections::{BTreeMap, BTreeSet};

use model::master::{LocationMaster, MasterRecord};
use model::{Country, CustomerId, Finding, LocationId, Order, Sku, Validation};

/// What the ERP told of items, customers, locations and routes.
#[derive(Default)]
pub struct Master {
    items: BTreeSet<Sku>,
    customers: BTreeSet<CustomerId>,
    locations: BTreeMap<LocationId, LocationMaster>,
    restricted: BTreeMap<(Country, Country), String>,
}

impl Master {
    pub fn learn(&mut self, record: MasterRecord) {
        match record {
            MasterRecord::Item(sku, _) => drop(self.items.insert(sku)),
            MasterRecord::Customer(customer, _) => drop(self.customers.insert(customer)),
            MasterRecord::Location(id, location) => drop(self.locations.insert(id, location)),
            MasterRecord::Route(from, to, route) => {
                self.restricted.extend(route.restricted.map(|why| ((from, to), why)));
            }
        }
    }

    pub fn validate(&self, order: &Order) -> Validation {
        let mut validation = Validation::default();
        if !self.customers.contains(&order.customer) {
            validation.findings.push(Finding::UnknownCustomer(order.customer.clone()));
        }
        let mut sources = BTreeSet::new();
        for line in &order.lines {
            if !self.items.contains(&line.sku) {
                let (line, sku) = (line.line.clone(), line.sku.clone());
                validation.findings.push(Finding::UnknownItem { line, sku });
            }
            let Some(location) = &line.ship_from else {
                validation.findings.push(Finding::NoLocation { line: line.line.clone() });
                continue;
            };
            let Some(known) = self.locations.get(location) else {
                let (line, location) = (line.line.clone(), location.clone());
                validation.findings.push(Finding::UnknownLocation { line, location });
                continue;
            };
            let (wms, country) = (known.wms.clone(), known.country);
            sources.insert(model::master::Source { location: location.clone(), wms, country });
        }
        for source in &sources {
            let why = order.ship_to.country.and_then(|to| Some((to, self.restricted.get(&(source.country, to))?)));
            validation.findings.extend(why.map(|(to, why)| Finding::RestrictedRoute {
                from: source.country,
                to,
                why: why.clone(),
            }));
        }
        validation.sources = sources.into_iter().collect();
        validation
    }
}
