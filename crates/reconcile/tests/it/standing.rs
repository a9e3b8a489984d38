//! What stands is a fold over what was found, healed and gone.

use model::{OrderId, Timestamp};
use reconcile::{About, Change, Discrepancy, Kind, Remedy, Side, Standing};

fn discrepancy(says: &str) -> Discrepancy {
    Discrepancy {
        kind: Kind::NotBilled,
        about: About::Order { order: OrderId::new("SO-1").unwrap(), shipment: None, line: None, what: None },
        one: Side::new("tms-main", says, Vec::new()),
        other: Side::new("erp-1", "no invoice", Vec::new()),
        since: Timestamp::from_millis(0),
        stake: None,
        remedy: Remedy::Person("see to it".to_owned()),
    }
}

fn compare(standing: &mut Standing, found: &[Discrepancy]) -> Vec<&'static str> {
    let changes = standing.changes(found, |_| true);
    changes.iter().for_each(|change| standing.apply(change, Timestamp::from_millis(1)));
    assert!(standing.changes(found, |_| true).is_empty(), "comparing again yields nothing");
    let word = |change: &Change| match change {
        Change::Found(_) => "found",
        Change::Healed { .. } => "healed",
        Change::Accepted { .. } => "accepted",
        Change::Gone { .. } => "gone",
    };
    changes.iter().map(word).collect()
}

#[test]
fn what_is_found_is_recorded_once_until_it_says_something_else_or_is_gone() {
    let mut standing = Standing::default();
    assert_eq!(compare(&mut standing, &[discrepancy("delivered 10")]), ["found"]);
    assert_eq!(compare(&mut standing, &[discrepancy("delivered 10")]), [""; 0]);
    assert_eq!(compare(&mut standing, &[discrepancy("delivered 12")]), ["found"]);
    assert_eq!(compare(&mut standing, &[]), ["gone"]);
    assert_eq!(standing.iter().count(), 0);
}

#[test]
fn what_was_not_looked_at_is_not_gone() {
    let mut standing = Standing::default();
    compare(&mut standing, &[discrepancy("delivered 10")]);
    assert!(standing.changes(&[], |_| false).is_empty());
}

#[test]
fn what_a_person_takes_as_it_is_stands_accepted_until_it_changes() {
    let mut standing = Standing::default();
    let one = discrepancy("delivered 10");
    compare(&mut standing, std::slice::from_ref(&one));
    let (who, why) = ("ann".to_owned(), "a gift".to_owned());
    standing.apply(&Change::Accepted { kind: one.kind, about: one.about.clone(), who, why }, Timestamp::from_millis(2));
    let accepted = |standing: &Standing| standing.get(&one.id()).unwrap().accepted.is_some();
    compare(&mut standing, std::slice::from_ref(&one));
    assert!(accepted(&standing));
    compare(&mut standing, &[discrepancy("delivered 12")]);
    assert!(!accepted(&standing), "it is another one");
}
