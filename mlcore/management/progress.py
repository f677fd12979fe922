"""Progress bars of the long commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

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


@contextmanager
def steps_shown() -> Iterator[Callable[[Any], None]]:
    """A bar of the training's steps: what it yields is called with each Progress of mlcore.embedding.training."""
    with bars() as shown:
        task = shown.add_task("training", total=None, visible=False)

        def tell(progress: Any) -> None:
            shown.update(
                task,
                visible=True,
                completed=progress.step,
                total=progress.steps,
                description=f"loss {progress.loss:.3f} spread {progress.spread:.2f}",
            )

        yield tell
