{# USES_VARIABLES { N, t_in_timesteps } #}
{# Zero states and sums in the first step of every recording, and touch nothing in all other steps. #}
{% extends 'common_group.cu' %}
{% block extra_vector_code %}
    if ({{t_in_timesteps}} % {{get_array_name(variables[_steps_name])}}[0] == 0)
    {
        {% for _variable in _states %}
        {{get_array_name(_variable)}}[_idx] = 0;
        {% endfor %}
        {% for _variable in _totals %}
        for (int _k = _idx; _k < {{constant_or_scalar(_target_size_name, variables[_target_size_name])}}; _k += _N)
            {{get_array_name(_variable)}}[_k] = 0;
        {% endfor %}
    }
{% endblock %}
