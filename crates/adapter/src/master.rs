//! Master data: kept in bucket `MASTER` as the ERP states it, and what it says of a released order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_nats::jetstream;
use bytes::Bytes;
use model::master::{LocationMaster, MasterRecord, RouteMaster};
use model::{Country, CustomerId, Finding, LocationId, Order, PartnerId, Sku, Source, Validation};

use crate::at_once::all;
use crate::bucket::{Bucket, BucketError};

/// How many records are cached.
const CACHED: usize = 50_000;
/// How long a cached record counts: a change another process wrote is seen within this time.
const FRESH_FOR: Duration = Duration::from_secs(30);
/// Orders often come right behind the master data they need, which another process may be writing just now. So what
/// seems unknown is looked up once more after this time.
const SECOND_LOOK: Duration = Duration::from_millis(300);

/// What validation needs of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    /// An item or a customer is there.
    Exists,
    Location(LocationMaster),
    Route(RouteMaster),
}

/// The master data.
pub struct Master {
    bucket: Bucket<Known>,
}

impl Master {
    /// The master data.
    ///
    /// # Errors
    /// [`BucketError`] when the bucket is not there.
    pub async fn open(js: &jetstream::Context) -> Result<Self, BucketError> {
        Ok(Self { bucket: Bucket::open(js, service::streams::MASTER, CACHED, FRESH_FOR).await? })
    }

    /// Knows a record in this process from now on, ahead of [`Master::write`].
    pub fn remember(&self, record: &MasterRecord) {
        let known = match record {
            MasterRecord::Item(..) | MasterRecord::Customer(..) => Known::Exists,
            MasterRecord::Location(_, location) => Known::Location(location.clone()),
            MasterRecord::Route(_, _, route) => Known::Route(route.clone()),
        };
        self.bucket.remember(&key_of(record), known);
    }

    /// Writes a record down for every process. Of two that state the same record at once, the last wins.
    ///
    /// # Errors
    /// [`BucketError`] when the broker does not take it.
    pub async fn write(&self, record: &MasterRecord) -> Result<(), BucketError> {
        self.bucket.write(&key_of(record), value_of(record)).await
    }

    /// Writes a record down where there is none of it yet.
    ///
    /// # Errors
    /// [`BucketError`] when the broker does not take it.
    pub async fn write_missing(&self, record: &MasterRecord) -> Result<(), BucketError> {
        if self.bucket.create(&key_of(record), value_of(record)).await? {
            self.remember(record);
        }
        Ok(())
    }

    /// Holds an order against the master data.
    ///
    /// # Errors
    /// [`BucketError`] when the broker does not answer; the order is then neither valid nor invalid.
    pub async fn validate(&self, order: &Order) -> Result<Validation, BucketError> {
        let validation = self.look(order).await?;
        if !validation.findings.iter().any(may_be_on_its_way) {
            return Ok(validation);
        }
        tokio::time::sleep(SECOND_LOOK).await;
        self.look(order).await
    }

    /// The warehouse system that runs a location; nothing when nobody has told of it.
    ///
    /// # Errors
    /// [`BucketError`] when the broker does not answer.
    pub async fn runs(&self, location: &LocationId) -> Result<Option<PartnerId>, BucketError> {
        Ok(match self.find(location_key(location)).await? {
            Some(Known::Location(location)) => Some(location.wms),
            Some(Known::Exists | Known::Route(_)) | None => None,
        })
    }

    async fn look(&self, order: &Order) -> Result<Validation, BucketError> {
        let skus: BTreeSet<&Sku> = order.lines.iter().map(|line| &line.sku).collect();
        let locations: BTreeSet<&LocationId> = order.lines.iter().filter_map(|line| line.ship_from.as_ref()).collect();
        let (customer, items, places) = futures::try_join!(
            self.find(customer_key(&order.customer)),
            self.find_all(skus.iter().map(|sku| item_key(sku)).collect()),
            self.find_all(locations.iter().map(|location| location_key(location)).collect()),
        )?;
        let unknown: BTreeSet<&Sku> =
            skus.into_iter().zip(items).filter(|(_, item)| item.is_none()).map(|(sku, _)| sku).collect();
        let mut sources = BTreeMap::new();
        for (location, place) in locations.into_iter().zip(places) {
            if let Some(Known::Location(LocationMaster { wms, country, .. })) = place {
                sources.insert(location, Source { location: location.clone(), wms, country });
            }
        }
        let mut findings = Vec::new();
        if customer.is_none() {
            findings.push(Finding::UnknownCustomer(order.customer.clone()));
        }
        for line in &order.lines {
            if unknown.contains(&line.sku) {
                findings.push(Finding::UnknownItem { line: line.line.clone(), sku: line.sku.clone() });
            }
            match &line.ship_from {
                None => findings.push(Finding::NoLocation { line: line.line.clone() }),
                Some(location) if !sources.contains_key(location) => {
                    findings.push(Finding::UnknownLocation { line: line.line.clone(), location: location.clone() })
                }
                Some(_) => {}
            }
        }
        let sources: Vec<Source> = sources.into_values().collect();
        if let Some(to) = order.ship_to.country {
            findings.extend(self.restrictions(&sources, to).await?);
        }
        Ok(Validation { findings, sources })
    }

    /// The routes of an order that nothing may travel.
    async fn restrictions(&self, sources: &[Source], to: Country) -> Result<Vec<Finding>, BucketError> {
        let countries: BTreeSet<Country> = sources.iter().map(|source| source.country).collect();
        let routes = all(countries.iter().map(|from| self.route(*from, to)).collect()).await;
        let routes = routes.into_iter().collect::<Result<Vec<_>, _>>()?;
        let restricted = countries
            .into_iter()
            .zip(routes)
            .filter_map(|(from, route)| route.restricted.map(|why| Finding::RestrictedRoute { from, to, why }));
        Ok(restricted.collect())
    }

    /// A route nobody wrote down is open, and cached as such: that is an answer as good as any other.
    async fn route(&self, from: Country, to: Country) -> Result<RouteMaster, BucketError> {
        let key = route_key(from, to);
        match self.find(key.clone()).await? {
            Some(Known::Route(route)) => Ok(route),
            Some(Known::Exists | Known::Location(_)) | None => {
                let open = RouteMaster { restricted: None };
                self.bucket.remember(&key, Known::Route(open.clone()));
                Ok(open)
            }
        }
    }

    /// What is known of each key, in their order.
    async fn find_all(&self, keys: Vec<String>) -> Result<Vec<Option<Known>>, BucketError> {
        all(keys.into_iter().map(|key| self.find(key)).collect()).await.into_iter().collect()
    }

    async fn find(&self, key: String) -> Result<Option<Known>, BucketError> {
        if let Some(known) = self.bucket.cached(key.as_str()) {
            return Ok(Some(known));
        }
        let Some(value) = self.bucket.read(&key).await? else { return Ok(None) };
        let known = read(&key, &value);
        if let Some(known) = &known {
            self.bucket.remember(&key, known.clone());
        }
        Ok(known)
    }
}

/// What a record says. One that cannot be read is as good as unknown, but a route that cannot be read is not open.
fn read(key: &str, value: &[u8]) -> Option<Known> {
    let unreadable = |error: serde_json::Error| tracing::error!(key, %error, "a master record cannot be read");
    if key.starts_with("location.") {
        serde_json::from_slice(value).map(Known::Location).map_err(unreadable).ok()
    } else if key.starts_with("route.") {
        let route = serde_json::from_slice(value).map_err(unreadable);
        Some(Known::Route(
            route.unwrap_or_else(|()| RouteMaster {
                restricted: Some(format!("the master record {key} cannot be read")),
            }),
        ))
    } else {
        Some(Known::Exists)
    }
}

fn may_be_on_its_way(finding: &Finding) -> bool {
    match finding {
        Finding::UnknownCustomer(_) | Finding::UnknownItem { .. } | Finding::UnknownLocation { .. } => true,
        Finding::NoLocation { .. } | Finding::RestrictedRoute { .. } => false,
    }
}

fn key_of(record: &MasterRecord) -> String {
    match record {
        MasterRecord::Item(sku, _) => item_key(sku),
        MasterRecord::Customer(customer, _) => customer_key(customer),
        MasterRecord::Location(location, _) => location_key(location),
        MasterRecord::Route(from, to, _) => route_key(*from, *to),
    }
}

/// The bytes of a record. One of plain texts always has a JSON form.
fn value_of(record: &MasterRecord) -> Bytes {
    let value = match record {
        MasterRecord::Item(_, item) => serde_json::to_vec(item),
        MasterRecord::Customer(_, customer) => serde_json::to_vec(customer),
        MasterRecord::Location(_, location) => serde_json::to_vec(location),
        MasterRecord::Route(_, _, route) => serde_json::to_vec(route),
    };
    Bytes::from(value.unwrap_or_default())
}

fn item_key(sku: &Sku) -> String {
    format!("item.{}", sku.token())
}

fn customer_key(customer: &CustomerId) -> String {
    format!("customer.{}", customer.token())
}

fn location_key(location: &LocationId) -> String {
    format!("location.{}", location.token())
}

fn route_key(from: Country, to: Country) -> String {
    format!("route.{from}.{to}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_that_cannot_be_read_is_not_open() {
        let Some(Known::Route(route)) = read("route.DE.FR", b"{") else { panic!("no route") };
        assert!(route.restricted.is_some_and(|why| why.contains("route.DE.FR")));
        assert_eq!(read("location.L1", b"{}"), None);
        assert_eq!(read("item.A", b"{}"), Some(Known::Exists));
    }

    #[test]
    fn keys_are_safe_for_any_text() {
        assert_eq!(item_key(&Sku::new("A 1.7/ö").unwrap()), "item.A=201=2E7=2F=C3=B6");
    }
}
