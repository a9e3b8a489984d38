//! Answers of our own making, in the form of each carrier.

use std::collections::BTreeSet;

use partners::UnreadableKind;

use super::ask;

/// An answer about one shipment.
struct Example {
    carrier: &'static str,
    /// What stands before the events, between them and after them.
    around: [&'static str; 3],
    events: [&'static str; 3],
    /// Code and date of the second event, as they stand in it.
    second: [&'static str; 2],
    /// What is told: first of the shipment, then of each event.
    lines: &'static [&'static str],
    /// What the carrier says when it has no answer, and the reason that makes.
    error: [&'static str; 2],
}

const EXAMPLES: [Example; 6] = [CANADA_POST, DHL_EXPRESS, DHL, FEDEX, UPS, USPS];

const CANADA_POST: Example = Example {
    carrier: "canadapost",
    around: [
        r#"<?xml version="1.0"?><tracking-detail xmlns="http://www.canadapost.ca/ws/track"><pin>7001</pin>
            <changed-expected-date>2026-02-27</changed-expected-date>
            <expected-delivery-date>2026-02-26</expected-delivery-date><significant-events>"#,
        "\n",
        "</significant-events></tracking-detail>",
    ],
    events: [
        "<occurrence><event-identifier>1496</event-identifier><event-date>2026-02-27</event-date>
            <event-time>10:01:02</event-time><event-time-zone>AST</event-time-zone><event-site>HALIFAX</event-site></occurrence>",
        "<occurrence><event-identifier>1415</event-identifier><event-date>2026-02-26</event-date>
            <event-time>09:00:00</event-time><event-time-zone>AST</event-time-zone><event-site>HALIFAX</event-site></occurrence>",
        "<occurrence><event-identifier>0161</event-identifier><event-date>2026-02-25</event-date>
            <event-time>23:30:00</event-time><event-time-zone/><event-site>MONCTON</event-site></occurrence>",
    ],
    second: ["1415", "2026-02-26"],
    lines: &[
        "2026-02-27 transport.delivered expected",
        "2026-02-27T10:01:02-04:00 transport.delivered (1496) HALIFAX",
        "2026-02-26T09:00:00-04:00 transport.delivery_attempted (1415) HALIFAX",
        "2026-02-26T09:00:00-04:00 exception: recipient.refused (1415) HALIFAX",
        "2026-02-25T23:30:00 delayed: weather (0161) MONCTON",
    ],
    error: [
        "<messages><message><code>007</code><description>No such PIN</description></message></messages>",
        "no answer: `messages.message[0].code` says `007 No such PIN`",
    ],
};

const DHL_EXPRESS: Example = Example {
    carrier: "dhl-express",
    around: [
        r#"<req:TrackingResponse xmlns:req="http://www.dhl.com"><AWBInfo><AWBNumber>7001</AWBNumber>
            <Status><ActionStatus>success</ActionStatus></Status><ShipmentInfo>
            <EstDlvyDate>2026-02-27 23:59:00 GMT+01:00</EstDlvyDate>"#,
        "\n",
        "</ShipmentInfo></AWBInfo></req:TrackingResponse>",
    ],
    events: [
        "<ShipmentEvent><Date>2026-02-25</Date><Time>18:10:00</Time><ServiceEvent><EventCode>PL</EventCode></ServiceEvent>
            <ServiceArea><ServiceAreaCode>LEJ</ServiceAreaCode><Description>Leipzig</Description></ServiceArea></ShipmentEvent>",
        "<ShipmentEvent><Date>2026-02-26</Date><Time>09:00:00</Time><ServiceEvent><EventCode>NH</EventCode></ServiceEvent>
            <ServiceArea><ServiceAreaCode>GOT</ServiceAreaCode></ServiceArea></ShipmentEvent>",
        "<ShipmentEvent><Date>2026-02-27</Date><ServiceEvent><EventCode>OK</EventCode></ServiceEvent></ShipmentEvent>",
    ],
    second: ["NH", "2026-02-26"],
    lines: &[
        "2026-02-27T23:59:00+01:00 transport.delivered expected",
        "2026-02-25T18:10:00 transport.in_transit (PL) LEJ Leipzig",
        "2026-02-26T09:00:00 transport.delivery_attempted (NH) GOT",
        "2026-02-26T09:00:00 exception: recipient.unavailable (NH) GOT",
        "2026-02-27 transport.delivered (OK)",
    ],
    error: [
        "<TrackingResponse><AWBInfo><AWBNumber/><Status><ActionStatus>No Shipments Found</ActionStatus><Condition>
            <ConditionCode>103</ConditionCode><ConditionData>None for 7001</ConditionData></Condition></Status></AWBInfo></TrackingResponse>",
        "no answer: `TrackingResponse.AWBInfo[0].Status.Condition.ConditionCode` says `103 None for 7001`",
    ],
};

const DHL: Example = Example {
    carrier: "dhl-universal",
    around: [
        r#"{"shipments": [{"id": "7001", "estimatedTimeOfDelivery": "2026-02-27T00:00:00", "events": ["#,
        ",",
        "]}]}",
    ],
    events: [
        r#"{"timestamp": "2026-02-27T10:00:00+01:00", "statusCode": "delivered",
            "location": {"address": {"addressLocality": "Göteborg", "countryCode": "SE"}}}"#,
        r#"{"timestamp": "2026-02-26T09:00:00+01:00", "statusCode": "failure"}"#,
        r#"{"timestamp": "2026-02-25T08:00:00", "statusCode": "pre-transit", "location": {}}"#,
    ],
    second: ["failure", "2026-02-26T09:00:00+01:00"],
    lines: &[
        "2026-02-27T00:00:00 transport.delivered expected",
        "2026-02-27T10:00:00+01:00 transport.delivered (delivered) Göteborg SE",
        "2026-02-26T09:00:00+01:00 transport.delivery_attempted (failure)",
        "2026-02-26T09:00:00+01:00 exception: unknown (failure)",
        "2026-02-25T08:00:00 transport.label_created (pre-transit)",
    ],
    error: [
        r#"{"title": "No result", "status": 404, "instance": "/shipment/7001"}"#,
        "no answer: `title` says `No result /shipment/7001`",
    ],
};

const FEDEX: Example = Example {
    carrier: "fedex",
    around: [
        r#"{"output": {"completeTrackResults": [{"trackingNumber": "7001", "trackResults": [{
            "trackingNumberInfo": {"trackingNumber": "8002"},
            "estimatedDeliveryTimeWindow": {"window": {"ends": "2026-02-27T20:00:00-06:00"}}, "scanEvents": ["#,
        ",",
        "]}]}]}}",
    ],
    events: [
        r#"{"date": "2026-02-27T10:00:00-06:00", "eventType": "DL",
            "scanLocation": {"streetLines": [""], "city": "Tulsa", "postalCode": "74103", "countryCode": "US"}}"#,
        r#"{"date": "2026-02-26T09:00:00-06:00", "eventType": "DY", "exceptionCode": "071", "delayDetail": {"type": "WEATHER"}}"#,
        r#"{"date": "2026-02-25T00:00:00", "eventType": "PU", "scanLocation": {}}"#,
    ],
    second: ["DY", "2026-02-26T09:00:00-06:00"],
    lines: &[
        "2026-02-27T20:00:00-06:00 transport.delivered expected",
        "2026-02-27T10:00:00-06:00 transport.delivered (DL) Tulsa 74103 US",
        "2026-02-26T09:00:00-06:00 delayed: weather (071)",
        "2026-02-25T00:00:00 transport.picked_up (PU)",
    ],
    error: [
        r#"{"output": {"completeTrackResults": [{"trackingNumber": "7001",
            "trackResults": [{"error": {"code": "NOTFOUND", "message": "Please correct it."}}]}]}}"#,
        "no answer: `output.completeTrackResults[0].trackResults[0].error.code` says `NOTFOUND Please correct it.`",
    ],
};

const UPS: Example = Example {
    carrier: "ups",
    around: [
        r#"{"trackResponse": {"shipment": [{"inquiryNumber": "7000", "package": [{"trackingNumber": "7001",
            "deliveryDate": [{"type": "SDD", "date": "20260227"}], "activity": ["#,
        ",",
        "]}]}]}}",
    ],
    events: [
        r#"{"date": "20260227", "time": "100102", "status": {"type": "D", "code": "FS"},
            "location": {"address": {"city": "Tulsa", "postalCode": "74103", "countryCode": "US"}}}"#,
        r#"{"date": "20260226", "time": "090000", "status": {"type": "X", "code": "RF"}}"#,
        r#"{"date": "20260225", "status": {"type": "I", "code": "AR"}}"#,
    ],
    second: ["RF", "20260226"],
    lines: &[
        "2026-02-27 transport.delivered expected",
        "2026-02-27T10:01:02 transport.delivered (FS) Tulsa 74103 US",
        "2026-02-26T09:00:00 transport.delivery_attempted (RF)",
        "2026-02-26T09:00:00 exception: recipient.refused (RF)",
        "2026-02-25 transport.in_transit (AR)",
    ],
    error: [
        r#"{"trackResponse": {"shipment": [{"inquiryNumber": "7001", "warnings": [{"code": "TW1", "message": "Not found"}]}]}}"#,
        "no answer: `trackResponse.shipment[0].warnings[0].code` says `TW1 Not found`",
    ],
};

const USPS: Example = Example {
    carrier: "usps",
    around: [
        r#"{"trackingNumber": "7001", "expectedDeliveryTimeStamp": "2026-02-27T17:00:00Z", "trackingEvents": ["#,
        ",",
        "]}",
    ],
    events: [
        r#"{"eventCode": "01", "eventTimestamp": "2026-02-27T10:00:00", "GMTTimestamp": "2026-02-27T15:00:09Z",
            "eventCity": "TROY", "eventZIP": "12180", "firm": "ACME"}"#,
        r#"{"eventCode": "A1", "eventTimestamp": "2026-02-26T09:00:00", "GMTTimestamp": null, "eventCity": null}"#,
        r#"{"eventCode": "WEATHER", "GMTTimestamp": "2026-02-25T13:00:00Z"}"#,
    ],
    second: ["A1", "2026-02-26T09:00:00"],
    lines: &[
        "2026-02-27T17:00:00Z transport.delivered expected",
        "2026-02-27T15:00:09Z transport.delivered (01) ACME TROY 12180",
        "2026-02-26T09:00:00 transport.arrived_facility (A1)",
        "2026-02-25T13:00:00Z exception: weather (WEATHER)",
    ],
    error: [
        r#"{"apiVersion": "v3", "error": {"code": "404", "message": "No record of 7001"}}"#,
        "no answer: `error.message` says `No record of 7001`",
    ],
};

impl Example {
    fn raw(&self, events: &[&str]) -> String {
        let [before, between, after] = self.around;
        format!("{before}{}{after}", events.join(between))
    }

    /// Its second event with something else in place of a text.
    fn second_with(&self, text: &str, other: &str) -> String {
        let [first, second, third] = self.events;
        assert_eq!(second.matches(text).count(), 1, "{second}");
        self.raw(&[first, &second.replace(text, other), third])
    }

    /// The lines without those of the second event.
    fn without_second(&self) -> Vec<&'static str> {
        let [code, _] = self.second;
        let of_second = self.events[1];
        let is_of_second =
            |line: &&str| line.contains(&format!("({code})")) || line.contains("(071)") && of_second.contains("071");
        self.lines.iter().copied().filter(|line| !is_of_second(line)).collect()
    }
}

#[test]
fn each_carrier_answers_with_a_history_and_when_it_expects_to_deliver() {
    for example in &EXAMPLES {
        let tracked = ask(example.carrier, &example.raw(&example.events)).only();
        assert_eq!((tracked.number.as_str(), tracked.lines()), ("7001", strings(example.lines)), "{}", example.carrier);
    }
}

#[test]
fn a_history_that_is_sent_again_in_any_order_tells_the_same_facts() {
    for example in &EXAMPLES {
        let [first, second, third] = example.events;
        let ids = |events: &[&str]| ask(example.carrier, &example.raw(events)).only().ids();
        let whole = ids(&example.events);
        let told: BTreeSet<_> = whole.iter().copied().collect();
        assert_eq!(told.len(), example.lines.len(), "{}: each is a fact of its own", example.carrier);
        assert_eq!(ids(&example.events), whole);
        for events in [[third, second, first], [second, third, first]] {
            assert_eq!(ids(&events).into_iter().collect::<BTreeSet<_>>(), told, "{}", example.carrier);
        }
        let before: BTreeSet<_> = ids(&[third]).into_iter().collect();
        assert!(
            before.len() < told.len() && before.is_subset(&told),
            "{}: a longer history adds to it",
            example.carrier
        );
        let twice: Vec<_> = ids(&[first, first]);
        assert_eq!(twice[1], twice[2], "{}: an event that is sent twice happened once", example.carrier);
    }
}

#[test]
fn an_unknown_code_is_kept_as_it_is_and_the_other_events_count() {
    for example in &EXAMPLES {
        let [code, _] = example.second;
        let tracked = ask(example.carrier, &example.second_with(code, "ZZ9")).only();
        let (unknown, others): (Vec<_>, _) =
            tracked.lines().into_iter().partition(|line| line.contains("unknown (ZZ9)"));
        assert_eq!((unknown.len(), others), (1, strings(&example.without_second())), "{}", example.carrier);
    }
}

#[test]
fn a_date_that_is_none_costs_its_own_event() {
    for example in &EXAMPLES {
        let [_, date] = example.second;
        let answer = ask(example.carrier, &example.second_with(date, "CCYYMMDD"));
        let [why] = &answer.rejected[..] else { panic!("{}: {:?}", example.carrier, answer.reasons()) };
        assert_eq!(why.kind, UnreadableKind::WrongValue, "{}: {why}", example.carrier);
        assert!(why.detail.contains("CCYYMMDD") && why.field.contains("[1]"), "{}: {why}", example.carrier);
        let [tracked] = &answer.tracked[..] else { panic!("{}", example.carrier) };
        assert_eq!(tracked.lines(), strings(&example.without_second()), "{}", example.carrier);
    }
}

#[test]
fn an_estimate_that_is_none_costs_the_estimate() {
    for example in &EXAMPLES {
        let [before, between, after] = example.around;
        let raw = format!("{}{}{after}", before.replace("2026", "CCYY"), example.events.join(between));
        let answer = ask(example.carrier, &raw);
        let [why] = &answer.rejected[..] else { panic!("{}: {:?}", example.carrier, answer.reasons()) };
        assert_eq!(why.kind, UnreadableKind::WrongValue, "{}: {why}", example.carrier);
        let [tracked] = &answer.tracked[..] else { panic!("{}", example.carrier) };
        assert_eq!(tracked.lines(), strings(&example.lines[1..]), "{}", example.carrier);
    }
}

#[test]
fn an_error_is_rejected_in_the_carriers_words() {
    for example in &EXAMPLES {
        let [raw, reason] = example.error;
        let answer = ask(example.carrier, raw);
        assert!(answer.tracked.is_empty());
        assert_eq!(answer.reasons(), [reason], "{}", example.carrier);
    }
    let keys = r#"{"error": "invalid_client", "error_description": "No such client."}"#;
    assert_eq!(ask("usps", keys).reasons(), ["no answer: `error_description` says `No such client.`"]);
    let keys = r#"{"response": {"errors": [{"code": "250003", "message": "No such licence"}]}}"#;
    assert_eq!(ask("ups", keys).reasons(), ["no answer: `response.errors[0].code` says `250003 No such licence`"]);
}

#[test]
fn an_answer_of_another_kind_says_what_is_missing() {
    for (carrier, raw, reason) in [
        ("canadapost", "<html><body>503</body></html>", "missing: `tracking-detail` is absent"),
        ("dhl-express", "<html><body>503</body></html>", "missing: `TrackingResponse.AWBInfo` is absent"),
        ("dhl-universal", "{}", "missing: `id` is absent"),
        ("fedex", "{}", "missing: `output.completeTrackResults` is absent"),
        ("ups", "{}", "missing: `trackResponse.shipment` is absent"),
        ("usps", "{}", "missing: `trackingNumber` is absent"),
        ("usps", r#"{"trackingNumber": "7001", "trackingEvents": []}"#, "unmapped: `$` holds nothing that a rule"),
    ] {
        let [why] = &ask(carrier, raw).reasons()[..] else { panic!("{carrier}") };
        assert!(why.starts_with(reason), "{carrier}: {why}");
    }
}

#[test]
fn each_package_and_each_result_is_told_by_its_number() {
    let package = |number: &str| format!(r#"{{"trackingNumber": "{number}", "activity": [{}]}}"#, UPS.events[0]);
    let raw =
        format!(r#"{{"trackResponse": {{"shipment": [{{"package": [{}, {}]}}]}}}}"#, package("7001"), package("7002"));
    let numbers: Vec<_> = ask("ups", &raw).tracked.into_iter().map(|tracked| tracked.number).collect();
    assert_eq!(numbers, ["7001", "7002"]);

    let [found, _, _] = FEDEX.events;
    let raw = format!(
        r#"{{"output": {{"completeTrackResults": [
            {{"trackingNumber": "7001", "trackResults": [{{"scanEvents": [{found}]}}]}},
            {{"trackingNumber": "7002", "trackResults": [{{"error": {{"code": "NOTFOUND"}}}}]}}]}}}}"#
    );
    let answer = ask("fedex", &raw);
    assert_eq!(answer.tracked.iter().map(|tracked| tracked.number.as_str()).collect::<Vec<_>>(), ["7001"]);
    assert_eq!(answer.rejected[0].kind, UnreadableKind::NoAnswer, "one that is not found costs no other");
}

fn strings(lines: &[&str]) -> Vec<String> {
    lines.iter().map(ToString::to_string).collect()
}
