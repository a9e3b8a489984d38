//! Profiles that cannot be written by are refused when they are loaded, at the place of the mistake.

use super::edi::{INSTRUCTION, TENDER};
use super::profile;

fn problem(out: &str) -> String {
    profile(out, "format = \"json\"").unwrap_err().to_string()
}

#[test]
fn a_mistake_is_found_when_the_profile_is_loaded() {
    for (from, to, said) in [
        ("\"N3\", {", "\"n3\", {", "expected the id of a segment"),
        ("\"N3\", {", "\"SE\", {", "expected no `SE` here: the format writes it"),
        ("[\"B2A\", \"00\", \"LT\"]", "\"B2A\"", "expected a segment"),
        ("[\"B2A\", \"00\", \"LT\"]", "{ B2A = \"00\" }", "expected a segment"),
        ("\"LT\"]", "{ x = 1 }]", "expected an element"),
        ("[[\"C\", \"D\"], [\"E\"]]", "[[[\"C\"]]]", "a component holds no others"),
        ("[\"S5\", { nth = true }", "[\"S5\", { nth = true, colour = 1 }", "expected an element"),
        ("{ count = \"lines[*]\" }", "{ nth = true }", "expected `nth` inside of an `each`"),
        ("version = \"005010\"", "version = \"5010\"", "expected a version of five digits or more"),
        ("set = \"204\"", "", "expected the key `set`"),
        ("lines = true", "usage = \"X\"", "expected `P` for production or `T` for a test"),
        ("lines = true", "separators = { element = \">\" }", "expected separators that differ"),
        ("lines = true", "separators = { element = \"ab\" }", "expected one ASCII character"),
        ("lines = true", "colour = 1", "unknown key `colour`"),
        ("replace = \" \"", "replace = \"*\"", "`*` separates what X12 writes"),
        ("format = \"x12\"", "format = \"x13\"", "expected the format `json`, `x12`"),
        ("format = \"x12\"", "format = \"json\"", "expected a template (a table) or `canonical`"),
        ("as = \"%H%M\"", "as = \"%!\"", "expected a strftime pattern"),
        ("as = \"%H%M\"", "as = \"hm\"", "or a pattern for a time"),
        ("cut = 60", "cut = 0", "from 1 to 1000"),
    ] {
        let wrong = TENDER.replacen(from, to, 1);
        assert_ne!(wrong, TENDER, "{from}");
        let problem = problem(&wrong);
        assert!(problem.contains(said), "{from} -> {to}: {problem}");
    }
    for (from, to, said) in [
        ("\"UNOC:3\"", "\"UNOZ:3\"", "expected an identifier and a version"),
        ("\"UNOC:3\"", "\"UNOC\"", "expected an identifier and a version"),
        ("\"IFTMIN:D:96A:UN:EAN004\"", "\"IFTMIN\"", "expected type, version, release and agency"),
        ("[\"CNT\"", "[\"CN\"", "expected the id of a segment"),
        ("decimal = \",\"", "decimal = \";\"", "expected `.` or `,`"),
        ("test = true", "set = \"204\"", "unknown key `set`"),
        ("format = \"edifact\"", "format = \"edifact\"\nreplace = \"ł\"", "is not in the character set"),
        ("format = \"edifact\"", "format = \"edifact\"\nencoding = \"utf-16le\"", "not written in UTF-16"),
    ] {
        let wrong = INSTRUCTION.replacen(from, to, 1);
        assert_ne!(wrong, INSTRUCTION, "{from}");
        let problem = problem(&wrong);
        assert!(problem.contains(said), "{from} -> {to}: {problem}");
    }
}

#[test]
fn a_body_must_be_one_of_its_format() {
    for (out, said) in [
        ("format = \"xml\"\nbody = [\"a\"]", "expected a table with one key"),
        ("format = \"xml\"\nbody = { a = 1, b = 2 }", "expected a table with one key"),
        ("format = \"xml\"\nbody = { \"1a\" = 1 }", "called by a name of XML"),
        ("format = \"xml\"\nbody = { a = [1] }", "expected a root"),
        ("format = \"xml\"\nbody = { a = { \"b c\" = 1 } }", "expected the name of an element"),
        ("format = \"xml\"\nbody = { a = { \"@b\" = [1] } }", "expected a single value"),
        ("format = \"xml\"\nbody = { a = { segments = true } }", "expected no `segments`"),
        ("format = \"csv\"\nbody = { each = \"lines[*]\", item = 1 }", "expected rows"),
        ("format = \"csv\"\nbody = [{ a = 1 }, { b = 1 }]", "no column `b`; expected one of `a`"),
        ("format = \"csv\"\nbody = [{ a = [1] }]", "expected a single value"),
        ("format = { csv = { columns = [] } }\nbody = [{ a = 1 }]", "expected at least one column"),
        ("format = \"fixed\"\nbody = [{ a = 1 }]", "it needs its columns"),
        (
            "format = { fixed = { columns = [{ name = \"b\", from = 1, length = 1 }] } }\nbody = [{ a = 1 }]",
            "no column `a`",
        ),
        (
            "format = { fixed = { columns = [{ name = \"a\", from = 1, length = 2 }, { name = \"b\", from = 2, length = 2 }] } }\nbody = [{ a = 1 }]",
            "`b` overlaps",
        ),
        (
            "format = { fixed = { code = { from = 1, length = 1 }, records = { H = {} } } }\nbody = [{ a = 1 }]",
            "expected a line",
        ),
        (
            "format = { fixed = { code = { from = 1, length = 1 }, records = { H = {} } } }\nbody = [[\"D\", { a = 1 }]]",
            "no record `D`",
        ),
        ("format = \"x12\"\nbody = \"canonical\"", "expected a segment"),
    ] {
        let problem = problem(out);
        assert!(problem.contains(said), "{out}: {problem}");
    }
}
