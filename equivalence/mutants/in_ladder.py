"""Faults on the ladder to biophysics: a rung does something else than it says, or is read off wrongly."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "noise is in units of v and not of thresholds",
        "ladder/disturbances.py",
        "(sd * setting.mean_theta(), TAU_NOISE)",
        "(sd, TAU_NOISE)",
    ),
    Mutant(
        "on a finer grid a spike comes at the end of its old step",
        "data/recording.py",
        "finer[::factor] = raster",
        "finer[factor - 1 :: factor] = raster",
    ),
    Mutant(
        "jitter is cut downwards to whole steps",
        "ladder/disturbances.py",
        "np.rint(rng.normal(",
        "np.floor(rng.normal(",
    ),
    Mutant(
        "jitter brings spikes that left the recording back to its ends",
        "ladder/disturbances.py",
        "inside = (moved >= 0) & (moved < len(setting.raster))",
        "moved = np.clip(moved, 0, len(setting.raster) - 1)\n    inside = moved >= 0",
    ),
    Mutant(
        "jitter moves all spikes of a recording alike",
        "ladder/disturbances.py",
        "float(sd_ms * ms) / setting.spec.dt_s, len(steps))",
        "float(sd_ms * ms) / setting.spec.dt_s, setting.raster.shape[1])[runs]",
    ),
    Mutant(
        "jitter counts its deviation in steps",
        "ladder/disturbances.py",
        "float(sd_ms * ms) / setting.spec.dt_s, len(steps)",
        "float(sd_ms), len(steps)",
    ),
    Mutant(
        "mismatch has a mean of 1 in the place of a median",
        "ladder/disturbances.py",
        "np.exp(sigma * rng.normal(size=slot.shape))",
        "np.exp(sigma * rng.normal(size=slot.shape) - sigma**2 / 2)",
    ),
    Mutant(
        "mismatch spares time constants",
        "ladder/disturbances.py",
        'slot.name in ("w", "theta") or is_time_constant(slot)',
        'slot.name in ("w", "theta")',
    ),
    Mutant(
        "neurons of a layer share their mismatch",
        "ladder/disturbances.py",
        'if p.axes == "layer"}',
        'if p.axes == "none"}',
    ),
    Mutant(
        "a delay's mean is its largest value",
        "ladder/disturbances.py",
        "rng.uniform(0.5, 1.5, q.n_pre)",
        "rng.uniform(0.0, 1.0, q.n_pre)",
    ),
    Mutant(
        "refractoriness lasts a thousandth of its time",
        "ladder/disturbances.py",
        "float(period_ms * ms) if before is None",
        "1e-3 * float(period_ms * ms) if before is None",
    ),
    Mutant(
        "a finer grid forgets how fine it was before",
        "ladder/finer.py",
        "factor=setting.factor * k,",
        "factor=k,",
    ),
    Mutant(
        "currents are weights in volts",
        "ladder/units.py",
        "before * (volt / R_M if name in _weights(by_name[population]) else volt)",
        "before * volt",
    ),
    Mutant(
        "a reset stays in units of the trained network",
        "ladder/units.py",
        "return before * (volt / R_M if name in",
        "return before if name == 'theta' else before * (volt / R_M if name in",
    ),
    Mutant(
        "the membrane's own decay is added to its current",
        "ladder/membranes.py",
        '"(I_syn - M)"',
        '"(I_syn + M)"',
    ),
    Mutant(
        "inhibition reverses as far from rest as excitation",
        "ladder/conductances.py",
        "excitation, -_BELOW * excitation)",
        "excitation, -excitation)",
    ),
    Mutant(
        "conductances give the trained current at rest",
        "ladder/conductances.py",
        "w / (reversal - level)",
        "w / reversal",
    ),
    Mutant(
        "the reset's conductance gives its current at rest",
        "ladder/conductances.py",
        "({jump})/(theta - E_K)",
        "({jump})/(-E_K)",
    ),
    Mutant(
        "the reset of conductances subtracts",
        "ladder/conductances.py",
        'total = " + ".join(("g_syn", *(f"g_{name}" for name in membrane.resets)))',
        'total = "g_syn"',
    ),
    Mutant(
        "the current after a spike forgets that the membrane decays with it",
        "ladder/conductances.py",
        'f"(1 - tau_mem/{tau})*{size}"',
        "size",
    ),
    Mutant(
        "conductances do not add to the leak",
        "ladder/conductances.py",
        '"v = {R_m}({current})/(1 + {R_m}({total})) : {volt}"',
        '"v = {R_m}({current}) : {volt}"',
    ),
    Mutant(
        "a reset whose lag is kept is not made up for",
        "ladder/finer.py",
        "({size})*exp(lag/{decay[1]})",
        "({size})*exp(0*lag/{decay[1]})",
    ),
    Mutant(
        "a recurrent lag is kept one step too long",
        "ladder/finer.py",
        "lag = old - fine.spec.dt_s",
        "lag = old",
    ),
    Mutant(
        "Dale's law goes by the sign of most weights",
        "ladder/signs.py",
        "(w * np.abs(w)).sum(axis=0)",
        "np.sign(w).sum(axis=0)",
    ),
    Mutant(
        "the climb leaves out its last change",
        "ladder/climb.py",
        "CHANGES[: int(changes)]",
        "CHANGES[: int(changes) - 1]",
    ),
    Mutant(
        "v of a finer grid is read off between grid points",
        "ladder/row.py",
        "trace[::k] / setting.unit_of_v",
        "trace[k - 1 :: k] / setting.unit_of_v",
    ),
    Mutant(
        "v in millivolts is read off as it is",
        "ladder/row.py",
        "trace[::k] / setting.unit_of_v",
        "trace[::k]",
    ),
    Mutant(
        "of a finer grid only the spikes at grid points count",
        "ladder/row.py",
        ".reshape(-1, k, *raster.shape[1:]).any(axis=1)",
        ".reshape(-1, k, *raster.shape[1:])[:, 0]",
    ),
    Mutant(
        "van Rossum's distance stops with the recording",
        "ladder/distance.py",
        "(total + float((state**2).sum()) * decay**2) / n",
        "total / n",
    ),
    Mutant(
        "van Rossum's filter forgets within a step",
        "ladder/distance.py",
        "state = state * decay + now",
        "state = state * decay**2 + now",
    ),
    Mutant(
        "rungs of biological times run on the coarse grid",
        "ladder/run.py",
        "if rung.refined else trained",
        "if not rung.refined else trained",
    ),
    Mutant(
        "a shift in time is fine-tuned in coarse steps",
        "ladder/finetune.py",
        '{"time_shift": factor * settings.augmentation.time_shift}',
        '{"time_shift": settings.augmentation.time_shift}',
    ),
    Mutant(
        "noise of fine-tuning is in units of v",
        "ladder/finetune.py",
        '"noise": noise * there.mean_theta()',
        '"noise": noise',
    ),
    Mutant(
        "fine-tuning begins anew",
        "ladder/finetune.py",
        "training=settings, start=there.values,",
        "training=settings,",
    ),
    Mutant(
        "the rate of a layer counts the recordings as one",
        "ladder/row.py",
        "n_spikes / (cells * done.n_steps * spec.dt_s)",
        "n_spikes / (done.n_steps * spec.dt_s)",
    ),
)
