from tests.doubles.gateway import Inside


async def test_a_connection_is_found_by_id_and_by_user_until_it_ends() -> None:
    inside = Inside()
    one, two, other = inside.connection("alice"), inside.connection("alice"), inside.connection("bob")
    assert inside.registry.get(one.id) is one
    assert inside.registry.of_user("alice") == [one, two]
    assert inside.registry.remove(one)
    assert not inside.registry.remove(one)
    assert inside.registry.get(one.id) is None
    assert inside.registry.of_user("alice") == [two]
    inside.registry.remove(two)
    assert inside.registry.of_user("alice") == []
    assert list(inside.registry) == [other]
    assert len(inside.registry) == 1


async def test_it_may_change_while_it_is_walked() -> None:
    inside = Inside()
    for _ in range(3):
        inside.connection()
    for connection in inside.registry:
        inside.registry.remove(connection)
    assert len(inside.registry) == 0
