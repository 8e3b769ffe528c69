"""The rules a neuron model must keep, one small function each. A rule raises :class:`SpecError` or returns nothing.

``RULES`` is run in order when a model is made, so each rule may rely on the ones above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.units.fundamentalunits import DimensionMismatchError, get_dimensions, get_unit

from ..errors import SpecError
from .grammar.screening import text_is_harmless
from .poisson import drives_are_possible
from .quantities import name_of_dimensions
from .rules_of_names import (
    every_name_is_known,
    names_are_free,
    names_keep_their_units_in_brian2,
    parameters_are_used_on_one_side,
    states_keep_their_names_in_brian2,
)
from .rules_of_noise import noise_has_a_scheme, noise_is_of_a_state
from .rules_of_parts import (
    a_delay_is_a_lag,
    a_reset_needs_a_threshold,
    has_input,
    has_voltage,
    initial_values_are_of_states,
    jumps_hit_states,
    output_is_a_value,
    refractoriness_is_whole,
    scheme_is_known,
    synapses_see_themselves,
)
from .rules_of_time_courses import time_courses_drive_states
from .scope import unit_checks

if TYPE_CHECKING:
    from .model import NeuronModel


def units_agree(model: NeuronModel) -> None:
    """Brian2's own dimension check, equation by equation; the message names the equation and both units."""
    dimensions = model.dimensions()
    # Brian2's checker takes anything that has dimensions: here, one unit of each name's kind
    variables = {name: get_unit(dim) for name, dim in dimensions.items()} | dict(DEFAULT_FUNCTIONS)
    for where, text, expected in unit_checks(model):
        try:
            found = get_dimensions(parse_expression_dimensions(text, variables))
        except DimensionMismatchError as error:
            raise SpecError(
                "units do not fit together",
                where=f"{model.name}: {where}",
                got=f"{text!r}: {str(error).splitlines()[0]}",
                expected="terms of the same unit",
                remedy="correct the equation, or the unit of a parameter",
            ) from error
        except (SyntaxError, ValueError, TypeError, KeyError, ArithmeticError) as error:  # as for a unit to the power of a parameter
            raise SpecError(
                "Brian2 can't find the unit of this",
                where=f"{model.name}: {where}",
                got=f"{text!r}: {error.args[0] if error.args else type(error).__name__}",
                expected="an expression whose unit is known before any number is: a power of a unit is a number",
                remedy="divide by a unit first, so that the power is of a pure number",
            ) from error
        if expected is not None and found is not expected:
            raise SpecError(
                "wrong unit",
                where=f"{model.name}: {where}",
                got=f"{text!r} is in {name_of_dimensions(found)}",
                expected=name_of_dimensions(expected),
                remedy="correct the equation, the unit after its colon, or the unit of a parameter",
            )


RULES = (
    text_is_harmless,
    names_are_free,
    names_keep_their_units_in_brian2,
    states_keep_their_names_in_brian2,
    has_voltage,
    has_input,
    drives_are_possible,
    a_reset_needs_a_threshold,
    a_delay_is_a_lag,
    noise_is_of_a_state,
    every_name_is_known,
    time_courses_drive_states,
    jumps_hit_states,
    synapses_see_themselves,
    initial_values_are_of_states,
    scheme_is_known,
    noise_has_a_scheme,
    refractoriness_is_whole,
    output_is_a_value,
    parameters_are_used_on_one_side,
    units_agree,
)
