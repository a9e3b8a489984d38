//! The profiles that come with Waybill, and the messages of the simulated partners.
//!
//! `shopify` and `woocommerce` read the message `order` in the form those shops deliver it. The simulated partners speak JSON
//! of their own; a name with `?` may be left out, one with `[]` is a list of objects of what follows.
//!
//! # `sim-erp`: `erp-main`
//! Dates are `YYYYMMDD`. Units are `ST` (each), `KAR`, `PAL`, `KG`.
//!
//! | message | fields |
//! |---|---|
//! | in `order` | `documents[]`: `docnum`? (event), `vbeln` (order), `kunnr` (customer), `waerk` (currency), `erdat`? (ordered), `vdatu`? (promised), `vsart`? (mode), `partner_we` (ship-to: `name1`? `stras`? `ort01`? `pstlz`? `land1`?), `items[]`: `posnr` (line), `matnr` (item), `menge` (quantity), `meins` (unit), `netpr`? (price), `werks`? (ships from), `wadat`? (goods issue planned), `edatu`? (promised) |
//! | in `master` | `materials[]`?: `matnr`, `maktx`; `customers[]`?: `kunnr`, `name1`; `plants[]`?: `werks`, `name1`, `land1`, `lgsystem` (partner id of its warehouse system); `lanes[]`?: `land_from`, `land_to`, `block`? (why nothing may travel) |
//! | in `confirmation` | `docnum` (event), `vbeln`, `reference` (ask), `status` (`53` done, `51` refused, `56` failed), `reason`? (`ADDR BLOCKED DATA LESS MORE`), `text`? |
//! | in `invoice` | as `confirmation`, and when `53`: `vbeln_vf` (invoice), `netwr` (total), `waerk` (currency), `items[]`?: `posnr`, `fkimg` (quantity), `meins` |
//! | in `cancel` | `docnum`, `vbeln`, `abgru`? (`CUST` the customer, `SHIP` the shipper does not want it), `text`? |
//! | in `credit` | `docnum`, `vbeln`, `cmgst` (`B` held back, `D` let go), `at` (ISO 8601) |
//! | in `goods_movement` | `docnum`, `vbeln`, `wbstk` (`C`: all of it has left), `at` (ISO 8601) |
//! | in `open_orders` | `at`? (ISO 8601: as of when), `documents[]`: `vbeln`, `items[]`?: `posnr`, `menge`, `meins`; all that is open |
//! | in `stock_list` | `at`?, `stocks[]`: `werks`, `matnr`, `labst` (quantity), `meins` |
//! | out `shpcon` | `reference`, `vbeln`, `items[]`: `posnr`, `lfimg`, `meins`, `werks`? |
//! | out `billing` | `reference`, `vbeln`, `fkart` (always `F2`), `items[]`: `posnr`, `fkimg`, `meins` |
//! | out `rejection` | `reference`, `vbeln`, `abgru`; answered by `confirmation` |
//! | in `return_authorised` | `docnum` (event), `vbeln` (return), `vgbel` (the order it is of), `kunnr`, `werks` (where it goes), `lgsystem` (partner id of its warehouse system), `tdlsystem`? (partner id of who fetches it), `partner_ab`? (where; as `partner_we`), `items[]`: `vgpos` (the order's line), `matnr`, `menge`, `meins`, `augru`? (`DMG` damaged, `WRG` wrong item, `RFS` refused) |
//! | in `return_cancel` | `docnum`, `vbeln` (return), `abgru`?, `text`? |
//! | out `credit` | `reference`, `vbeln` (return), `vgbel`, `fkart` (always `RE`), `items[]`: `vgpos`, `fkimg`, `meins`; with no items the return is only closed |
//! | in `credit_memo` | as `confirmation` (`vbeln` is the return), and where it credits: `vbeln_vf` (memo), `netwr`, `waerk`, `items[]`?: `vgpos`, `fkimg`, `meins` |
//!
//! # `sim-wms`: `wms-east`, `wms-west`
//! Times are milliseconds since 1970. Units are `PC` (each), `CASE`, `PALLET`, `KG`. `site` is the location.
//!
//! | message | fields |
//! |---|---|
//! | out `release` | `request` (ask), `order_no`, `shipment_no`, `site`, `ship_date`? (`YYYY-MM-DD`), `consignee` (`name`? `street`? `city`? `zip`? `country`?), `items[]`: `line`, `article`, `qty`, `uom` |
//! | out `cancel` | `request` (ask), `cancels` (the ask that is undone), `order_no`, `shipment_no`, `site` |
//! | in `reply` | `event`, `request`, `order_no`, `shipment_no`, `result` (`ALLOC`, `SHORT`, `REJECT`, `ERROR`; to a `cancel` also `CANCELLED`), `reason`? (`NOSTOCK NOITEM ADDRESS BLOCKED`), `text`?, and when `ALLOC`: `at`, `site`, `items[]`: `line`, `qty`, `uom` |
//! | in `status` | `event`, `order_no`, `shipment_no`, `code` (`PICKSTART PICKED PACKED STAGED SHIPPED RETURNED`), `at`, `site`, `items[]`? as above; when `PACKED` instead of `items`: `cartons[]`?: `sscc`, `items[]`. Several at once: `events[]` |
//! | in `stock` | `movements[]`: `id`, `site`, `article`, `type` (`GR` received, `ADJ` signed, `CNT` counted), `qty`, `uom`, `at` |
//! | in `stock_list` | `at`? (as of when), `stock[]`: `site`, `article`, `qty`, `uom`; unlike `CNT` it moves nothing |
//! | out `expect_return` | `request` (ask), `rma_no` (return), `order_no`, `site`, `items[]`: `line`, `article`, `qty`, `uom`, `cause` (`DAMAGED WRONG OTHER`) |
//! | out `cancel_return` | `request` (ask), `cancels` (the ask that is undone), `rma_no`, `site` |
//! | in `return_reply` | `event`, `rma_no`, `request`, `result` (`EXPECTED`, `CANCELLED`, `REJECT`, `ERROR`), `reason`?, `text`? |
//! | in `return_received` | `event`, `rma_no`, `at`, `site`, `items[]`: `line`, `qty`, `uom` |
//! | in `return_inspected` | `event`, `rma_no`, `items[]`: `line`, `qty`, `uom`, `grade` (`A` as sold, `B` not to be sold again, `C` not taken) |
//!
//! # `sim-tms`: `tms-main`, `tms-spare`
//! Times are ISO 8601 with an offset. Units are `PCS` (each), `CTN`, `PLT`, `KGS`. `pro` is the tracking number.
//!
//! | message | fields |
//! |---|---|
//! | out `tender` | `tender` (ask), `shipper_ref` (`order`, `shipment`), `service`?, `pickup` (`site`, `date`?), `deliver_to` (as `consignee`), `goods[]`: `line`, `article`, `count`, `unit` |
//! | out `withdrawal` | `tender` (ask), `withdraws` (the ask that is undone), `shipper_ref`, `pro`? |
//! | out `collection` | as `tender`, of a return: `pickup` is where it is (as `consignee`), `deliver_to` the `site` |
//! | out `collection_withdrawal` | as `withdrawal` |
//! | in `collection` | as `booking`: the answer to both |
//! | in `booking` | `tender`, `shipper_ref`, `answer` (`A` accepted, `C` withdrawn, `D` declined, `E` failed), `decline_code`? (any of the reasons below), `note`?, and when `A`: `scac` (carrier), `pro`, `load`? (the number of a load that several shipments share), `answered_at`, `rate`? (`amount`, `currency`) |
//! | in `event` | `id`, `pro` (or the load's number: then it is true of every shipment on it), `code` (`PU DEP ARR INT OFD ATT DLV POD RTN RTD`; `DLY HLD EXC`; `ETA`), `at` (with `ETA`: `eta`), `stop`? (`name`? `city`? `zip`? `country`?), `pieces[]`?: `line`, `count`, `unit`; with `DLY HLD EXC`: `reason`? (`ADDR CAP CUST DMG LATE LOST MECH NOBODY REF WX`), `cleared`?. Several at once: `events[]` |
//! | in `shipments` | `at`? (as of when), `shipments[]`: `pro`, `code`? (as in `event`, or `BKD`: booked); all that are under way |
//! | in `load_invoice` | `invoice`, `pro`, `total_cents`, `currency`: for all shipments on the load of this number |
//! | in `freight_invoice` | `invoice`, `pro`?, `shipper_ref`, `total_cents`, `currency` |

//!
//! # Carriers
//! [Templates](templates) read the message `tracking`: the carrier's answer to "where is it?", as it gives it. A history that is
//! sent again tells the same facts. The order is found by the tracking number, which the same partner must have told before,
//! as in its answer to a booking: who books with the carrier through a profile of their own puts the template's section there.
//!
//! | template | reads |
//! |---|---|
//! | `canadapost` | Canada Post, Track Pin Detail (XML) |
//! | `dhl-express` | DHL Express, XML tracking: several shipments an answer |
//! | `dhl-universal` | DHL, Shipment Tracking Unified (JSON) |
//! | `fedex` | FedEx, Track API (JSON): several shipments an answer |
//! | `ups` | UPS, Track API (JSON): each package is known by its own number |
//! | `usps` | USPS, Tracking API version 3 (JSON) |
//!
//! # Trading partners
//! [Templates](templates) for the messages of EDI and of SAP, to be used as they are or as the start of a partner's own profile.
//!
//! | template | reads | writes |
//! |---|---|---|
//! | `x12-erp` | orders: 850, 940 | 856, 810, 855 |
//! | `x12-wms` | a warehouse: 943, 944, 945, 947, 846 | 940 |
//! | `x12-tms` | a carrier: 990, 214, 210 | 204 |
//! | `edifact-erp` | orders: ORDERS | DESADV, INVOIC, ORDRSP |
//! | `edifact-tms` | a carrier: IFTSTA | IFTMIN |
//! | `sap-erp` | SAP's orders: ORDERS05 | DELVRY07, INVOIC02, ORDERS05 |
//! | `sap-wms` | SAP's deliveries: DELVRY07 | DELVRY07 |

/// The profiles that come with Waybill: name and TOML text.
#[must_use]
pub const fn shipped() -> &'static [(&'static str, &'static str)] {
    &[
        ("shopify", include_str!("../profiles/shopify.toml")),
        ("woocommerce", include_str!("../profiles/woocommerce.toml")),
        ("sim-erp", include_str!("../profiles/sim-erp.toml")),
        ("sim-wms", include_str!("../profiles/sim-wms.toml")),
        ("sim-tms", include_str!("../profiles/sim-tms.toml")),
    ]
}

/// Profiles that come with Waybill for partners that not everybody has: name and TOML text. Each serves once a partner is
/// given it by its name.
#[must_use]
pub const fn templates() -> &'static [(&'static str, &'static str)] {
    &[
        ("canadapost", include_str!("../profiles/canadapost.toml")),
        ("dhl-express", include_str!("../profiles/dhl-express.toml")),
        ("dhl-universal", include_str!("../profiles/dhl-universal.toml")),
        ("fedex", include_str!("../profiles/fedex.toml")),
        ("edifact-erp", include_str!("../profiles/edifact-erp.toml")),
        ("edifact-tms", include_str!("../profiles/edifact-tms.toml")),
        ("sap-erp", include_str!("../profiles/sap-erp.toml")),
        ("sap-wms", include_str!("../profiles/sap-wms.toml")),
        ("ups", include_str!("../profiles/ups.toml")),
        ("usps", include_str!("../profiles/usps.toml")),
        ("x12-erp", include_str!("../profiles/x12-erp.toml")),
        ("x12-tms", include_str!("../profiles/x12-tms.toml")),
        ("x12-wms", include_str!("../profiles/x12-wms.toml")),
    ]
}
