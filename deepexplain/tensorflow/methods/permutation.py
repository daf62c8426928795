"""Features replaced by other samples' values."""
from typing import Any, List

import numpy as np

from ..runs.baselines import Baselines
from ..runs.batching import pairs
from ..runs.model import Model
from ..runs.run import Run
from ..runs.seeds import generator_of
from .coalitions import CoalitionAttribution

#: Of an evaluation of the sample as it is: the player that leaves.
NOBODY = -2


class Permutation(CoalitionAttribution):
    """The mean fall of the target when a feature has the value of other samples (Breiman 2001, for single samples).

    T(x) - mean over r of T(x with the feature's value in r), over `samples` of the references, the same ones for all
    features and samples, drawn by the seed without replacement; all of them where there are no more. What a feature
    does here, seen from what it usually is, and not from a baseline.

    It explains samples one by one, by T and no labels, and a sample's result hangs on the references and never on the
    other samples of the run. Permutation importance as scikit-learn has it is one number for a feature and a data set,
    the fall of a model's score when the feature's column is shuffled; captum shuffles a feature within the batch. The
    mean of these attributions over a data set, with T a loss, is comparable with the former.

    Args:
        references: see `Attribution`; needed, here or by each run: values as they occur, training samples, say.
        samples: the most references that each feature is replaced from, a positive int. Default 20.
        feature_mask, per_group: see `PerturbationAttribution`; the features of a group are replaced together, from the
            same reference.
        seed: see `Attribution`.

    Raises:
        RuntimeError: by a run, if there are no references.
        ValueError: by a run, for more than 10,000 features or groups.
    """

    run_options = ('references', 'seed')
    by_scores = has_factor = True

    def __init__(self, model: Model, references: Any = None, samples: int = 20, feature_mask: Any = None,
                 per_group: bool = False, seed: Any = None) -> None:
        self.set_draws(samples, seed)
        super().__init__(model, None, feature_mask, per_group)
        self.set_absent(None, references)

    def absent(self, run: Run) -> Baselines:
        self.need_references(run, 'permutation', ': samples whose values a feature is given. They are never taken from '
                             'xs, where a result would hang on the other samples')
        return super().absent(run)

    def prepare(self, run: Run) -> None:
        super().prepare(run)
        self.players(run)

    def evaluations(self, run: Run) -> int:
        return 1 + self.players(run)[1] * min(self._samples or 0, self.absent(run).size)

    def attribute(self, run: Run) -> List[np.ndarray]:
        players, count = self.players(run)
        chosen = np.arange(self.absent(run).size)
        if len(chosen) > (self._samples or 0):
            chosen = generator_of(run.options.get('seed'), self.seed).permutation(len(chosen))[:self._samples]
        values = self._replaced(run, players, count, chosen)
        run.note(np.abs(values).max(1))
        others = values[:, 1:].reshape(-1, count, len(chosen)).mean(2)
        return self.shared_out(run, players, values[:, :1] - others)

    def _replaced(self, run: Run, players: List[np.ndarray], count: int, chosen: np.ndarray) -> np.ndarray:
        """The target of each sample as it is, and with each player from each chosen reference, player by player."""
        absent = self.absent(run)
        samples, which = pairs(run.n, 1 + count * len(chosen), run.rowing.mixed)
        points = self.points(run, len(samples))

        def fed(part: slice) -> List[Any]:
            player, place = np.divmod(which[part] - 1, len(chosen))
            player = np.where(which[part] == 0, NOBODY, player)[:, np.newaxis]

            references = absent.rows(samples[part], chosen[place])

            def replace(number: int, flat: np.ndarray) -> None:
                np.copyto(flat, references[number].reshape(flat.shape), where=players[number] == player)

            return points(samples[part], replace)

        return self.listed(run, samples, which, fed)
