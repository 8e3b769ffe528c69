"""Processes of one training on this machine, started by torchrun's own agent, which ends all of them if one fails."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence
from uuid import uuid4

from torch.distributed.elastic.multiprocessing import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from ..errors import BackendError


def launch(arguments: Sequence[str], n_processes: int) -> None:
    """Run ``python ARGUMENTS`` in several processes that find each other over the loopback interface, at a port that is free.

    Parameters
    ----------
    arguments
        What follows the interpreter: ``["-m", "hetsyn_sim.cli.app", "train", "mine.yaml"]``.
    n_processes
        How many. Each computes with its part of the cores, unless OMP_NUM_THREADS or the recipe says otherwise.

    Raises
    ------
    BackendError
        If one of them was killed, or failed by an unexpected error. The others have been ended too.
    SystemExit
        With its exit code, if one of them has already shown an error.
    KeyboardInterrupt
        If this process was interrupted or terminated; all have ended.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // n_processes)))
    os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", "10")  # seconds between asking a process to end and ending it
    for name in [name for name in logging.root.manager.loggerDict if name.startswith("torch.distributed.elastic")]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # the error below says it
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=n_processes,
        run_id=uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="127.0.0.1:0",
        local_addr="127.0.0.1",
        max_restarts=0,
    )
    try:
        elastic_launch(config, sys.executable)(*arguments)
    except SignalException:
        raise KeyboardInterrupt from None
    except ChildFailedError as error:
        codes = [failure.exitcode for failure in error.failures.values()]
        if 130 in codes:
            raise SystemExit(130) from None
        # One that was killed says nothing; of all others, the first to fail: the rest may have failed for want of it.
        rank, failure = min(error.failures.items(), key=lambda item: (item[1].exitcode > 0, item[1].timestamp))
        killed = failure.exitcode < 0
        if failure.exitcode == 2:
            raise SystemExit(2) from None
        raise BackendError(
            "a process of the training was killed" if killed else "a process of the training has failed",
            where=f"process {rank} of {n_processes}",
            got=signal.Signals(-failure.exitcode).name if killed else f"exit code {failure.exitcode}",
            expected="every process at work until the training is over",
            remedy="read its messages above, and check whether memory was short; run the same again to go on after the last finished epoch",
        ) from None
