"""What the commands ``train``, ``evaluate`` and ``export`` do."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, cast

import paddle

from mnist_helpers.data.digits import Digits
from mnist_helpers.data.splits import load
from mnist_helpers.deployment.export import save_inference_model
from mnist_helpers.distributed.workers import Workers, join
from mnist_helpers.errors import HelperError, RunError, StoppedError
from mnist_helpers.evaluation.scores import evaluate as evaluate_model
from mnist_helpers.models.networks import create
from mnist_helpers.models.weights import fingerprint
from mnist_helpers.system.runtime import best_device, seed_everything
from mnist_helpers.training.history import History
from mnist_helpers.training.loop import fit
from mnist_helpers.training.losses import OUTPUTS, loss_named
from mnist_helpers.training.optimizers import create_optimizer, usual_rate
from mnist_helpers.training.options import TrainOptions, flag, whole
from mnist_helpers.training.resuming import Resumable
from mnist_helpers.training.runs import (
    CHECKPOINTS,
    FACTS,
    OPTIONS,
    Run,
    check_output,
    forget_run,
    load_run,
    read_options,
    save_run,
    start_run,
)

NAMES = [option.name for option in fields(TrainOptions)]


def train(options: argparse.Namespace) -> int:
    """Train a network and save it; the last lines are its validation accuracy and its checksum.

    130 if it was stopped by a signal; it has been saved then, and can go on with ``--resume``.
    Started by ``paddle.distributed.launch``, the processes train together, each with batches of
    ``--batch-size``; the first alone prints and saves. With ``--other-workers``, a run goes on with
    more or fewer of them: they share out the batches that it had.
    """
    workers = join()
    folder = options.resume or options.either or options.output
    _check_where(options)
    given = {name: getattr(options, name) for name in NAMES if hasattr(options, name)}
    workers.agree(**{name: given.get(name) for name in NAMES}, folder=str(folder))
    begun = bool(options.resume) or (
        bool(options.either) and workers.first(lambda: (folder / OPTIONS).is_file())
    )
    if begun:  # worker 0 reads; the others may be on other machines, without its files
        stored, before = workers.first(lambda: _stored(folder, given, workers.world))
        chosen = _shared_out(folder, stored, before, workers.world, options.other_workers)
        if run := workers.first(lambda: _complete(folder)):
            if workers.rank == 0:
                print(f"{folder}: this run is complete", file=sys.stderr)
            return _say_result(run.accuracy, run.weights, workers)
    else:
        chosen = _asked_for(given)
        workers.first(lambda: _begin(folder, options.overwrite, chosen, workers.world))
    if options.either:
        _check_all_see(folder, workers)
    try:
        model, history, valid = _trained(chosen, folder, workers, options.other_workers)
    except StoppedError as stopped:
        again = f"{options.program} train --resume {folder}"
        print(f"{stopped}\nto go on: {again}", file=sys.stderr)
        return 130
    except HelperError:
        if options.output and workers.rank == 0:
            forget_run(folder)
        raise
    accuracy = cast(float, history.accuracy)  # there are validation digits
    weights = fingerprint(model)
    workers.agree(**{"the weights": weights})
    if workers.rank == 0:
        _say_epochs(history)
        result: dict[str, Any] = {"data": valid.source, "accuracy": accuracy, "weights": weights}
        save_run(folder, model, Run(**asdict(chosen), **result, workers=workers.world))
        _say_if_nothing_was_learned(accuracy, valid, chosen)
    return _say_result(accuracy, weights, workers)


def _check_where(options: argparse.Namespace) -> None:
    """RunError for flags that do not go together."""
    if options.overwrite and not options.output:
        raise RunError("--overwrite is for a new run: leave it out, or name --output")
    if options.other_workers and options.output:
        raise RunError("--other-workers is for a run that goes on: with --resume or --run")


def _shared_out(
    folder: Path, stored: TrainOptions, before: int, now: int, other_workers: bool
) -> TrainOptions:
    """The options with which `now` workers go on with a run that `before` have begun."""
    if now == before:
        return stored
    if not other_workers:
        raise RunError(
            f"{folder}: its run has {before} workers, not {now}. Start as many, or say "
            "--other-workers"
        )
    digits = stored.batch_size * before
    if digits % now:
        raise RunError(
            f"{folder}: its batches of {digits} digits cannot be shared out evenly to {now} workers"
        )
    return replace(stored, batch_size=digits // now)


def _check_all_see(folder: Path, workers: Workers) -> None:
    """RunError, in all workers, unless all see the run that worker 0 sees in `folder`."""
    path = folder / OPTIONS
    seen = workers.gather(path.read_text() if path.is_file() else None)
    for rank, other in enumerate(seen):
        if other != seen[0]:
            raise RunError(
                f"{folder}: worker {rank} does not see there the run that worker 0 sees. At the "
                "next start any of them may be worker 0; so --run needs a folder that all share"
            )


def _complete(folder: Path) -> Run | None:
    """What the run in `folder` gave, if it has ended."""
    return load_run(folder)[1] if (folder / FACTS).is_file() else None


def _asked_for(given: dict[str, Any]) -> TrainOptions:
    """The options of a new run. RunError without a model, UnknownNameError for a wrong name."""
    if "model" not in given:
        raise RunError("--model is missing: name the network to train")
    chosen = TrainOptions(**given)
    rate = chosen.learning_rate or usual_rate(chosen.optimizer)
    return replace(chosen, learning_rate=rate)


def _stored(folder: Path, given: dict[str, Any], world: int) -> tuple[TrainOptions, int]:
    """The options of the run in `folder`, and how many workers have begun it (an older version has
    not noted that: then `world`). RunError if an option that was given is another."""
    stored = read_options(folder)
    workers = stored.pop("workers", world)
    if set(stored) != set(NAMES):
        found, expected = ", ".join(stored), ", ".join(NAMES)
        raise RunError(f"{folder}: its options are {found}; expected {expected}")
    for name, value in given.items():
        if stored[name] != value and name != "save_every":
            raise RunError(
                f"{folder}: its run has {flag(name)} {stored[name]}, not {value}. Leave the option "
                "out, or start another run"
            )
    try:
        return TrainOptions(**{**stored, **given}), whole(1)(workers)
    except (ValueError, TypeError) as error:
        raise RunError(f"{folder / OPTIONS}: {error}") from None


def _begin(folder: Path, overwrite: bool, chosen: TrainOptions, workers: int) -> None:
    check_output(folder, overwrite)
    start_run(folder, {**asdict(chosen), "workers": workers})


def _say_epochs(history: History) -> None:
    for number, epoch in enumerate(history.epochs, start=1):
        print(
            f"epoch {number}: training loss {epoch.train_loss:.4f}, validation loss "
            f"{epoch.loss:.4f}, validation accuracy {epoch.accuracy:.4f}, {epoch.seconds:.1f} s"
        )


def _say_if_nothing_was_learned(accuracy: float, valid: Digits, chosen: TrainOptions) -> None:
    """A line on stderr if the model is no better than one answer for all, beyond chance."""
    commonest = valid.counts().max() / len(valid)
    chance = 3 * math.sqrt(commonest * (1 - commonest) / len(valid))
    if accuracy > commonest + chance:
        return
    usual = usual_rate(chosen.optimizer)
    print(
        f"note: this run has learned nothing: whoever always answers the commonest digit is right "
        f"for {commonest:.1%} of the validation digits. Its learning rate is "
        f"{chosen.learning_rate:g} ({usual:g} is usual for {chosen.optimizer}). The chapters on "
        "optimisers (5) and diagnosis (7) tell what to look at",
        file=sys.stderr,
    )


def _say_result(accuracy: float, weights: str, workers: Workers) -> int:
    if workers.rank == 0:
        print(f"accuracy {accuracy:.4f}")
        print(f"weights {weights}")
    return 0


def _trained(
    chosen: TrainOptions, folder: Path, workers: Workers, other_workers: bool
) -> tuple[paddle.nn.Layer, History, Digits]:
    """The model, its history, and the validation digits."""
    paddle.set_device(best_device())
    seed_everything(chosen.seed)
    model = create(chosen.model, OUTPUTS[chosen.loss])
    train_digits, valid = (load(split, quiet=workers.rank > 0) for split in ("train", "valid"))
    optimizer, schedule = create_optimizer(
        chosen.optimizer,
        model.parameters(),
        cast(float, chosen.learning_rate),  # `_asked_for` has put a number there
        chosen.schedule,
        chosen.epochs * math.ceil(len(train_digits) / (chosen.batch_size * workers.world)),
    )
    # all that the weights depend on: a run that goes on may save more often than before
    about = {name: value for name, value in asdict(chosen).items() if name != "save_every"}
    checkpoint = Resumable(
        folder / CHECKPOINTS, every=chosen.save_every, about=about, other_workers=other_workers
    )
    with checkpoint.stopping_on_signals():
        history = fit(
            model,
            train_digits,
            loss=loss_named(chosen.loss),
            optimizer=optimizer,
            schedule=schedule,
            epochs=chosen.epochs,
            batch_size=chosen.batch_size,
            seed=chosen.seed,
            valid=valid,
            checkpoint=checkpoint,
            workers=workers,
        )
    return model, history, valid


def evaluate(options: argparse.Namespace) -> int:
    """Print the loss and the accuracy of a run's model on one split."""
    model, run = load_run(options.folder)
    scores = evaluate_model(model, load(options.split), loss_named(run.loss))
    print(f"loss {scores.loss:.4f}")
    print(f"accuracy {scores.accuracy:.4f}")
    return 0


def export(options: argparse.Namespace) -> int:
    """Export a run's model; prints a line for each file: path and size in bytes, with a tab."""
    model, run = load_run(options.folder)
    about = {name: getattr(run, name) for name in ("data", "accuracy", "weights")}
    folder = save_inference_model(
        model, options.output, onnx=options.onnx, overwrite=options.overwrite, about=about
    )
    for path in sorted(folder.iterdir()):
        print(f"{path}\t{path.stat().st_size}")
    return 0
