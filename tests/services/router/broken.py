"""Routes files that are broken, a row each: the text, and the one sentence about it.

What stands in a text after the MARK is what the sentence is about; line and column are counted.
"""

from typing import NamedTuple

from services.router.changes_file import SET
from services.router.routes import CLASSES
from services.router.routes_file import MATCH, RULE

MARK = "»"
ONE = "version: 1\nrules:\n"


class Broken(NamedTuple):
    """A text, and its fault with line and column."""

    text: str
    fault: str


def broken(marked: str, sentence: str) -> Broken:
    """What a row says."""
    before, mark, after = marked.partition(MARK)
    assert mark, marked
    place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    return Broken(before + after, f"{place}: {sentence}")


SETTINGS = [
    ("match: »otp", "match: must be a mapping of " + ", ".join(MATCH)),
    ("match: {»clas: otp}", "match: there is no setting 'clas'; look for a misspelling"),
    ("match: {class: »opt}", f"match: class 'opt' is none of {', '.join(CLASSES)}"),
    ("match: {class: »[]}", "match: class must be a list with at least one item"),
    ("match: {lane: »fast}", "match: lane 'fast' is none of priority, normal, bulk"),
    ("match: {tenant: [»[x]]}", "match: tenant must be a text"),
    (
        "match: {text: »'('}",
        "match: text is no regular expression: missing ), unterminated subpattern at position 0",
    ),
    (
        "match: {text: »'x{9999999999}'}",
        "match: text is no regular expression: the repetition number is too large",
    ),
    ("match: {zone: »UTC}", "match: zone is of no use without hours or days"),
    ("match: »{days: mon}", "match: hours and days need a zone, such as Europe/Stockholm"),
    ("match: {days: mon, zone: »Mars/Base}", "match: there is no time zone 'Mars/Base'"),
    ("match: {days: mon, zone: »../x}", "match: there is no time zone '../x'"),
    (
        "match: {days: »monday, zone: UTC}",
        "match: days 'monday' is none of mon, tue, wed, thu, fri, sat, sun",
    ),
    ("match: {hours: »8-20, zone: UTC}", 'match: hours must look like "08:00-20:30"'),
    (
        "match: {hours: »'08:00-24:01', zone: UTC}",
        "match: hours '08:00-24:01' are no part of a day",
    ),
    (
        "match: {hours: »'08:00-08:00', zone: UTC}",
        "match: hours '08:00-08:00' are no part of a day",
    ),
    ("match: {country: [SE, »Sweden]}", "match: country must be such as SE and not 'Sweden'"),
    ("match: {country: »se}", "match: country must be such as SE and not 'se'"),
    ("match: {country: »[]}", "match: country must be a list with at least one item"),
    (
        "match: {network: [24001, »Telia]}",
        "match: network must be such as 24001 or 240-01 and not 'Telia'",
    ),
    ("needs_network: »maybe", "needs_network must be one of true, false"),
    ("explore_share: »0.1", "explore_share is of no use without strategy: quality"),
    *(
        (
            f"strategy: quality, explore_share: »{share}",
            f"explore_share must be a number from 0 to 1 and not '{share}'",
        )
        for share in ("-0.1", "1.1", "much", "nan")
    ),
    ("strategy: »best", "strategy must be one of priority, weighted, sticky, cheapest, quality"),
    ("strategy: »cheapest", "cheapest needs a price of each connector"),
    ("return_after_s: »60", "return_after_s needs another connector to go to"),
    ("prefixes_file: »none.txt", "none.txt can't be read: No such file or directory"),
    ('prefixes_file: »"a\\0"', "'a\\x00' can't be the name of a file"),
    ("requires: »[]", "requires must be a list with at least one item"),
    ("requires: [»[x]]", "requires must be a text"),
    ("requires: [a, b, »a]", "requires 'a' stands twice; keep one"),
    ("set: »otp", f"set: must be a mapping of {', '.join(SET)}"),
    ("set: {class: »spam}", f"set: class must be one of {', '.join(CLASSES)}"),
    ("set: {validity_s: »0}", "set: validity_s must be seconds, 1 to 604800, and not '0'"),
    ("set: {validity_s: »[1]}", "set: validity_s must be seconds, 1 to 604800,"),
    ("set: {on_ambiguous: »no}", "set: on_ambiguous must be one of resend, give_up, ask"),
    ("set: {sender: [ACME, »'']}", "set: sender must be a text"),
    (
        "set: {sender: »TOO LONG A NAME}",
        "set: 'TOO LONG A NAME' is no sender; write 3 to 15 digits, or up to 11 ASCII characters "
        "that are not all digits",
    ),
    ("set: {profile: »long}", "set: there is no profile 'long'"),
    ("set: {profile: »[plain]}", "set: profile must be a text"),
    (
        "set: {sender: [ACME], sender_by: »fame}",
        "set: sender_by must be one of sticky, nearest",
    ),
    ("set: {sender_by: »nearest}", "set: sender_by is of no use without sender"),
    (
        "set: {sender: [ACME, 72000], sender_by: »nearest}",
        "set: sender_by: nearest needs a number of some country in sender",
    ),
]
WAYS = [
    ("»{weight: 1}", "a connector: name must be a text"),
    *(
        (
            f"{{name: fast, weight: »{weight}}}",
            f"a connector: weight must be a whole number, 0 to 10000, and not '{weight}'",
        )
        for weight in ("-1", "much", "1.5", "10001")
    ),
    *(
        (
            f"{{name: fast, price: »{price}}}",
            f"a connector: price must be a decimal number and not '{price}'",
        )
        for price in ("cheap", "-1", "NaN", "1e")
    ),
    ("{name: fast, prices: »[a]}", "a connector: prices must be the name of a file"),
    (
        "{name: fast, prices: »none.csv}",
        "a connector: prices: none.csv can't be read: No such file or directory",
    ),
    ('{name: fast, prices: »"a\\0"}', "a connector: prices: 'a\\x00' can't be the name of a file"),
    ("{name: fast, »cost: 1}", "a connector: there is no setting 'cost'; look for a misspelling"),
]
RULES = [
    ("- »x", "rule 1: must be a mapping of " + ", ".join(RULE)),
    ("- »{prefix: 46, connectors: [fast]}", "rule 1: name must be a text"),
    ("- {name: »[], prefix: 46, connectors: [fast]}", "rule 1: name must be a text"),
    ("- {name: »~, prefix: 46, reject: no}", "rule 1: name must be a text"),
    ('- {name: »"\\ud800", prefix: 46, reject: no}', "rule '\\ud800': name must be a text"),
    (
        f"- »{{name: {'x' * 65}, prefix: 46, reject: no}}",
        f"rule '{'x' * 65}': name is longer than 64 characters",
    ),
    (
        "- »{name: a, connectors: [fast]}",
        "rule 'a': prefix is missing; write \"\" for all the rest",
    ),
    (
        "- {name: a, prefix:», connectors: [fast]}",
        "rule 'a': prefix is missing; write \"\" for all the rest",
    ),
    *(
        (
            f"- name: a\n  prefix: »'{prefix}'\n  reject: no",
            f"rule 'a': prefix {prefix!r} must be digits in international form, "
            "without + or leading 0",
        )
        for prefix in ("+46", "046", "46x", "4 6", "1" * 16, "٤٦")
    ),
    ("- »{name: a, prefix: 46}", "rule 'a': give either connectors or reject"),
    (
        "- »{name: a, prefix: 46, connectors: [fast], reject: no}",
        "rule 'a': give either connectors or reject",
    ),
    (
        "- {name: a, prefix: 46, reject: no,\n   requires: »[dlt_entity_id]}",
        "rule 'a': requires is of no use where all is rejected",
    ),
    (
        "- {name: a, prefix: 46, connectors: »[]}",
        "rule 'a': connectors must be a list with at least one name",
    ),
    (
        "- {name: a, prefix: 46, connectors: »fast}",
        "rule 'a': connectors must be a list with at least one name",
    ),
    (
        "- name: a\n  prefix: 46\n  connectors:\n  - fast\n  - »fats",
        "rule 'a': there is no connector 'fats'",
    ),
    (
        "- {name: a, prefix: 46, connectors: [»[fast]]}",
        "rule 'a': a connector must be a text",
    ),
    (
        "- {name: a, prefix: 46, connectors: [fast, »fast]}",
        "rule 'a': connector 'fast' stands twice; keep one",
    ),
    *(
        (
            f"- {{name: a, prefix: 46, reject: »{reason}}}",
            "rule 'a': reject must be a reason such as premium_number",
        )
        for reason in ("Not Machine-readable", "null", "[]")
    ),
    (
        "- {name: a, prefix: 46, »conectors: [fast], reject: no}",
        "rule 'a': there is no setting 'conectors'; look for a misspelling",
    ),
    (
        "- {name: a, prefix: 46, »[x]: y, reject: no}",
        "rule 'a': there is no setting '?'; look for a misspelling",
    ),
    (
        "- {name: a, prefix: 46, reject: no}\n- »{name: a, prefix: 47, reject: no}",
        "rule 'a': name 'a' is that of line 3 already",
    ),
    (
        "- {name: a, prefix: 46, reject: no}\n- »{name: b, prefix: '46', reject: no}",
        "rule 'b': prefix '46' is that of line 3 already",
    ),
    *(
        (f"- {{name: a, prefix: 46, connectors: [fast], {setting}}}", f"rule 'a': {fault}")
        for setting, fault in SETTINGS
    ),
    *(
        (f"- {{name: a, prefix: 46, connectors: [{way}]}}", f"rule 'a': {fault}")
        for way, fault in WAYS
    ),
    (
        "- {name: a, prefix: 46, strategy: sticky, connectors: »[{name: fast, weight: 0}]}",
        "rule 'a': sticky needs a weight above 0",
    ),
]
FILES = [
    ("»", "must be a mapping with version and rules"),
    ("»[]", "must be a mapping with version and rules"),
    ("»version: 1", "rules must be a list with at least one rule"),
    ("version: 1\nrules: »[]", "rules must be a list with at least one rule"),
    ("version: 1\nrules: »{}", "rules must be a list with at least one rule"),
    ('»rules: [{name: a, prefix: "", reject: no}]', "the file: version must be a text"),
    (
        'version: 1\n»rule: 2\nrules: [{name: a, prefix: "", reject: no}]',
        "the file: there is no setting 'rule'; look for a misspelling",
    ),
    (
        'version: 1\n»version: 2\nrules: [{name: a, prefix: "", reject: no}]',
        "the file: version is written twice; keep one",
    ),
    (
        "version: 1\ncurrency: »euro\nrules: [{name: a, prefix: '', reject: no}]",
        "currency must be a code such as EUR and not 'euro'",
    ),
]
NO_YAML = [
    ("rules: [»", "expected the node content, but found '<stream end>'"),
    ("a: b»: c", "mapping values are not allowed here"),
    ("»\t", "found character '\\t' that cannot start any token"),
    ("version: 1\n»--- \nversion: 2", "but found another document"),
    ("version: 1\nrules: »*all", "found undefined alias 'all'"),
    ("version: 1»\x07", "the character U+0007 may not be written"),
    ('version: "\\U»FFFFFFFF"', "an escape stands for no character"),
]

BROKEN = [
    *(broken(*row) for row in FILES),
    *(broken(ONE + marked, fault) for marked, fault in RULES),
    *(broken(marked, f"is not YAML: {problem}") for marked, problem in NO_YAML),
]
