"""Receipts as published by those who met them, in documents, issues and tests, and what they mean.

Only addresses and texts of people are shortened. A pure table: `test_receipt` reads it.
"""

from typing import NamedTuple


class Met(NamedTuple):
    """Who met it, the text, and what it says: `done` as written, `moment` as understood."""

    where: str
    text: str
    message_id: str | None
    state: str | None
    error: str | None
    done: str | None
    moment: str | None


MET = (
    Met(
        "jsmpp 62, neither sub nor dlvrd",
        "id:1526758174 submit date:1701240904 done date:1701240904 stat:DELIVRD err:000"
        " text:hellow",
        *("1526758174", "DELIVERED", "000", "1701240904", "2017-01-24 09:04"),
    ),
    Met(
        "php-smpp 70, an escape in the text, four digits of err",
        "id:117062714244798261 sub:001 dlvrd:001 submit date:1706271624 done date:1706271624"
        " stat:DELIVRD err:0000 text:H\x1bello world",
        *("117062714244798261", "DELIVERED", "0000", "1706271624", "2017-06-27 16:24"),
    ),
    Met(
        "smpplib 90",
        "id:6C7C7DE28BB3E961947700000000FE37 sub:001 dlvrd:000 submit date:1907311208"
        " done date:1907311208 stat:UNDELIV err:001 text:Ceci est un tet.",
        *("6C7C7DE28BB3E961947700000000FE37", "UNDELIVERABLE", "001"),
        *("1907311208", "2019-07-31 12:08"),
    ),
    Met(
        "uudashr/jsmpp 67, nothing behind err",
        "id:0654354026 submit date:2302101454 done date:2302101454 stat:DELIVRD err:000",
        *("0654354026", "DELIVERED", "000", "2302101454", "2023-02-10 14:54"),
    ),
    Met(
        "smppex 46, SMPP's own absolute times",
        "id:rdwjwxns18krxr9936ey96ymcw sub:000 dlvrd:000 submit date:180711070003912+"
        " done date:180711070000012+ stat:UNDELIV err:000",
        *("rdwjwxns18krxr9936ey96ymcw", "UNDELIVERABLE", "000"),
        *("180711070000012+", "2018-07-11 07:00"),
    ),
    Met(
        "jasmin 70, Clickatell, seconds, and an empty text",
        "id:a29f6845555647139e5c8f3b817f2c9a sub:001 dlvrd:001 submit date:141023215253"
        " done date:141023215259 stat:DELIVRD err:000 text:",
        *("a29f6845555647139e5c8f3b817f2c9a", "DELIVERED", "000"),
        *("141023215259", "2014-10-23 21:52:59"),
    ),
    Met(
        "Vonage, by its guide",
        "id:0000000012345678 sub:001 dlvrd:001 submit date:1601010100 done date:1601010101"
        " stat:DELIVRD err:000 text:none",
        *("0000000012345678", "DELIVERED", "000", "1601010101", "2016-01-01 01:01"),
    ),
    Met(
        "Vonage, a state of six letters",
        "id:2a1f0f1d sub:001 dlvrd:000 submit date:2609051430 done date:2609051447 stat:FAILED"
        " err:051 text:none",
        *("2a1f0f1d", "UNDELIVERABLE", "051", "2609051447", "2026-09-05 14:47"),
    ),
    Met(
        "the reason in the text",
        "id:0911897980 sub:001 dlvrd:000 submit date:1201121551 done date:1201121551"
        " stat:UNDELIV err:075 text:-PROFILE",
        *("0911897980", "UNDELIVERABLE", "075", "1201121551", "2012-01-12 15:51"),
    ),
    Met(
        "jasmin 124, in message_payload, a NUL at the end",
        "id:0000436949 submit date:1504211508 done date:1504211508 stat:DELIVRD err:000\0",
        *("0000436949", "DELIVERED", "000", "1504211508", "2015-04-21 15:08"),
    ),
    Met(
        "jasmin, a NUL behind the text",
        "id:1891273321 sub:001 dlvrd:001 submit date:1305050826 done date:1305050826"
        " stat:DELIVRD err:000 Text:DLVRD TO MOBILE\0",
        *("1891273321", "DELIVERED", "000", "1305050826", "2013-05-05 08:26"),
    ),
    Met(
        "VipNet, more fields than the specification knows",
        "id:40072910491419819 sub:001 dlvrd:001 submit date:1007291049 done date:1007291049"
        " stat:UNDELIV err:001 IMSI: MSC: ORN:VipNet MCCMNC:",
        *("40072910491419819", "UNDELIVERABLE", "001", "1007291049", "2010-07-29 10:49"),
    ),
    Met(
        "Kenya, commas in the text",
        "id:0966279342 sub:001 dlvrd:001 submit date:1303060704 done date:1303060705"
        " stat:UNDELIV err:000 text:INSO ALERT, 1000, Da",
        *("0966279342", "UNDELIVERABLE", "000", "1303060705", "2013-03-06 07:05"),
    ),
    Met(
        "one digit of dlvrd and err, and Dlvrd",
        "id:1235 sub:001 Dlvrd:1 submit date:2107081716 done date:2210131801 stat:DELIVRD err:0"
        " text:aha",
        *("1235", "DELIVERED", "0", "2210131801", "2022-10-13 18:01"),
    ),
    Met(
        "burstsms, delivrd, and a century",
        "id:5e4cc2e2d2a1a64e039a1bcb sub:001 delivrd:1 submit date:202008190505"
        " done date:202008190505 stat:DELIVRD err:0 text:Bob creates a world",
        *("5e4cc2e2d2a1a64e039a1bcb", "DELIVERED", "0", "202008190505", "2020-08-19 05:05"),
    ),
    Met(
        "lines instead of spaces",
        "id:12469 sub:001 dlvrd:001\nsubmit date:2605090348 done date:2605090348\nstat:DELIVRD"
        " err:0\ntext:American Express: AI",
        *("12469", "DELIVERED", "0", "2605090348", "2026-05-09 03:48"),
    ),
    Met(
        "no id, for it came in the TLV",
        "sub:001 dlvrd:001 submit date:2407190905 done date:2407191705 stat:UNDELIV err:000"
        " text:dlink/veri",
        *(None, "UNDELIVERABLE", "000", "2407191705", "2024-07-19 17:05"),
    ),
    Met(
        "an empty id",
        "id: sub:001 dlvrd:000 submit date:2401010000 done date:2401010001 stat:UNDELIV err:001"
        " text:failed",
        *(None, "UNDELIVERABLE", "001", "2401010001", "2024-01-01 00:01"),
    ),
    Met(
        "jasmin 447, not done yet it failed",
        "id:1216080510463401720 sub:001 dlvrd:001 submit date:1608051046 done date:0000000000"
        " stat:FAILED err:002 Text:",
        *("1216080510463401720", "UNDELIVERABLE", "002", "0000000000", None),
    ),
    Met(
        "jasmin 195, jasmin to jasmin, a century",
        "id:c87c2273-7edb-4bc7-8d3a-7f57f21b625e submit date:201506201641"
        " done date:201506201641 stat:DELIVRD err:000",
        *("c87c2273-7edb-4bc7-8d3a-7f57f21b625e", "DELIVERED", "000"),
        *("201506201641", "2015-06-20 16:41"),
    ),
    Met(
        "jasmin 760, delivered and an err",
        "id:fa9542be-3c16-44bb-9a8c-d277ea1851ef submit date:1911211739 done date:1911211741"
        " stat:DELIVRD err:002",
        *("fa9542be-3c16-44bb-9a8c-d277ea1851ef", "DELIVERED", "002"),
        *("1911211741", "2019-11-21 17:41"),
    ),
    Met(
        "node-smpp 140, a done date that is empty",
        "id:81 sub:001 dlvrd:0 submit date:2007281200 done date: stat:ACCEPTD err:000",
        *("81", "ACCEPTED", "000", None, None),
    ),
    Met(
        "node-smpp 199",
        "id:0000029095 sub:001 dlvrd:001 submit date:211125034959 done date:211125035001"
        " stat:DELIVRD err:000 text:",
        *("0000029095", "DELIVERED", "000", "211125035001", "2021-11-25 03:50:01"),
    ),
    Met(
        "ksmppd 108, the state without its key: not ours to guess",
        "id:ce5bc5a9-4f7d-4282-9244-2e1022a9335c sub:000 dlvrd:000 submit date:180903120815"
        " done date:180903120816 DELIVRD err:000 Text:",
        *("ce5bc5a9-4f7d-4282-9244-2e1022a9335c", None, "000"),
        *("180903120816", "2018-09-03 12:08:16"),
    ),
    Met(
        "Kannel, seconds in one date only",
        "id:5516a151-4970-45b6-b73e-95aefdb11cbf sub:001 dlvrd:001 submit date:2302231414"
        " done date:230223194211 stat:EXPIRED err:000 text:Hello",
        *("5516a151-4970-45b6-b73e-95aefdb11cbf", "EXPIRED", "000"),
        *("230223194211", "2023-02-23 19:42:11"),
    ),
    Met(
        "Kannel, err in hexadecimal",
        "id:577e505a-dbd7-46ab-a04c-5a927ffb85b1 sub:001 dlvrd:000 submit date:2408201338"
        " done date:240820093823 stat:REJECTD err:00B text:You",
        *("577e505a-dbd7-46ab-a04c-5a927ffb85b1", "REJECTED", "00B"),
        *("240820093823", "2024-08-20 09:38:23"),
    ),
    Met(
        "GoIP, on the way",
        "id:4791967 sub:0 dlvrd:1 submit date:2302281329 done date:2302281329 stat:ENROUTE err:0"
        " Text:Hello World from out",
        *("4791967", "ENROUTE", "0", "2302281329", "2023-02-28 13:29"),
    ),
    Met(
        "GoIP, failed",
        "id:88316820 sub:0 dlvrd:0 submit date:2302281324 done date:2302281325 stat:UNDELIV"
        " err:500 Text:Hello World from out",
        *("88316820", "UNDELIVERABLE", "500", "2302281325", "2023-02-28 13:25"),
    ),
    Met(
        "GoIP, no state",
        "id:88316820 sub:0 dlvrd:0 submit date:2302281324 done date:2302281325 err:500"
        " Text:Hello World from out",
        *("88316820", None, "500", "2302281325", "2023-02-28 13:25"),
    ),
    Met(
        "Infobip, no text",
        "id:44191696 sub:001 dlvrd:000 submit date:2609051430 done date:2609051430 stat:ENROUTE"
        " err:000",
        *("44191696", "ENROUTE", "000", "2609051430", "2026-09-05 14:30"),
    ),
    Met(
        "LINK Mobility, counts that are always zero",
        "id:e731049e9fc84e61 sub:000 dlvrd:000 submit date:2609051430 done date:2609051431"
        " stat:DELIVRD err:000 text:",
        *("e731049e9fc84e61", "DELIVERED", "000", "2609051431", "2026-09-05 14:31"),
    ),
    Met(
        "CM.com, neither counts nor text",
        "id:5be9f816f19992a78c8e26442f8afa50 submit date:2609051430 done date:2609051433"
        " stat:DELIVRD err:000",
        *("5be9f816f19992a78c8e26442f8afa50", "DELIVERED", "000"),
        *("2609051433", "2026-09-05 14:33"),
    ),
    Met(
        "Telesign, err in hexadecimal",
        "id:e9ca671b2497d778d771938333dc0c52 sub:001 dlvrd:000 submit date:260905143000"
        " done date:260905143010 stat:UNKNOWN err:4A6 text:",
        *("e9ca671b2497d778d771938333dc0c52", "UNKNOWN", "4A6"),
        *("260905143010", "2026-09-05 14:30:10"),
    ),
    Met(
        "SMPP Center",
        "id:64567564356765435676 sub:001 dlvrd:001 submit date:190608165232"
        " done date:190608165237 stat:DELIVRD err:000 text:Hello World",
        *("64567564356765435676", "DELIVERED", "000", "190608165237", "2019-06-08 16:52:37"),
    ),
    Met(
        "Zain, the least that can be said",
        "id:86 submit date:1410160730 done date:1410160730 stat:DELIVRD",
        *("86", "DELIVERED", None, "1410160730", "2014-10-16 07:30"),
    ),
    Met(
        "Saudi Arabia, two days late",
        "id:543CD34E00AA33 sub:000 dlvrd:000 submit date:1410140739 done date:1410160739"
        " stat:EXPIRED err:027 text:Abdus invi",
        *("543CD34E00AA33", "EXPIRED", "027", "1410160739", "2014-10-16 07:39"),
    ),
    Met(
        "India, capitals, no spaces in the keys",
        "ID:1 SUB:001 DLVRD:001 SUBMITDATE:2109151930 DONEDATE:2109151930 STAT:DELIVRD ERR:000"
        " TEXT:NULL",
        *("1", "DELIVERED", "000", "2109151930", "2021-09-15 19:30"),
    ),
    Met(
        "keys in camel case, no err",
        "id:Smsc2006 sub:2 submitDate:1505051216 doneDate:1508051216 stat:UNDELIV text:Hi how",
        *("Smsc2006", "UNDELIVERABLE", None, "1508051216", "2015-08-05 12:16"),
    ),
    Met(
        "ruby-smpp, the sender before the id, and an empty err",
        "4790000000SMSAlert^id:1054BC63 sub:0 dlvrd:1 submit date:0610231217"
        " done date:0610231217 stat:DELIVRD err: text:",
        *("1054BC63", "DELIVERED", None, "0610231217", "2006-10-23 12:17"),
    ),
    Met(
        "vumi, Yo, a state by number",
        "id:Smsc2013 sub:1 dlvrd:1 submit date:0610171515 done date:0610171515 stat:0 err:0"
        " text:blah",
        *("Smsc2013", None, "0", "0610171515", "2006-10-17 15:15"),
    ),
    Met(
        "vumi, dots for counts",
        "id:foo sub:... dlvrd:... submit date:200101010030 done date:200101020030 stat:FAILED"
        " err:042 text:Meep",
        *("foo", "UNDELIVERABLE", "042", "200101020030", "2020-01-01 02:00:30"),
    ),
    Met(
        "cloudhopper, fourteen digits",
        "id:2E179B310EDE971B2760C72B7F026E1B submit date:20110314181534"
        " done date:20110314181741 stat:DELIVRD err:0",
        *("2E179B310EDE971B2760C72B7F026E1B", "DELIVERED", "0"),
        *("20110314181741", "2011-03-14 18:17:41"),
    ),
    Met(
        "larvitsmpp, a state in full",
        "id:450 sub:001 dlvrd:0 submit date:1504031342 done date:1504031342 stat:UNDELIVERABLE"
        " err:1 text:xxx",
        *("450", "UNDELIVERABLE", "1", "1504031342", "2015-04-03 13:42"),
    ),
    Met(
        "go-smpp, seconds since 1970",
        "id:1081737143648 sub:000 dlvrd:000 submit date:1767865032 done date:1767865032"
        " stat:DELIVRD err:000 text:",
        *("1081737143648", "DELIVERED", "000", "1767865032", None),
    ),
    Met(
        "bulatnig, accepted",
        "id:c449ab9744f47b6af1879e49e75e4f40 sub:001 dlvrd:0 submit date:0610191018"
        " done date:0610191018 stat:ACCEPTD err:0 text:This is an Acti",
        *("c449ab9744f47b6af1879e49e75e4f40", "ACCEPTED", "0", "0610191018", "2006-10-19 10:18"),
    ),
    Met(
        "a text of blanks",
        "id:881444543 sub:001 dlvrd:000 submit date:1512201521 done date:1512201521 stat:ACCEPTD"
        " err:000 text:ACK/OK      ",
        *("881444543", "ACCEPTED", "000", "1512201521", "2015-12-20 15:21"),
    ),
    Met(
        "Uzbekistan, Text and one digit of err",
        "id:D6AE74D1 sub:001 dlvrd:001 submit date:250609123704 done date:250609123707"
        " stat:DELIVRD err:0 Text:report",
        *("D6AE74D1", "DELIVERED", "0", "250609123707", "2025-06-09 12:37:07"),
    ),
    Met(
        "Huawei, small letters",
        "id:HW-001 sub:001 dlvrd:001 stat:delivrd err:000 text:",
        *("HW-001", "DELIVERED", "000", None, None),
    ),
    Met(
        "two spaces, and no dates",
        "id:WS-001  sub:001  dlvrd:001  stat:DELIVRD  err:000  text:",
        *("WS-001", "DELIVERED", "000", None, None),
    ),
    Met(
        "a colon in the id, a word in err",
        "id:ns:12345 sub:001 stat:UNDELIV err:E_NETWORK text: apiMsgId:abc123",
        *("ns:12345", "UNDELIVERABLE", "E_NETWORK", None, None),
    ),
)
