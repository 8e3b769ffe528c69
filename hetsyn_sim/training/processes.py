"""Training in several processes: what torchrun says about them, who acts first, and what is done when one of them is gone."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import torch
import torch.distributed as dist

from ..errors import BackendError, ConfigError, HetSynError

#: How long a process waits for the others. One that has ended is noticed at once; this is for one that is stuck, or whose machine is gone.
PATIENCE: Final = timedelta(minutes=10)
#: What the messages of gloo and NCCL have in common when the other end of a connection is gone or silent.
_LOST: Final = ("connection closed by peer", "connection reset", "broken pipe", "timed out", "timeout", "remote process", "socket")


def is_first() -> bool:
    """Whether this process writes: of several, the first of the first machine."""
    names = ("RANK",) if "RANK" in os.environ else ("NODE_RANK", "LOCAL_RANK")  # torchrun's, or Lightning's when it starts processes itself
    return all(os.environ.get(name, "0") == "0" for name in names)


def _started() -> tuple[int, int] | None:
    """Processes on this machine and in all, where torchrun has started more than one."""
    if "RANK" not in os.environ or int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return None
    total = int(os.environ["WORLD_SIZE"])
    return int(os.environ.get("LOCAL_WORLD_SIZE", total)), total


def as_started(devices: Mapping[str, Any]) -> dict[str, Any]:
    """Settings for Lightning's Trainer, with the numbers of devices and nodes that torchrun has started.

    Raises
    ------
    ConfigError
        If they say something else than torchrun.
    """
    started = _started()
    if started is None:
        return dict(devices)
    here, total = started
    numbers = {"devices": here, "num_nodes": total // here}
    if wrong := {name: devices[name] for name in numbers if devices.get(name, numbers[name]) != numbers[name]}:
        raise ConfigError(
            "torchrun has started another number of processes",
            where="fit: " + ", ".join(wrong),
            got=", ".join(f"{name} = {value}" for name, value in wrong.items()),
            expected=", ".join(f"{name} = {numbers[name]}" for name in wrong),
            remedy="leave them out (`hetsyn train` without --devices and --nodes): torchrun's numbers are taken",
        )
    return {**devices, **numbers}


@contextmanager
def joined(devices: Mapping[str, Any]) -> Iterator[None]:
    """Where torchrun has started several processes, these in one group; otherwise nothing is done.

    The group is there before Lightning would make it, so that the folder of a run is begun by one and looked at by the others after that.
    On one machine, gloo talks over the loopback interface alone. If torchrun itself is gone, the process ends within seconds.

    Raises
    ------
    BackendError
        If the others can't be reached.
    """
    started = _started()
    if started is None or dist.is_initialized():
        yield
        return
    here, total = started
    if here == total:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    backend = "gloo"
    if torch.cuda.is_available() and devices.get("accelerator", "auto") != "cpu":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        backend = "cpu:gloo,cuda:nccl"
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with naming_lost_processes():
        dist.init_process_group(backend, timeout=PATIENCE)
        try:
            yield
            dist.barrier()
        finally:
            dist.destroy_process_group()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os.write(2, b"the process that started this training is gone; run the same again to go on\n")
    os._exit(1)  # the main thread may wait in a collective, where no exception reaches it


def first_alone(act: Callable[[], None]) -> None:
    """Let the first process act before any other goes on. If that fails, its error is the first's to show, and the others end.

    Raises
    ------
    SystemExit
        In the others, if the first has failed.
    """
    if not dist.is_initialized():
        if is_first():
            act()
        return
    done = torch.zeros(1)
    if dist.get_rank() == 0:
        try:
            act()
            done += 1
        finally:
            dist.broadcast(done, 0)
    else:
        dist.broadcast(done, 0)
        if not done:
            raise SystemExit(2)


def wait_for_all() -> None:
    """Go on when every process has come here."""
    if dist.is_initialized():
        dist.barrier()


@contextmanager
def naming_lost_processes() -> Iterator[None]:
    """Say it plainly when another process has ended in the middle of the training.

    Raises
    ------
    BackendError
        Instead of what gloo or NCCL raise then.
    """
    try:
        yield
    except RuntimeError as error:
        said = str(error).lower()
        from_group = isinstance(error, dist.DistError) or "gloo" in said or "nccl" in said
        if isinstance(error, HetSynError) or not from_group or not any(sign in said for sign in _LOST):
            raise
        raise BackendError(
            "another process of this training has ended, or can't be reached",
            where=f"process {os.environ.get('RANK', os.environ.get('LOCAL_RANK', '?'))} of {os.environ.get('WORLD_SIZE', '?')}",
            got=str(error).splitlines()[0].split(". ")[0],
            expected="every process at work until the training is over",
            remedy="look at what the other one said; run the same again to go on after the last finished epoch",
        ) from error
