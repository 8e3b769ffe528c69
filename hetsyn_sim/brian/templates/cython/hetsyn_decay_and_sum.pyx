{# USES_VARIABLES { N } #}
{% extends 'common_group.pyx' %}
{% block maincode %}
    {% set _state = get_array_name(_state_var) %}
    {% set _decay = get_array_name(_decay_var) %}
    {% set _starts = get_array_name(_starts_var) %}
    cdef int _segment, _k, _first, _j
    {% if _target_var is not none %}
    {% set _total = get_array_name(_target_var) %}
    {% set _post = get_array_name(_index_var) %}
    for _j in range({{_target_size_name}}):
        {{_total}}[_j] = 0
    for _segment in range({{_n_segments}}):
        _first = {{_post}}[{{_starts}}[_segment]] - {{_starts}}[_segment]
        for _k in range({{_starts}}[_segment], {{_starts}}[_segment + 1]):
            {{_state}}[_k] = {{_state}}[_k] * {{_decay}}[_k]
            {{_total}}[_first + _k] += {{_state}}[_k]
    {% else %}
    for _k in range({{N}}):
        {{_state}}[_k] = {{_state}}[_k] * {{_decay}}[_k]
    {% endif %}
{% endblock %}
