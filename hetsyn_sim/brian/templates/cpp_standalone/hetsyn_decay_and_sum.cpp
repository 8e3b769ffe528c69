{# USES_VARIABLES { N } #}
{# Every synapse's state decays and is added to its neuron's sum, in one pass over memory. A segment is a run of synapses of one source
   onto neighbouring neurons: inside of it, state, decay and sum are contiguous, and the compiler makes vector code of the loop. #}
{% extends 'common_group.cpp' %}
{% set _number = c_data_type(_state_var.dtype) %}
{% block extra_headers %}
#if defined(__x86_64__) && defined(__GNUC__)
// Wider vectors where the processor has them; AVX2 alone has no fused multiply-add, so the numbers stay the same to the last bit.
#define HETSYN_WIDE
#endif
namespace {
{% for _name, _attribute in [("_pass_any", ""), ("_pass_wide", '__attribute__((target("avx2"))) ')] %}
{{_attribute}}void {{_name}}({{_number}}* __restrict__ _kept, const {{_number}}* __restrict__ _factor, {{_number}}* __restrict__ _sum, int _length)
{
    for (int _k = 0; _k < _length; _k++)
    {
        const {{_number}} _now = _kept[_k] * _factor[_k];
        _kept[_k] = _now;
        {% if _target_var is not none %}
        _sum[_k] += _now;
        {% endif %}
    }
}
{% if loop.first %}
#ifdef HETSYN_WIDE
{% else %}
#endif
{% endif %}
{% endfor %}
}
{% endblock %}
{% block maincode %}
    {% set _state = get_array_name(_state_var) %}
    {% set _decay = get_array_name(_decay_var) %}
    {% set _starts = get_array_name(_starts_var) %}
#ifdef HETSYN_WIDE
    static const auto _pass = __builtin_cpu_supports("avx2") ? _pass_wide : _pass_any;
#else
    const auto _pass = _pass_any;
#endif
    {% if _target_var is not none %}
    {% set _total = get_array_name(_target_var) %}
    const int _target_size = {{constant_or_scalar(_target_size_name, variables[_target_size_name])}};
    for (int _j = 0; _j < _target_size; _j++)
        {{_total}}[_j] = 0;
    for (int _segment = 0; _segment < {{_n_segments}}; _segment++)
    {
        const int _begin = {{_starts}}[_segment];
        _pass({{_state}} + _begin, {{_decay}} + _begin, {{_total}} + {{get_array_name(_index_var)}}[_begin], {{_starts}}[_segment + 1] - _begin);
    }
    {% else %}
    _pass({{_state}}, {{_decay}}, nullptr, {{N}});
    {% endif %}
{% endblock %}
