"""What a whole inbound message means, and who is told; pure.

Everybody hears of it on `sms.mo`; who subscribes to its keyword, on the keyword's topic; the
router, when it is a STOP or START; and its sender, where there is an answer.
"""

from msgspec.structs import replace

from pipeline import topics
from pipeline.config import Config
from pipeline.effects import Effect, KeyEntries, Publish
from pipeline.records import Mo
from services.correlator import sent
from services.correlator.config import CorrelatorConfig
from services.correlator.keywords import Keywords
from services.correlator.opt_outs import Wishes, opt_out_of
from services.correlator.replies import Replies
from services.correlator.votes import Votes


class Meaning:
    """Decides about one inbound message at a time, once it is put together."""

    def __init__(self, config: Config, own: CorrelatorConfig) -> None:
        self._keywords = Keywords(config.numbers)
        self._votes = Votes(config.numbers)
        self._wishes = Wishes(own, config.numbers)
        self._replies = Replies(config)

    def finished(
        self, state: KeyEntries, mo: Mo, now_ms: int, *, has_begin: bool = True
    ) -> list[Effect]:
        """What to do about `mo`, whose first part may be missing."""
        mo = replace(mo, in_reply_to=sent.last(state, mo.receiver))
        mo = self._with_keyword(mo) if has_begin else mo
        mo, tally = self._votes.cast(state, mo, now_ms)
        effects: list[Effect] = [Publish(topics.MO, mo.sender, mo)]
        if mo.keyword is not None:
            effects.append(Publish(topics.mo(mo.keyword), mo.sender, mo))
        wish = self._wishes.said(mo)
        if row := opt_out_of(mo, wish):
            effects.append(Publish(topics.ROUTER_IN, row.recipient, row))
        return effects + tally + self._replies.to(state, mo, wish)

    def _with_keyword(self, mo: Mo) -> Mo:
        said = self._keywords.said(mo.receiver, mo.text) if isinstance(mo.text, str) else None
        if said is None:
            return mo
        words = tuple(said.rest.split())
        return replace(mo, keyword=said.keyword, rest=said.rest, words=words)
