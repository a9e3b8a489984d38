//! TPC-H files: the books equal what the files add up to, and files that cannot be right are refused.

use std::fs;
use std::path::{Path, PathBuf};

use model::Milestone;
use rust_decimal::Decimal;
use simulator::tpch::{Expected, TpchError, expected};
use simulator::{Scenario, Tpch};

use crate::waybill::Waybill;

const NATION: &str = "n_nationkey,n_name\n0,FRANCE\n1,GERMANY\n";
const CUSTOMER: &str = "c_custkey,c_name,c_nationkey\n1,Customer#1,1\n2,Customer#2,0\n";
const SUPPLIER: &str = "s_suppkey,s_name,s_nationkey\n1,Supplier#1,0\n2,Supplier#2,1\n";
const PART: &str = "p_partkey,p_name\n1,\"blue, small thing\"\n2,red thing\n";
const PARTSUPP: &str = "ps_partkey,ps_suppkey,ps_availqty\n1,1,100\n2,1,3\n2,2,5\n1,2,7\n";
const ORDERS: &str = "o_orderkey,o_custkey,o_orderdate\n1,1,1996-01-02\n3,2,1996-01-05\n";
const LINES: &str = "l_orderkey,l_partkey,l_suppkey,l_linenumber,l_quantity,l_extendedprice,l_returnflag,l_shipdate,\
                     l_commitdate,l_receiptdate,l_shipmode\n\
                     1,1,1,1,10,105.00,N,1996-02-01,1996-02-05,1996-02-06,TRUCK\n\
                     1,2,1,2,4,4.00,R,1996-02-01,1996-02-05,1996-02-05,MAIL\n\
                     1,2,2,3,1,2.50,A,1996-02-01,1996-02-05,1996-02-04,MAIL\n\
                     3,1,2,1,2,20.00,R,1996-01-09,1996-01-08,1996-01-10,AIR\n";

/// A folder with these files, and one of them replaced.
fn folder(replace: (&str, &str)) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let files = [
        ("nation", NATION),
        ("customer", CUSTOMER),
        ("supplier", SUPPLIER),
        ("part", PART),
        ("partsupp", PARTSUPP),
        ("orders", ORDERS),
        ("lineitem", LINES),
    ];
    for (name, text) in files {
        let text = if name == replace.0 { replace.1 } else { text };
        fs::write(dir.path().join(name).with_extension("csv"), text).unwrap();
    }
    dir
}

fn tpch(dir: &Path) -> Tpch {
    Tpch { dir: dir.to_owned(), limit: None }
}

/// Plays a folder and counts lines as Waybill learns of them.
fn counted(scenario: &Scenario) -> (Expected, Waybill) {
    let mut waybill = Waybill::new();
    let stage = waybill.play(scenario, 200);
    assert_eq!(stage.books().sound(), Ok(()));
    let mut counted = Expected::default();
    for (order, known) in &waybill.orders {
        assert_eq!(stage.books().verdict(order, known.ended, &known.exceptions), Ok(()));
        counted.orders += 1;
        counted.lines += known.order.as_ref().unwrap().lines.len() as u64;
        counted.delivered += known.amounts(Milestone::TransportDelivered).len() as u64;
        counted.returned += known.amounts(Milestone::TransportReturned).len() as u64;
        counted.late += known.late_lines();
    }
    let lines = stage.books().lines;
    let books = (lines.released, lines.delivered, lines.late, lines.returned);
    assert_eq!(books, (counted.lines, counted.delivered, counted.late, counted.returned));
    (counted, waybill)
}

#[test]
fn lines_of_one_supplier_and_day_travel_together_and_arrive_when_the_file_says() {
    let dir = folder(("", ""));
    let plans: Vec<_> = tpch(dir.path()).plans().unwrap().map(Result::unwrap).collect();
    let shipments: Vec<_> =
        plans[0].shipments.iter().map(|s| (s.id.as_str(), s.location.as_str(), s.lines.len())).collect();
    assert_eq!(shipments, [("s1", "SUPP-1", 2), ("s2", "SUPP-2", 1)]);
    assert_eq!((plans[0].mode.as_str(), plans[0].lines[0].price), ("TRUCK", Decimal::new(1050, 2)));
    assert_eq!(plans[1].ship_to.country.map(String::from).as_deref(), Some("FR"));
    let found = expected(dir.path(), None).unwrap();
    assert_eq!(found, Expected { orders: 2, lines: 4, delivered: 4, late: 2, returned: 2 });
    let (counted, waybill) = counted(&Scenario::Tpch(tpch(dir.path())));
    assert_eq!(counted, found);
    let stock: Vec<String> = waybill.stock.iter().map(|((at, sku), amount)| format!("{at} {sku} {amount}")).collect();
    assert_eq!(stock, ["SUPP-1 PART-1 100", "SUPP-1 PART-2 4", "SUPP-2 PART-1 7", "SUPP-2 PART-2 5"]);
}

#[test]
fn a_limit_takes_the_first_orders_only() {
    let dir = folder(("", ""));
    let first = Tpch { limit: Some(1), ..tpch(dir.path()) };
    let found = expected(dir.path(), Some(1)).unwrap();
    assert_eq!((found.orders, found.lines), (1, 3));
    assert_eq!(counted(&Scenario::Tpch(first)).0, found);
}

#[test]
fn files_that_cannot_be_right_are_refused_with_their_line() {
    let turned = LINES.replace("\n3,1,2,1,", "\n0,1,2,1,");
    let orphan = LINES.replace("\n3,1,2,1,", "\n2,1,2,1,");
    let date = LINES.replace("1996-02-06", "06.02.1996");
    let bare = ORDERS.replace("o_custkey", "customer");
    let short = LINES.replace(",1996-01-10,AIR", "");
    let huge = LINES.replace(",4,4.00,", ",79228162514264337593543950335,4.00,");
    let tiny = LINES.replace(",10,105.00,", ",0.0000000000000000000000000001,105.00,");
    let header = |text: &str| text.lines().next().map(str::to_owned).unwrap();
    let cases: [(&str, &str, &str); 9] = [
        ("lineitem", &short, "lineitem.csv, line 5: it has 9 columns; expected 11 as in the first line"),
        ("lineitem", &huge, "lineitem.csv, line 3: l_quantity is 79228162514264337593543950335; expected at most"),
        ("lineitem", &tiny, "lineitem.csv, line 2: l_quantity is 0.0000000000000000000000000001; expected a whole"),
        ("lineitem", &turned, "lineitem.csv, line 5: order key 0 comes after 1; sort the file"),
        ("lineitem", &orphan, "lineitem.csv, line 5: order 2 is not in orders.csv"),
        ("lineitem", &date, "lineitem.csv, line 2: l_receiptdate is `06.02.1996`; expected a date"),
        ("orders", &bare, "orders.csv has no column `o_custkey`"),
        (
            "orders",
            "o_orderkey,o_custkey,o_orderdate\n3,1,1996-01-02\n1,2,1996-01-05\n",
            "order 1 is not in orders.csv",
        ),
        (
            "orders",
            "o_orderkey,o_custkey,o_orderdate\n1,9,1996-01-02\n3,2,1996-01-05\n",
            "customer 9 is not in customer.csv",
        ),
    ];
    for (file, text, expected) in cases {
        let dir = folder((file, text));
        let plans = tpch(dir.path()).plans();
        let error = plans.and_then(|plans| plans.collect::<Result<Vec<_>, _>>()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let dir = folder(("orders", &header(ORDERS)));
    fs::write(dir.path().join("lineitem.csv"), header(LINES)).unwrap();
    let error = tpch(dir.path()).plans().unwrap().find_map(Result::err).unwrap();
    assert!(error.to_string().ends_with("there are no orders"), "{error}");
    let dir = folder(("orders", "o_orderkey,o_custkey,o_orderdate\n1,1,1996-01-02\n0,2,1996-01-05\n"));
    let error = tpch(dir.path()).plans().unwrap().find_map(Result::err).unwrap();
    assert!(matches!(error, TpchError::Unsorted { key: 0, previous: 1, line: 3, .. }), "{error}");
    for (pairs, lost) in [("1,1,100\n", 3), ("", 4)] {
        let dir = folder(("partsupp", &format!("ps_partkey,ps_suppkey,ps_availqty\n{pairs}")));
        let error = tpch(dir.path()).opening_stock().unwrap().find_map(Result::err).unwrap();
        assert!(error.to_string().contains(&format!("{lost} lines of lineitem.csv want a part")), "{error}");
    }
    let dir = folder(("", ""));
    fs::remove_file(dir.path().join("nation.csv")).unwrap();
    assert!(matches!(tpch(dir.path()).master().err(), Some(TpchError::Open { .. })));
}

#[test]
fn the_sample_folder_adds_up() {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/tpch");
    if !dir.is_dir() {
        println!("skipped: {} is not there", dir.display());
        return;
    }
    let found = expected(&dir, None).unwrap();
    assert_eq!(found, Expected { orders: 1_500, lines: 6_005, delivered: 6_005, late: 3_752, returned: 1_457 });
    assert_eq!(counted(&Scenario::Tpch(tpch(&dir))).0, found);
}
