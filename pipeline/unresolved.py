"""Rows of `sms.mt.unresolved`: segments that may or may not be at the SMSC, for a person to judge.

The binder writes one when a segment with `on_ambiguous: ask` ends as `unknown`; whoever has judged
it deletes it. One that ends so again is the same row anew.
"""

from pipeline.records import MtSubmit


def key_of(submit: MtSubmit) -> str:
    """The key of a segment's row; another way of the same message is another one."""
    return f"{submit.message_id}/{submit.segment}/{submit.hop}"
