import numpy as np

from beam_deid.transforms.risk.steady import steady


def test_the_order_of_a_sum_is_not_told_and_all_else_stays():
    terms = 1.0 / np.arange(1, 5_000)
    sums = {sum(order.tolist()) for order in (terms, terms[::-1], np.random.default_rng(1).permutation(terms))}
    assert len(sums) > 1
    assert len(set(map(steady, sums))) == 1
    found = {
        "k": 12345678901234,
        "flag": True,
        "none": None,
        "far": float("inf"),
        "pair": (1 / 3, "x"),
        "list": [[2 / 3]],
    }
    assert steady(found) == found | {"pair": (0.3333333333, "x"), "list": [[0.6666666667]]}
