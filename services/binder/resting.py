"""What stands in the place of a bind's keeper while an operator wants nothing to be bound."""

from collections.abc import Sequence

from smpp.client import Esme, EsmeConfig


class Rest:
    """Binds nothing and tries nothing; the lease stays held."""

    esme: Esme | None = None

    def __init__(self, configs: Sequence[EsmeConfig]) -> None:
        """`configs` is how it would be bound."""
        self.configs = configs

    async def stop(self) -> None:
        """There is nothing to let go of."""
