"""The configuration of a pipeline to be broken, as a file that rows change while it runs."""

from collections.abc import Mapping
from copy import deepcopy
from importlib.resources import files
from pathlib import Path

import yaml

from pipeline.ids import ConnectorId
from pipeline.topics import DEFAULT_TENANT

CONNECTOR = ConnectorId("chaos")
ACCOUNT = "heliograph"
HERE = Path(str(files("heliograph.chaos").joinpath("heliograph.yaml")))


class Settings:
    """heliograph.yaml at `path` and its routes; they begin as those beside this module."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._text = yaml.safe_load(HERE.read_text(encoding="utf-8"))
        self._profile = self._text["profiles"][CONNECTOR]
        self.routes = path.with_name("routes.yaml")
        self.routes.write_bytes(HERE.with_name("routes.yaml").read_bytes())
        self._text["routes"] = self.routes.name
        self._write()

    def of(self, name: str) -> object:
        """One of the connector's, as it is written."""
        return self._text["connectors"][CONNECTOR][name]

    def change(self, **connector: object) -> None:
        """Some of the connector's are others."""
        self._text["connectors"][CONNECTOR].update(connector)
        self._write()

    def write_as(self, profile: Mapping[str, object]) -> None:
        """The carrier's profile is as it was at first, with these on top."""
        self._text["profiles"][CONNECTOR] = {**self._profile, **profile}
        self._write()

    def correlate(self, correlator: Mapping[str, object]) -> None:
        """These are the settings of the correlator."""
        self._text["services"]["correlator"] = dict(correlator)
        self._write()

    def leave_free(self, mib: int) -> None:
        """So much of the disk must be free, or a stateful service does not run."""
        self._text["state_room_mib"] = mib
        self._write()

    def add(self, tenant: str, connector: str, **settings: object) -> None:
        """Another tenant like the first; another connector at the same carrier, with an account
        of its own."""
        connectors, tenants = self._text["connectors"], self._text["tenants"]
        tenants[tenant] = deepcopy(tenants[DEFAULT_TENANT])
        connectors[connector] = connectors[CONNECTOR] | {"system_id": connector} | settings
        self._write()

    def allow(self, binds: int) -> None:
        """The carrier allows so many."""
        self._text["services"]["sandbox"][CONNECTOR]["accounts"][ACCOUNT]["binds"]["all"] = binds
        self._write()

    def _write(self) -> None:
        self.path.write_text(yaml.safe_dump(self._text, sort_keys=False), encoding="utf-8")
