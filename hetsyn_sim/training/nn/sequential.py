"""Layers one after the other, with their states; modules without a state are applied to every step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from ...data.axes import check_is_array
from ...data.checkpoint import Checkpoint
from ...errors import DataError, DtMismatchError, SpecError
from ...spec import format_quantity
from ..modules import OnlyOutput, UniformModule
from .neuron_layer import NeuronLayer
from .transfer import checkpoint_of
from .written_out import refused


class States(tuple[Any, ...]):
    """The states of a net's modules, None for those that have none."""

    __slots__ = ()

    def detach(self) -> States:
        """The same, cut from the graph (truncated backpropagation through time)."""
        return States(None if state is None else state.detach() for state in self)


class OverTime(nn.Module):
    """A module without a state, such as ``nn.Conv2d``, applied to every step of a sequence: all steps are one large batch.

    Parameters
    ----------
    module
        The module.
    step_by_step
        Whether it is called for each step by itself. Batch norm in training then normalises each step by its own batch.
    batch_first
        Whether sequences are (batch, time, ...); it only matters step by step.

    Raises
    ------
    SpecError
        If the module keeps time itself.
    """

    def __init__(self, module: nn.Module, *, step_by_step: bool = False, batch_first: bool = False) -> None:
        super().__init__()
        _check("hs.nn.OverTime", module)
        self.module, self.step_by_step, self.batch_first = module, step_by_step, batch_first

    def forward(self, x: Tensor) -> Tensor:
        """From (time, batch, ...) to (time, batch, ...)."""
        if self.step_by_step and self.module.training:
            axis = 1 if self.batch_first else 0
            return torch.stack([self.module(step) for step in x.unbind(axis)], dim=axis)
        return _over_time(self.module, x)

    def extra_repr(self) -> str:
        """What is not as by default."""
        return ", ".join(name for name in ("step_by_step", "batch_first") if getattr(self, name))


class Sequential(nn.Sequential):
    """Layers of ``hs.nn`` and other modules, one after the other: ``forward(x, state=None) -> (out, state)`` over a sequence.

    Modules without a state (``nn.Linear``, ``nn.Conv2d``, ``nn.MaxPool2d``, ``nn.Flatten``, ...) are applied to every step of every
    recording, all in one batch: as :class:`OverTime` does, which can also take the steps one by one. They see samples with a batch axis.

    Parameters
    ----------
    *modules
        As for ``torch.nn.Sequential``.

    Raises
    ------
    SpecError
        If a module keeps time itself (``nn.LSTM``), or states without handing them on.
    DtMismatchError
        If layers have different time steps.
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__(*modules)
        for name, module in self.named_children():
            if not isinstance(module, NeuronLayer | Sequential):
                _check(f"hs.nn.Sequential: {name}", module)
        layers = list(layers_in(self))
        steps = {layer.spec.dt_s for layer in layers}
        if len(steps) > 1:
            raise DtMismatchError(
                "layers of one net have one time step",
                where="hs.nn.Sequential",
                got=", ".join(format_quantity(dt, "ms") for dt in sorted(steps)),
                expected="the same dt in all layers",
                remedy="give every layer the dt of the data",
            )
        alone = [part for part in self.modules() if isinstance(part, OverTime) and part.step_by_step]
        if len({part.batch_first for part in (*layers, *alone)}) > 1:
            raise SpecError(
                "layers of one net have one order of axes",
                where="hs.nn.Sequential",
                got="layers with batch_first=True and layers without",
                expected="the same in all layers, and in what is applied step by step",
                remedy="give batch_first to all or to none",
            )

    def forward(self, x: Tensor, state: States | None = None) -> tuple[Tensor, States]:
        """Run over a sequence.

        Parameters
        ----------
        x
            (time, batch, ...), or (batch, time, ...) if the layers are ``batch_first``.
        state
            From the call before; None begins at rest.

        Returns
        -------
        out : Tensor
            What the last module gives.
        state : States

        Raises
        ------
        DataError
            If x or the state do not fit.
        """
        return self._run(x, state, one_step=False)

    def step(self, x: Tensor, state: States | None = None) -> tuple[Tensor, States]:
        """The same over one step: x and the output are (batch, ...)."""
        return self._run(x, state, one_step=True)

    def _run(self, x: Tensor, state: States | None, *, one_step: bool) -> tuple[Tensor, States]:
        check_is_array(x, Tensor, where="hs.nn.Sequential")
        if state is not None and len(state) != len(self):
            raise DataError(
                "this is not the state of this net",
                where="hs.nn.Sequential",
                got=f"{len(state)} states",
                expected=f"one for each of {len(self)} modules",
                remedy="pass the state that the net returned",
            )
        if not one_step and x.dim() < 3:
            raise DataError(
                "this is no sequence",
                where="hs.nn.Sequential",
                got=f"shape {tuple(x.shape)}",
                expected="(time, batch, ...)",
                remedy="net.step(x, state) runs one step",
            )
        if not x.is_floating_point():
            x = x.to(next((p.dtype for p in self.parameters()), torch.get_default_dtype()))
        new: list[Any] = []
        for module, before in zip(self, state or [None] * len(self), strict=True):
            after = None
            if isinstance(module, Sequential):
                x, after = module._run(x, before, one_step=one_step)
            elif isinstance(module, NeuronLayer):
                if one_step != (x.dim() == len(module.sample) + 1):
                    raise _wrong_axes(module, x, one_step)
                x, after = module(x, before)
            elif isinstance(module, OverTime):
                x = module.module(x) if one_step else module(x)
            else:
                x = module(x) if one_step else _over_time(module, x)
            new.append(after)
        return x, States(new)

    def clamp_(self) -> None:
        """:meth:`NeuronLayer.clamp_` of every layer."""
        for layer in layers_in(self):
            layer.clamp_()

    def to_checkpoint(self, *, input_shape: Iterable[int] | None = None, **about: Any) -> Checkpoint:
        """The net as :func:`hetsyn_sim.training.nn.to_checkpoint` makes one: for ``hs.to_brian2``, ``hs.verify`` and the exports.

        Parameters
        ----------
        input_shape, **about
            As there.
        """
        return checkpoint_of(parts_of(self), input_shape, about)


def parts_of(net: Any, name: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The layers and modules of a net, with their names, in the order in which spikes pass them.

    Raises
    ------
    TransferError
        If a module calls others in a ``forward`` of its own, where the order is not to be seen.
    """
    if isinstance(net, NeuronLayer):
        yield name or str(net), net
    elif isinstance(net, OnlyOutput | OverTime | nn.DataParallel | nn.parallel.DistributedDataParallel):
        yield from parts_of(net.module, name)
    elif isinstance(net, nn.Module) and type(net).forward not in (nn.Sequential.forward, Sequential.forward):
        if not name or any(layers_in(net)):
            raise refused(
                name or type(net).__name__,
                f"{type(net).__name__}, with a forward of its own",
                "to see in which order spikes pass its layers",
                "say it: hs.nn.to_checkpoint([net.hidden, net.out])",
            )
        yield name, net
    elif not isinstance(net, nn.Module | Iterable):
        raise refused(name or "net", repr(net)[:200], "modules of torch", "pass a net, or its modules in a list")
    else:
        children = net.named_children() if isinstance(net, nn.Module) else ((str(k), module) for k, module in enumerate(net))
        for key, child in children:
            yield from parts_of(child, f"{name}.{key}" if name else key)


def layers_in(module: nn.Module) -> Iterator[NeuronLayer]:
    """All layers of ``hs.nn`` within a module."""
    return (part for part in module.modules() if isinstance(part, NeuronLayer))


def _over_time(module: nn.Module, x: Tensor) -> Tensor:
    out: Tensor = module(x.flatten(0, 1))
    steps: Tensor = out.unflatten(0, x.shape[:2])
    return steps


def _check(where: str, module: nn.Module) -> None:
    inside = [part for part in module.modules() if isinstance(part, nn.RNNBase | UniformModule | OnlyOutput)]
    if any(layers_in(module)) or inside:
        raise SpecError(
            "a module that runs over time by itself can't be applied to each step",
            where=where,
            got=type(module).__name__,
            expected="layers of hs.nn, hs.nn.Sequential, and modules without a state, such as nn.Linear",
            remedy="use hs.nn.Sequential also inside; call other modules in a forward of your own",
        )


def _wrong_axes(module: NeuronLayer, x: Tensor, one_step: bool) -> DataError:
    return DataError(
        "this input is not one step" if one_step else "this input is no sequence",
        where=str(module),
        got=f"shape {tuple(x.shape)}",
        expected="(batch, ...)" if one_step else "(time, batch, ...)",
        remedy="net(x, state) runs a sequence, net.step(x, state) one step",
    )
