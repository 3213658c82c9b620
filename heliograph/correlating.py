"""Commands about receipts: how they find their segments, and segments of another gateway."""

from pathlib import Path
from typing import Annotated

import typer

from heliograph.options import ConfigOption, config_at
from heliograph.saying import say

MS_PER_MINUTE = 60_000
SEGMENTS = typer.Typer(
    help="Segments that another gateway has sent, before a cutover.", no_args_is_help=True
)


def receipts(
    minutes: Annotated[int, typer.Option(min=1, help="Windows of the last so many.")] = 60,
    config: ConfigOption = None,
) -> None:
    """How the receipts of each connector find their segments, and how their ids are written.

    \b
    heliograph receipts --minutes 15
    """
    from heliograph.receipts_told import lines, table
    from pipeline import topics
    from pipeline.ids import ConnectorId
    from pipeline.kafka.clients import now_ms
    from pipeline.kafka.reader import read_to_end
    from pipeline.process import make_codec
    from pipeline.records import ConnectorReceipts

    own = config_at(config)
    codec = make_codec(own)
    octets = (m.value() for m in read_to_end(own.kafka, [topics.RECEIPT_QUALITY]))
    rows = [codec.decode(value, ConnectorReceipts) for value in octets if value]
    by_id = {n for n in own.connectors if own.profile(ConnectorId(n)).correlate_by == "id"}
    found = lines(rows, now_ms() - minutes * MS_PER_MINUTE, by_id)
    told = table(found) if found else ["no receipts have been counted yet"]
    say(told, [line._asdict() for line in found])


@SEGMENTS.command("import")
def segments_import(file: Path, config: ConfigOption = None) -> None:
    """Tell of segments that another gateway has sent, so that their receipts find them.

    \b
    heliograph segments import segments.csv
    """
    from heliograph.importing import bring_in

    count = bring_in(config_at(config), file)
    say([f"{count} segments told"], {"told": count})
