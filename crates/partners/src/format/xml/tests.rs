use std::collections::BTreeSet;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::format::tests::{in_good_time, mangled};

const ORDER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- sent at night -->
<Orders xmlns:x="urn:x" x:sent="2026-03-01">
  <Order no="4711">
    <Note>Ring <![CDATA[<twice> & wait]]></Note>
    <Line><Sku>BOLT &#65;&lt;&#x20AC;</Sku><Qty unit="PCE"> 3 </Qty></Line>
    <Line><Sku/><Qty unit=''/></Line>
  </Order>
</Orders>
"#;

fn wrong(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn children_are_lists_attributes_are_marked_and_a_lone_text_is_a_text() {
    let line = |sku: &str, quantity: Value| json!({ "Sku": [sku], "Qty": [quantity] });
    let lines =
        [line("BOLT A<€", json!({ "@unit": "PCE", "#text": "3" })), line("", json!({ "@unit": "", "#text": "" }))];
    let order = json!({ "@no": "4711", "Note": ["Ring <twice> & wait"], "Line": lines });
    assert_eq!(read(ORDER).unwrap(), json!({ "Orders": { "@sent": "2026-03-01", "Order": [order] } }));
}

#[test]
fn a_text_is_one_whatever_stands_in_it() {
    let text = |inside: &str| read(&format!("<a>{inside}</a>")).unwrap()["a"].clone();
    assert_eq!(text("  one\r\ntwo<!-- no -->\rthree<?ask me?> "), json!("one\ntwo\nthree"));
    assert_eq!(text("&amp;amp; &quot;&apos;&gt;&#38;lt;"), json!("&amp; \"'>&lt;"));
    assert_eq!(text("<![CDATA[ ]]]]><![CDATA[> &amp; ]]>"), json!("]]> &amp;"));
    assert_eq!(text(" see <b>this</b> and that "), json!({ "b": ["this"], "#text": "see  and that" }));
    assert_eq!(read("<a b='x&#10;&lt;\ny'/>").unwrap(), json!({ "a": { "@b": "x\n< y", "#text": "" } }));
}

#[test]
fn prefixes_are_dropped_unless_names_clash() {
    let plain =
        "<s:Env xmlns:s='urn:s'><s:Body><Order xmlns='urn:o'><o:no xmlns:o='urn:o'>1</o:no></Order></s:Body></s:Env>";
    assert_eq!(read(plain).unwrap(), json!({ "Env": { "Body": [{ "Order": [{ "no": ["1"] }] }] } }));
    let clash = "<r><a:id>1</a:id><id>2</id><b:id>3</b:id><a:id>4</a:id><a:x>5</a:x></r>";
    assert_eq!(read(clash).unwrap(), json!({ "r": { "a:id": ["1", "4"], "id": ["2"], "b:id": ["3"], "x": ["5"] } }));
    let attributes = "<r type='t' x:type='u' xml:lang='de'/>";
    assert_eq!(read(attributes).unwrap(), json!({ "r": { "@type": "t", "@x:type": "u", "@lang": "de", "#text": "" } }));
}

#[test]
fn what_is_no_xml_says_where_and_what_to_do() {
    for (text, place, said) in [
        ("<a>\n  <b></a>", "line 2 column 6", "`</a>` where `</b>` is expected; close each element"),
        ("<a></a>\n</b>", "line 2 column 1", "`</b>`, which closes nothing"),
        ("<a><b>1", "line 1 column 8", "ends within `<b>`; expected `</b>`: it was cut off"),
        ("<a><b", "line 1 column 4", "is cut off or has a stray `<`"),
        ("<a>\u{e9}<b c='1></b></a>", "line 1 column 5", "attribute value not closed"),
        ("<a/>\n <b/>", "line 2 column 2", "a second root, after `a`"),
        ("<a/>\nmore", "line 2 column 1", "has the text `more` outside of its root"),
        ("<a/><![CDATA[x]]>", "line 1 column 5", "has the text `x` outside"),
        ("x<a/>", "line 1 column 1", "has the text `x` outside"),
        ("", "line 1 column 1", "has no element; expected a root"),
        ("<!-- - -->\n", "line 2 column 1", "has no element"),
        ("<a/><?xml version='1.0'?>", "line 1 column 5", "a second XML declaration"),
        ("<a>x & y</a>", "line 1 column 6", "a `&` that begins no entity; write `&amp;`"),
        ("<a b='x & y'/>", "line 1 column 1", "a `&` that begins no entity in an attribute"),
        ("<a b=1/>", "line 1 column 1", "a tag that is wrong"),
        ("<a b='1' b='2'/>", "line 1 column 1", "a tag that is wrong"),
        ("<a b='<'/>", "line 1 column 1", "a `<` in the attribute `b`"),
        ("<a>1 <2</a>", "line 1 column 6", "has `2</a` where a name is expected; write `&lt;`"),
        ("<a></>", "line 1 column 4", "`</>` where `</a>`"),
        ("<a:b:c/>", "line 1 column 1", "has `a:b:c` where a name is expected"),
        ("<#text/>", "line 1 column 1", "has `#text` where a name is expected"),
        ("<a>&#xD800;</a>", "line 1 column 4", "character reference"),
        ("<a>&#0;</a>", "line 1 column 4", "character reference"),
    ] {
        let found = wrong(text);
        assert!(found.starts_with(&format!("malformed: `$` is no sound XML: at {place} it ")), "{text}: {found}");
        assert!(found.contains(said), "{text}: {found}");
    }
}

#[test]
fn nothing_is_expanded_or_fetched() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
    let outside = "<!DOCTYPE a [<!ENTITY c SYSTEM \"file:///etc/hostname\">]><a>&c;</a>";
    for text in [bomb, outside, "<!DOCTYPE a>", "<!DOCTYPE a [", "<!doctype html><a/>"] {
        assert!(wrong(text).contains("has a DOCTYPE; send it without"), "{text}: {}", wrong(text));
    }
    for text in ["<a>&nbsp;</a>", "<a b='&nbsp;'/>"] {
        assert!(wrong(text).contains("the entity `&nbsp;`, which XML does not define"), "{}", wrong(text));
    }
}

#[test]
fn what_a_reason_repeats_is_short() {
    let long = "n".repeat(100_000);
    for text in [format!("<a></{long}>"), format!("<{long}>"), format!("<a>&{long};</a>"), format!("<a/></{long}>")] {
        assert!(wrong(&text).len() < 400, "{}", wrong(&text));
    }
}

#[test]
fn every_limit_holds() {
    let deep = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(read(&deep(MAX_DEPTH)).is_ok());
    let attributes = |count: usize| {
        let list: String = (0..count).map(|nth| format!(" a{nth}='1'")).collect();
        format!("<a{list}/>")
    };
    assert!(read(&attributes(MAX_ATTRIBUTES)).is_ok());
    let elements = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count - 1));
    assert!(read(&elements(MAX_NODES)).is_ok());
    for (text, said) in [
        (deep(MAX_DEPTH + 1), "nests more than 64 elements, at line 1 column 193"),
        (attributes(MAX_ATTRIBUTES + 1), "has more than 256 attributes in one tag"),
        (elements(MAX_NODES + 1), "has more than 500000 elements and attributes"),
        ("<a>".repeat(2_000_000), "nests more than 64 elements"),
    ] {
        let why = read(&text).unwrap_err();
        assert_eq!(why.kind, UnreadableKind::TooLarge);
        assert!(why.detail.contains(said), "{why}");
    }
}

#[test]
fn five_megabytes_are_read_in_good_time() {
    let segment = "<E1EDP01 SEGMENT=\"1\"><POSEX>00010</POSEX><MENGE>1.000</MENGE><NOTE>a &amp; b</NOTE></E1EDP01>\n";
    let idoc = format!("<ORDERS05><IDOC>{}</IDOC></ORDERS05>", segment.repeat(5_000_000 / segment.len()));
    let tree = in_good_time(|| read(&idoc)).unwrap();
    assert_eq!(tree["ORDERS05"]["IDOC"][0]["E1EDP01"].as_array().map(Vec::len), Some(5_000_000 / segment.len()));
    let prefixes: String = (0..200_000).map(|nth| format!("<p{nth}:a xmlns:p{nth}='u'/>")).collect();
    let tree = in_good_time(|| read(&format!("<a>{prefixes}</a>"))).unwrap();
    assert_eq!(tree["a"].as_object().map(Map::len), Some(200_000));
    assert!(in_good_time(|| read(&"<a ".repeat(1_600_000))).is_err());
    assert!(in_good_time(|| read(&format!("<a>{}", "&amp;".repeat(1_000_000)))).is_err());
}

/// A real sample, or nothing, said plainly, where the samples are not at hand.
#[expect(clippy::disallowed_methods, reason = "a test may read its samples")]
fn sample(name: &str) -> Option<Value> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/erp/sap-idoc").join(name);
    match std::fs::read_to_string(&file) {
        Ok(text) => Some(read(&text).unwrap()),
        Err(error) => {
            eprintln!("skipped: {}: {error}", file.display());
            None
        }
    }
}

#[test]
fn the_idocs_of_sap() {
    for (name, root, message) in [
        ("01_a_Sales_Order_Request_Outbound.xml", "ORDERS05", "ORDERS"),
        ("01_b_Sales_Order_Response_Outbound.xml", "ORDERS05", "ORDRSP"),
        ("02_Delivery_Notification_Outbound.xml", "DELVRY07", "DESADV"),
        ("03_Invoice_Outbound.xml", "INVOIC02", "INVOIC"),
    ] {
        let Some(tree) = sample(name) else { continue };
        assert_eq!(tree.as_object().map(Map::len), Some(1));
        assert_eq!(tree[root]["IDOC"].as_array().map(Vec::len), Some(1), "{name}");
        let idoc = &tree[root]["IDOC"][0];
        assert_eq!((&idoc["@BEGIN"], &idoc["EDI_DC40"][0]["MESTYP"]), (&json!("1"), &json!([message])), "{name}");
    }
    if let Some(tree) = sample("01_a_Sales_Order_Request_Outbound.xml") {
        let idoc = &tree["ORDERS05"]["IDOC"][0];
        assert_eq!(idoc["EDI_DC40"][0]["SNDPRT"], json!([""]));
        assert_eq!(idoc["E1EDK01"][0]["BELNR"], json!(["4500000670"]));
        assert_eq!(idoc["E1EDKA1"].as_array().map(Vec::len), Some(5));
        assert_eq!(idoc["E1EDP01"][1]["POSEX"], json!(["00020"]));
        assert_eq!(idoc["E1EDP01"][1]["E1EDPA1"][0]["NAME1"], json!(["Plant 1010 - Test 2"]));
    }
    if let Some(tree) = sample("02_Delivery_Notification_Outbound.xml") {
        let item = &tree["DELVRY07"]["IDOC"][0]["E1EDL20"][0]["E1EDL24"][0];
        assert_eq!((&item["KDMAT"], &item["ORMNG"]), (&json!(["TG-D120_AU"]), &json!(["1.000"])));
        assert_eq!(item["E1EDL41"][0]["BSTNR"], json!(["4500003532"]));
    }
}

#[test]
fn the_service_messages_of_sap() {
    for (name, root, body) in [
        ("01_a_Sales_Order_Request_Inbound.xml", "OrderRequest", "Order"),
        ("01_b_Sales_Order_Response_Inbound.xml", "OrderConfRequest", "OrderConfirmation"),
        ("02_Delivery_Notification_Inbound.xml", "DeliveryRequest", "Delivery"),
        ("03_Invoice_Inbound.xml", "InvoiceRequest", "Invoice"),
    ] {
        let Some(tree) = sample(name) else { continue };
        let keys: BTreeSet<_> = tree[root].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, BTreeSet::from(["MessageHeader", body]), "{name}");
    }
    if let Some(tree) = sample("01_a_Sales_Order_Request_Inbound.xml") {
        let item = &tree["OrderRequest"]["Order"][0]["OrderItem"][0];
        assert_eq!(item["RequestedQuantity"], json!([{ "@unitCode": "PCE", "#text": "1.0" }]));
        assert_eq!(item["Party"][1]["BuyerPartyID"], json!(["1020"]));
    }
    if let Some(tree) = sample("03_Invoice_Inbound.xml") {
        let invoice = &tree["InvoiceRequest"]["Invoice"][0];
        assert_eq!(invoice["GrossAmount"], json!([{ "@currencyCode": "EUR", "#text": "42.84" }]));
        assert_eq!(invoice["Party"][1], json!({ "@PartyType": "AG", "#text": "" }));
        assert_eq!(invoice["Item"][0]["DeliveryNote"], json!([""]));
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "[<>/&;\"'=!?a:x\\[\\]#0é \n-]{0,60}") {
        let _ = read(&text);
    }

    #[test]
    fn a_mangled_document_never_panics(text in mangled(ORDER)) {
        let _ = read(&text);
    }

    #[test]
    fn a_document_that_is_cut_off_is_refused(at in 0..ORDER.trim_end().len()) {
        prop_assert!(read(&ORDER[..ORDER.floor_char_boundary(at)]).is_err());
    }
}
