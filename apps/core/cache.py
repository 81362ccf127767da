from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def _forgiving(name: str, otherwise: Any) -> Any:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(RedisCache, name)(self, *args, **kwargs)
        except (RedisError, OSError) as error:
            log.warning("cache_unavailable", operation=name, error=str(error))
            if name == "get":
                return kwargs.get("default", args[1] if len(args) > 1 else None)
            return otherwise() if callable(otherwise) else otherwise

    return call


class ForgivingRedisCache(RedisCache):
    """A cache that misses while Redis is away: pages and decisions go on without it."""

    get = _forgiving("get", None)
    set = _forgiving("set", None)
    add = _forgiving("add", True)
    touch = _forgiving("touch", False)
    delete = _forgiving("delete", False)
    get_many = _forgiving("get_many", dict)
    set_many = _forgiving("set_many", list)
    delete_many = _forgiving("delete_many", None)
    has_key = _forgiving("has_key", False)
    clear = _forgiving("clear", False)
    incr = _forgiving("incr", 1)
