from bench.deliveries import judge


def test_each_message_once_and_in_order_is_perfect() -> None:
    verdict = judge([(["a", "b"], [("a", 5), ("b", 6)]), ([], [])])
    assert verdict.is_perfect
    assert (verdict.expected, verdict.delivered) == (2, 2)


def test_what_did_not_come_is_missing() -> None:
    assert judge([(["a", "b"], [("a", 1)])]).missing == 1


def test_what_came_twice_is_doubled_and_out_of_order() -> None:
    verdict = judge([(["a"], [("a", 1), ("a", 1)])])
    assert (verdict.doubled, verdict.out_of_order, verdict.missing) == (1, 1, 0)


def test_a_hole_in_seq_is_out_of_order() -> None:
    assert judge([(["a", "b"], [("a", 1), ("b", 3)])]).out_of_order == 1


def test_what_nobody_owed_is_seen() -> None:
    verdict = judge([(["a"], [("a", 1), ("b", 2)])])
    assert (verdict.strangers, verdict.is_perfect) == (1, False)
