//! XML, as SAP's IDocs have it.

use model::{Place, Sealed};
use partners::EncodeError;
use serde_json::json;

use super::{booking, place, profile, read_back, refused, try_written, written};

const DELIVERY: &str = r##"
format = "xml"
[out.book.body.SHPMNT05.IDOC]
"@BEGIN" = "1"
EDI_DC40 = { "@SEGMENT" = "1", DOCNUM = { field = "number", digits = 16 }, MESTYP = "SHPMNT", CREDAT = { field = "asked_at", as = "%Y%m%d" }, CRETIM = { field = "asked_at", as = "%H%M%S" } }
[out.book.body.SHPMNT05.IDOC.E1EDT20]
"@SEGMENT" = "1"
TKNUM = { field = "shipment" }
SHTYP = { field = "mode", optional = true }
BEZEI = ""
E1ADRM1 = [{ "@SEGMENT" = "1", PARTNER_Q = "WE", NAME1 = { field = "ship_to.name", optional = true }, CITY1 = { field = "ship_to.city", optional = true } }]
[out.book.body.SHPMNT05.IDOC.E1EDT20.E1EDL20]
each = "lines[*]"
item = {
  "@SEGMENT" = "1",
  POSNR = { field = "line", digits = 6 },
  MATNR = { "#text" = { field = "sku" }, "@x:kind" = "own", "@xmlns:x" = "urn:x" },
  LFIMG = { field = "quantity.amount" },
}
"##;

#[test]
fn a_booking_is_an_idoc_in_the_order_of_the_file() {
    let profile = profile(DELIVERY, "format = \"xml\"").unwrap();
    let text = written(&profile, &booking(place()));
    assert_eq!(
        text,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><SHPMNT05><IDOC BEGIN=\"1\">\
         <EDI_DC40 SEGMENT=\"1\"><DOCNUM>0000000000039489</DOCNUM><MESTYP>SHPMNT</MESTYP><CREDAT>20260301</CREDAT>\
         <CRETIM>060000</CRETIM></EDI_DC40>\
         <E1EDT20 SEGMENT=\"1\"><TKNUM>SO-1-1</TKNUM><BEZEI/>\
         <E1ADRM1 SEGMENT=\"1\"><PARTNER_Q>WE</PARTNER_Q><NAME1>Ada &amp; Söhne</NAME1><CITY1>Troy</CITY1></E1ADRM1>\
         <E1EDL20 SEGMENT=\"1\"><POSNR>000010</POSNR><MATNR x:kind=\"own\" xmlns:x=\"urn:x\">BOLT-8</MATNR><LFIMG>5</LFIMG></E1EDL20>\
         <E1EDL20 SEGMENT=\"1\"><POSNR>000020</POSNR><MATNR x:kind=\"own\" xmlns:x=\"urn:x\">NUT-8</MATNR><LFIMG>2.50</LFIMG></E1EDL20>\
         </E1EDT20></IDOC></SHPMNT05>"
    );
    let tree = read_back(&profile, text.as_bytes());
    let delivery = &tree["SHPMNT05"]["IDOC"][0]["E1EDT20"][0];
    assert_eq!(delivery["E1EDL20"][1]["MATNR"], json!([{ "@kind": "own", "#text": "NUT-8" }]));
    assert_eq!(delivery["E1ADRM1"][0]["NAME1"], json!(["Ada & Söhne"]));
}

#[test]
fn an_encoding_is_declared_and_kept_to() {
    let latin = DELIVERY.replace("format = \"xml\"", "format = \"xml\"\nencoding = \"windows-1252\"");
    let reads = "format = \"xml\"\nencoding = \"windows-1252\"";
    let profile = profile(&latin, reads).unwrap();
    let raw = try_written(&profile, &booking(place())).unwrap();
    assert!(raw.starts_with(b"<?xml version=\"1.0\" encoding=\"windows-1252\"?>") && raw.contains(&0xf6));
    assert_eq!(
        read_back(&profile, &raw)["SHPMNT05"]["IDOC"][0]["E1EDT20"][0]["E1ADRM1"][0]["NAME1"],
        json!(["Ada & Söhne"])
    );
    let (field, detail) = refused(&profile, &booking(Place { city: Some("Łódź".into()), ..Place::default() }));
    assert!(field == "ship_to.city" && detail.contains("`Ł` is not in its encoding"), "{field} {detail}");
}

#[test]
fn what_xml_does_not_know_is_refused_or_replaced() {
    let ask = booking(Place { city: Some("Tr\u{1}oy".into()), ..Place::default() });
    let (field, detail) = refused(&profile(DELIVERY, "format = \"xml\"").unwrap(), &ask);
    assert!(field == "ship_to.city" && detail.contains("`\\u{1}` is no character of XML 1.0"), "{field} {detail}");
    let replacing = DELIVERY.replace("format = \"xml\"", "format = \"xml\"\nreplace = \"_\"");
    assert!(written(&profile(&replacing, "format = \"xml\"").unwrap(), &ask).contains("<CITY1>Tr_oy</CITY1>"));
}

#[test]
fn a_refusal_that_is_kept_does_not_repeat_what_is_about_a_person() {
    let refused =
        |ship_to| try_written(&profile(DELIVERY, "format = \"xml\"").unwrap(), &booking(ship_to)).unwrap_err();
    let of_a_person = refused(Place { name: Some("Ada \u{1} Byron".into()), ..Place::default() }).discreet();
    assert!(of_a_person.contains("`ship_to.name`") && !of_a_person.contains("u{1}"), "{of_a_person}");
    let of_a_town = refused(Place { city: Some("Tr\u{1}oy".into()), ..Place::default() });
    assert_eq!(of_a_town.discreet(), of_a_town.to_string());
}

#[test]
fn what_is_sealed_is_sent_to_nobody() {
    let street = Some(Sealed::new("customer.C1", 1, "abc").into());
    let error = try_written(&profile(DELIVERY, "format = \"xml\"").unwrap(), &booking(Place { street, ..place() }));
    assert_eq!(error.unwrap_err(), EncodeError::Sealed { field: "street" });
}

#[test]
fn a_document_without_its_root_is_none() {
    let rootless = "format = \"xml\"\nbody = { MODE = { field = \"mode\", optional = true } }";
    let (field, detail) = refused(&profile(rootless, "format = \"xml\"").unwrap(), &booking(place()));
    assert!(field == "$" && detail.contains("has no root"), "{field} {detail}");
}
