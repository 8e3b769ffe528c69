{# USES_VARIABLES { N, t_in_timesteps } #}
{% extends 'common_group.pyx' %}
{% block maincode %}
    cdef int _k
    if {{t_in_timesteps}} % {{get_array_name(variables[_steps_name])}}[0] == 0:
        {% for _variable in _states %}
        for _k in range({{N}}):
            {{get_array_name(_variable)}}[_k] = 0
        {% endfor %}
        {% for _variable in _totals %}
        for _k in range({{_target_size_name}}):
            {{get_array_name(_variable)}}[_k] = 0
        {% endfor %}
{% endblock %}
