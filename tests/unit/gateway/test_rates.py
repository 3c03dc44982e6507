from gateway.rates import Bucket, Buckets, Rate


def test_a_burst_is_taken_and_then_the_rate() -> None:
    rate = Rate(2.0, 3)
    bucket = Bucket(rate, 0.0)
    assert [bucket.take(rate, 0.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert bucket.take(rate, 0.5) == 0
    assert bucket.take(rate, 0.5) == 0.5


def test_what_is_not_used_is_not_saved_beyond_the_burst() -> None:
    rate = Rate(10.0, 2)
    bucket = Bucket(rate, 0.0)
    assert [bucket.take(rate, 100.0) == 0 for _ in range(3)] == [True, True, False]


def test_every_name_has_a_bucket_of_its_own() -> None:
    buckets = Buckets(Rate(1.0, 1))
    assert [buckets.take(name, 0.0) for name in ("a", "b", "a")] == [0, 0, 1.0]


def test_the_number_of_buckets_is_bounded_and_the_oldest_goes() -> None:
    buckets = Buckets(Rate(1.0, 1), most=2)
    for name in ("a", "b", "a", "c"):
        buckets.take(name, 0.0)
    assert buckets.take("a", 0.0) > 0
    assert buckets.take("b", 0.0) == 0
