{# USES_VARIABLES { N, t_in_timesteps } #}
{# Zero states and sums in the first step of every recording, and touch nothing in all other steps. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    if ({{t_in_timesteps}} % {{constant_or_scalar(_steps_name, variables[_steps_name])}} == 0)
    {
        {% for _variable in _states %}
        for (int _k = 0; _k < {{N}}; _k++)
            {{get_array_name(_variable)}}[_k] = 0;
        {% endfor %}
        {% for _variable in _totals %}
        for (int _k = 0; _k < {{constant_or_scalar(_target_size_name, variables[_target_size_name])}}; _k++)
            {{get_array_name(_variable)}}[_k] = 0;
        {% endfor %}
    }
{% endblock %}
