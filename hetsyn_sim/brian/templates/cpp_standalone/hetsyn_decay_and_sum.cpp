{# USES_VARIABLES { N } #}
{# Every synapse's state decays and is added to its neuron's sum, in one pass over memory. A segment is a run of synapses of one source
   onto neighbouring neurons: inside of it, state, decay and sum are contiguous, and the compiler makes vector code of the loop. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _state = get_array_name(_state_var) %}
    {% set _decay = get_array_name(_decay_var) %}
    {% set _starts = get_array_name(_starts_var) %}
    {% set _number = c_data_type(_state_var.dtype) %}
    {% if _target_var is not none %}
    {% set _total = get_array_name(_target_var) %}
    const int _target_size = {{constant_or_scalar(_target_size_name, variables[_target_size_name])}};
    for (int _j = 0; _j < _target_size; _j++)
        {{_total}}[_j] = 0;
    for (int _segment = 0; _segment < {{_n_segments}}; _segment++)
    {
        const int _begin = {{_starts}}[_segment], _length = {{_starts}}[_segment + 1] - _begin;
        {{_number}}* __restrict__ _kept = {{_state}} + _begin;
        const {{_number}}* __restrict__ _factor = {{_decay}} + _begin;
        {{c_data_type(_target_var.dtype)}}* __restrict__ _sum = {{_total}} + {{get_array_name(_index_var)}}[_begin];
        for (int _k = 0; _k < _length; _k++)
        {
            const {{_number}} _now = _kept[_k] * _factor[_k];
            _kept[_k] = _now;
            _sum[_k] += _now;
        }
    }
    {% else %}
    {{_number}}* __restrict__ _kept = {{_state}};
    const {{_number}}* __restrict__ _factor = {{_decay}};
    for (int _k = 0; _k < {{N}}; _k++)
        _kept[_k] *= _factor[_k];
    {% endif %}
{% endblock %}
