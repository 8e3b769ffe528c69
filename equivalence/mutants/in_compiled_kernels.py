"""Faults in the C++ kernels, which are built anew with each."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "silence after the last event is a step too short",
        "kernels/csrc/filter.hpp",
        "        for (; t < n; t++) quiet(t);",
        "        for (; t < n - 1; t++) quiet(t);",
    ),
    Mutant(
        "with sparse input, states are lost from one piece of time to the next",
        "kernels/csrc/filter.hpp",
        "s[c][k] = keep ? load<V>(state + group.channel[c] * width + k * N) : V{};",
        "s[c][k] = keep && plan.dense ? load<V>(state + group.channel[c] * width + k * N) : V{};",
    ),
    Mutant(
        "a second spike overwrites the state that the first has left",
        "kernels/csrc/scan_forward.hpp",
        "                store(kept + k, load<V>(kept + k) + s);",
        "                store(kept + k, s);",
    ),
    Mutant(
        "the compiled scan spikes at the threshold",
        "kernels/csrc/scan_forward.hpp",
        "now > load<V>(&theta_[k])",
        "now >= load<V>(&theta_[k])",
    ),
    Mutant(
        "recurrent currents that a neuron's synapses share have no memory",
        "kernels/csrc/scan_forward.hpp",
        "            store(state + k, s);\n            store(v + k,",
        "            if (reset) store(state + k, s);\n            store(v + k,",
    ),
    Mutant(
        "the adjoint of the step before is not decayed",
        "kernels/csrc/scan_backward.hpp",
        "next[s] += decayed * adjoint;",
        "next[s] += weight * adjoint;",
    ),
    Mutant(
        "the gradient of a reset's decay adds the adjoint of this step",
        "kernels/csrc/scan_backward.hpp",
        "store(derivative, load<V>(derivative) * decay + adjoint);",
        "store(derivative, load<V>(derivative) * decay + onto_v);",
    ),
    Mutant(
        "the gradient of a filter's decays is not times the weights",
        "kernels/csrc/filter_weights.hpp",
        "drho_[j * I + i] *= w_[j * I + i];",
        "drho_[j * I + i] *= F(1);",
    ),
    Mutant(
        "the adjoints of a block of neurons begin each piece of time anew",
        "kernels/csrc/filter_weights.hpp",
        "const bool keep = carried && piece < n_pieces_ - 1;",
        "const bool keep = carried && piece < n_pieces_ - 2;",
    ),
    Mutant(
        "of the channels onto a single neuron, the last vectors of a strip are left out",
        "kernels/csrc/filter_narrow.hpp",
        "sum += p[k] * weight[k];",
        "if (k < STRIP - 1) sum += p[k] * weight[k];",
    ),
    Mutant(
        "without recurrence, a spike is forgotten where a chunk of time ends",
        "kernels/csrc/scan_alone.hpp",
        "                store(state, spikes);\n",
        "                store(state, V{});\n",
    ),
    Mutant(
        "the wide Gaussians of the surrogate are centred",
        "kernels/csrc/surrogate.hpp",
        "shift = F(sd);",
        "shift = F(0);",
    ),
    Mutant(
        "the expansion's group of nodes starts with what the group before has left",
        "kernels/csrc/expansion.hpp",
        "store_lanes(v, add ? load_lanes(v, lanes) + sum : sum, lanes);",
        "store_lanes(v, sum, lanes);",
    ),
    Mutant(
        "the expansion's coefficients are scaled by the next node's weight",
        "kernels/csrc/expansion_coefficients.hpp",
        "c[k][part] *= product[part] * nodes.weights[k];",
        "c[k][part] *= product[part] * nodes.weights[k ? k - 1 : 0];",
    ),
    Mutant(
        "the expansion's scans back in time begin every piece of it at zero",
        "kernels/csrc/expansion.hpp",
        "for (int k = 0; k < NODES; ++k) a[k] = state[k];",
        "for (int k = 0; k < NODES; ++k) a[k] = vec<T>{};",
    ),
    Mutant(
        "recurrent spikes through shared decays arrive once more in every step",
        "kernels/csrc/expansion_scan.hpp",
        "            fired.swap(now);",
        "            fired.insert(fired.end(), now.begin(), now.end());",
    ),
)
