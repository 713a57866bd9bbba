"""MS-HyperIQA: HyperIQA with a feature pyramid and attention before its hyper network (github ukeSJTU/CS3324-IQA)."""
