from django.core.cache import cache
from django.db import connection


def test_the_embedded_services_answer(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 160000
    cache.set("key", "value", 5)
    assert cache.get("key") == "value"
