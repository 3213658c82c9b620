"""What telemetry is put together from: each part adds routes, listens, works on a thread."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from starlette.routing import BaseRoute

from pipeline.process import Process
from services.telemetry.access import Access
from services.telemetry.config import TelemetryConfig
from services.telemetry.heard import Listener
from services.telemetry.view import View


@dataclass(frozen=True, slots=True)
class Desk:
    """What every part is given."""

    ground: Process
    own: TelemetryConfig
    access: Access
    view: View


class Part(NamedTuple):
    """What a part adds; a task works on a thread of its own until the event is set."""

    routes: Sequence[BaseRoute] = ()
    listeners: Sequence[Listener] = ()
    tasks: Sequence[Callable[[threading.Event], None]] = ()
