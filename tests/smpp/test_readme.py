"""The examples of smpp/README.md, run one after the other as one program."""

import ast
import asyncio
import inspect
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "smpp" / "README.md"


async def test_every_example_runs() -> None:
    scope: dict[str, object] = {"asyncio": asyncio}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 8
    for block in blocks:
        code = compile(block, PAGE.name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        async with asyncio.timeout(5):
            if inspect.iscoroutine(result := eval(code, scope)):  # noqa: S307  our own page
                await result
