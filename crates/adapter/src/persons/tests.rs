use super::*;
use crate::inbox::read;
use crate::workflows::{WORKFLOWS, Workflows};
use engine::{Entry, EntryId, FactId, Key as InstanceKey, Source, Told};
use model::{Fact, Place, System};
use partners::{OrderRef, Profile};

/// What a carrier tells of a parcel at somebody's door.
fn told() -> Vec<Identified> {
    let text = r#"
        partner = "p"
        system = "tms"
        version = 1
        [in.event]
        format = "json"
        order = "order"
        [[in.event.facts]]
        kind = "milestone"
        milestone = { value = "transport.delivered" }
        occurred = "at"
        place = { name = "name", city = "city" }
    "#;
    let raw = br#"{"order": "SO-1", "at": "2026-03-01T10:00:00Z", "name": "Ada", "city": "Berlin"}"#;
    let received = "2026-03-01T13:06:00Z".parse().unwrap();
    let reading = read(System::Tms, &Profile::load("p.toml", text).unwrap(), "event", raw, received);
    let [part] = &reading.orders[..] else { panic!("{reading:?}") };
    assert!(matches!(&part.order, OrderRef::Order(order) if order.as_str() == "SO-1"));
    part.facts.clone()
}

fn owner(told: &mut [Identified]) -> String {
    let place = told[0].fact.place_mut().unwrap();
    assert_eq!(place.city.as_deref(), Some("Berlin"));
    place.name.as_ref().unwrap().as_sealed().unwrap().owner().to_owned()
}

#[tokio::test]
async fn what_others_tell_is_sealed_for_the_customer_and_for_the_order_as_long_as_that_is_unknown() {
    let broker = broker::start(broker::Options::default()).await.unwrap();
    let settings = service::settings::NatsSettings::url(broker.url());
    let js = service::connect::connect(&settings, "test").await.unwrap().js;
    service::streams::declare(&js, service::streams::Durability::Demo).await.unwrap();
    let workflows = Workflows::new(&js, WORKFLOWS);
    let orders = workflows.get(partners::ORDER).unwrap();
    let (order, persons) = (OrderId::new("SO-1").unwrap(), Persons::open(&js).await.unwrap());

    let (ids, mut early) = (told()[0].id, told());
    persons.seal(orders, &order, &mut early).await.unwrap();
    assert_eq!((owner(&mut early), early[0].id), ("order.SO-1".to_owned(), ids));

    orders.append(&InstanceKey::of("SO-1"), "erp", &released()).await.unwrap();
    let mut late = told();
    persons.seal(orders, &order, &mut late).await.unwrap();
    assert_eq!((owner(&mut late), late[0].id), ("customer.C1".to_owned(), ids));
}

fn released() -> Entry<Fact, model::Decision> {
    let order = model::Order {
        erp: model::PartnerId::new("e").unwrap(),
        customer: CustomerId::new("C1").unwrap(),
        currency: model::Currency::new("EUR").unwrap(),
        ship_to: Place::default(),
        ordered: None,
        promised: None,
        mode: None,
        lines: Vec::new(),
    };
    let source = Source {
        service: "erp-adapter".to_owned(),
        partner: Some("e".to_owned()),
        message: None,
        profile: None,
        profile_name: None,
        inbox: None,
        received: "2026-03-01T00:00:00Z".parse().unwrap(),
        operator: None,
    };
    let facts = vec![Told { id: FactId::of(&[b"released"]), fact: Fact::Released(order) }];
    Entry { id: EntryId::of(&[b"released"]), content: Content::Facts { source, facts } }
}
