"""Training in several processes: numbers from torchrun's environment, the process group, and lost processes."""

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

#: Timeout of the process group. A process that has ended is noticed at once; this is for one that hangs, or whose machine is gone.
PATIENCE: Final = timedelta(minutes=10)
#: Parts of the messages of gloo and NCCL when the other end of a connection is gone or silent.
_LOST: Final = ("connection closed by peer", "connection reset", "broken pipe", "timed out", "timeout", "remote process", "socket")


def is_first() -> bool:
    """Whether this is the process that writes files: the first of the first machine."""
    names = ("RANK",) if "RANK" in os.environ else ("NODE_RANK", "LOCAL_RANK")  # torchrun's, or Lightning's when it starts processes itself
    return all(os.environ.get(name, "0") == "0" for name in names)


def _started() -> tuple[int, int] | None:
    """Processes on this machine and in all, where torchrun has started more than one."""
    if "RANK" not in os.environ or int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return None
    total = int(os.environ["WORLD_SIZE"])
    return int(os.environ.get("LOCAL_WORLD_SIZE", total)), total


def as_started(devices: Mapping[str, Any]) -> dict[str, Any]:
    """Settings for Lightning's Trainer, with torchrun's numbers of devices and nodes.

    Raises
    ------
    ConfigError
        If they differ from torchrun's.
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
    """Join the process group, if torchrun has started several processes.

    The group is made before Lightning would make it, so that one process can begin the run folder before the others look at it. On one
    machine, gloo uses the loopback interface alone. If torchrun itself is gone, the process ends within seconds.

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
    """Let the first process act before any other goes on. If that fails, the first shows the error, and the others end.

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
    """Wait until every process is here."""
    if dist.is_initialized():
        dist.barrier()


@contextmanager
def naming_lost_processes() -> Iterator[None]:
    """Turn errors of gloo and NCCL about a lost connection into one that says so.

    Raises
    ------
    BackendError
        If another process has ended or can't be reached.
    """
    try:
        yield
    except RuntimeError as error:
        message = str(error).lower()
        from_group = isinstance(error, dist.DistError) or "gloo" in message or "nccl" in message
        if isinstance(error, HetSynError) or not from_group or not any(sign in message for sign in _LOST):
            raise
        raise BackendError(
            "another process of this training has ended, or can't be reached",
            where=f"process {os.environ.get('RANK', os.environ.get('LOCAL_RANK', '?'))} of {os.environ.get('WORLD_SIZE', '?')}",
            got=str(error).splitlines()[0].split(". ")[0],
            expected="every process at work until the training is over",
            remedy="read the messages of the other one; run the same again to go on after the last finished epoch",
        ) from error
