"""Faults in how a network is trained: order and augmentation of recordings, schedules, losses, sums over an epoch."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "dropout and augmentation draw the same numbers in every epoch",
        "training/module.py",
        '"step", self.global_step, 0)',
        '"step", batch_idx, 0)',
    ),
    Mutant(
        "every epoch goes through the recordings in the same order",
        "training/module.py",
        "epoch_order(n, seed, self.current_epoch)",
        "epoch_order(n, seed, 0)",
    ),
    Mutant(
        "the learning-rate schedule is stepped once an epoch",
        "training/module.py",
        '"interval": "step"',
        '"interval": "epoch"',
    ),
    Mutant(
        "the schedule spans one epoch",
        "training/module.py",
        "settings.schedule.make(int(self.trainer.estimated_stepping_batches), settings.epochs)",
        "settings.schedule.make(int(self.trainer.estimated_stepping_batches) // int(self.trainer.max_epochs or 1), settings.epochs)",
    ),
    Mutant(
        "time constants decay with the weights' weight decay",
        "training/optimisers.py",
        '"weight_decay": settings.weight_decay_time_constants,',
        '"weight_decay": settings.weight_decay,',
    ),
    Mutant(
        "delays are drawn to 0 as weights are",
        "training/optimisers.py",
        '"lr": settings.lr, "weight_decay": 0.0}',
        '"lr": settings.lr, "weight_decay": settings.weight_decay}',
    ),
    Mutant(
        "time constants are trained with the weights' rate",
        "training/optimisers.py",
        '"lr": settings.lr * settings.lr_factor_time_constants,',
        '"lr": settings.lr,',
    ),
    Mutant(
        "of equally good epochs the last is kept",
        "training/module.py",
        'row["validation_accuracy"] > self.best_accuracy',
        'row["validation_accuracy"] >= self.best_accuracy',
    ),
    Mutant(
        "what is kept of the best epoch goes on being trained",
        "training/module.py",
        "self.best = {name: tensor.detach().clone() for",
        "self.best = {name: tensor.detach() for",
    ),
    Mutant(
        "a batch counts in an epoch's loss whatever its size",
        "training/module.py",
        'self._add_to(f"{part}_loss", loss.detach() * n)\n        self._add_to(f"{part}_n", torch.tensor(n, device=self.device))',
        'self._add_to(f"{part}_loss", loss.detach())\n        self._add_to(f"{part}_n", torch.tensor(1, device=self.device))',
    ),
    Mutant(
        "clamped decays leave their range between two steps",
        "training/module.py",
        "        self.network.clamp_()",
        "        pass",
    ),
    Mutant(
        "all recordings of a batch are shifted alike",
        "training/augment.py",
        "torch.randint(-shift, shift + 1, (n_runs,), device=device)",
        "torch.randint(-shift, shift + 1, (1,), device=device).expand(n_runs)",
    ),
    Mutant(
        "recordings are only ever shifted onwards",
        "training/augment.py",
        "torch.randint(-shift, shift + 1, (n_runs,)",
        "torch.randint(0, shift + 1, (n_runs,)",
    ),
    Mutant(
        "the largest shift is never drawn",
        "training/augment.py",
        "torch.randint(-shift, shift + 1, (n_runs,)",
        "torch.randint(-shift, shift, (n_runs,)",
    ),
    Mutant(
        "what leaves the window comes in again at its other end",
        "training/augment.py",
        "return source.clamp(0, length - 1), (source >= 0) & (source < length)",
        "return source % length, torch.ones_like(source, dtype=torch.bool)",
    ),
    Mutant(
        "a warm-up reaches the full rate a step late",
        "training/schedules.py",
        "return (step + 1) / (rising + 1)",
        "return step / (rising + 1)",
    ),
    Mutant(
        "a rate that is held is that of the schedule's end",
        "training/schedules.py",
        "step = min(step, held) if hold < 1.0 else step",
        "step = step if step < held else spanned",
    ),
    Mutant(
        "the rate falls in the middle of each stretch",
        "training/schedules.py",
        "factor ** (step // every)",
        "factor ** round(step / every)",
    ),
    Mutant(
        "the fluctuations before the threshold begin at rest",
        "training/randomness.py",
        "kicks[1:] *= math.sqrt(1.0 - rho * rho)",
        "kicks *= math.sqrt(1.0 - rho * rho)",
    ),
    Mutant(
        "the burn-in counts",
        "training/losses.py",
        "sum_of_softmax(out[self.burn_in :])",
        "sum_of_softmax(out)",
    ),
    Mutant(
        "a rate regulariser looks at the mean of all neurons",
        "training/losses.py",
        "((rates - self.target) / self.target).square().mean()",
        "((rates.mean() - self.target) / self.target).square()",
    ),
    Mutant(
        "a decision at the end of a trial is taken a step early",
        "training/losses.py",
        "return out[-1]  # (batch, unit)",
        "return out[-2]  # (batch, unit)",
    ),
    Mutant(
        "a rate of evaluation is per step",
        "training/evaluate.py",
        "seconds = x.shape[0] * network.spec.dt_s",
        "seconds = x.shape[0]",
    ),
    Mutant(
        "raw numbers of a state dict are taken over, whatever they meant",
        "training/state_dict.py",
        "if before != after:",
        "if before is None and after is not None:",
    ),
    Mutant(
        "a loss of the user's own is read off as the recipe's",
        "training/losses.py",
        'given = getattr(function, "decoder", decoder)',
        "given = decoder",
    ),
    Mutant(
        "a longer run under a cosine passes for one run",
        "training/schedules.py",
        "return self.span_epochs is None",
        "return False",
    ),
    Mutant(
        "a longer run begins anew",
        "training/run_folder.py",
        "self.checkpoint.unlink(missing_ok=True)\n        write_atomically(",
        "self.checkpoint.unlink(missing_ok=True)\n        self.resume.unlink(missing_ok=True)\n        write_atomically(",
    ),
    Mutant(
        "an optimiser by another name has the former one's arguments",
        "training/recipe.py",
        'section["settings"] = {}',
        "pass",
    ),
)
