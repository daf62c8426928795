"""How far a run is."""
from typing import Any

from .run import Run


class Progress:
    """A bar that follows a run while its method works, if it is wanted.

    Args:
        evaluations: how often each sample is evaluated.
    """

    def __init__(self, run: Run, evaluations: int, show: bool) -> None:
        self._run: Run = run
        self._bar: Any = None
        if show:
            from tqdm import tqdm
            self._bar = tqdm(total=run.n * evaluations, unit=' evaluations')
            run.progress = self._bar.update

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        self._run.progress = lambda rows: None
        if self._bar is not None:
            self._bar.close()
