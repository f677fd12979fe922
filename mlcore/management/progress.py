"""Progress bars of the long commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from mlcore.embedding.sources import Progress


@contextmanager
def bars(console: Console | None = None) -> Iterator[Bars]:
    """Rich bars with counts and times; plain and quiet where there is no terminal."""
    with Bars(
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console or Console(stderr=True),
    ) as shown:
        yield shown


@contextmanager
def counting(console: Console | None = None) -> Iterator[Progress]:
    """A callback (title, done, total) that draws one bar a title."""
    with bars(console) as shown:
        tasks: dict[str, object] = {}

        def tell(title: str, done: int, total: int) -> None:
            if title not in tasks:
                tasks[title] = shown.add_task(title, total=total)
            shown.update(tasks[title], completed=done, total=total)  # type: ignore[arg-type]

        yield tell
