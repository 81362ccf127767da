"""Where files live: a local folder, or a bucket of anything that speaks S3."""

from typing import Any

MEMORY = 8 * 1024 * 1024


def in_bucket(
    bucket: str, *, endpoint_url: str | None, region: str | None, key_id: str | None, secret: str | None
) -> dict[str, Any]:
    """Return the storage for a bucket. What is read of an object beyond 8 MiB goes to a temporary file, not to memory.

    Path-style addresses are used with an endpoint of one's own, for few such servers answer to ``bucket.host``.
    """
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": endpoint_url,
            "region_name": region,
            "access_key": key_id,
            "secret_key": secret,
            "addressing_style": "path" if endpoint_url else "auto",
            "max_memory_size": MEMORY,
            "file_overwrite": False,
            "default_acl": None,
        },
    }
