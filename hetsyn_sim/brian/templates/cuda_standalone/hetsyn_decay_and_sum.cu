{# USES_VARIABLES { N } #}
{# Every synapse's state decays and is added to its neuron's sum: one thread for each synapse, atomic additions as in Brian2CUDA's own sums. #}
{% extends 'common_group.cu' %}
{% block extra_kernel_call %}
    {% if _target_var is not none %}
    CUDA_SAFE_CALL(cudaMemset({{get_array_name(_target_var, access_data=True, prefix='dev')}}, 0,
        {{constant_or_scalar(_target_size_name, variables[_target_size_name])}} * sizeof({{c_data_type(_target_var.dtype)}})));
    {% endif %}
{% endblock %}
{% block extra_vector_code %}
    const {{c_data_type(_state_var.dtype)}} _now = {{get_array_name(_state_var)}}[_idx] * {{get_array_name(_decay_var)}}[_idx];
    {{get_array_name(_state_var)}}[_idx] = _now;
    {% if _target_var is not none %}
    _brian_atomicAdd(&{{get_array_name(_target_var)}}[{{get_array_name(_index_var)}}[_idx]], _now);
    {% endif %}
{% endblock %}
