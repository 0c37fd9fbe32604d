"""Pictures in a bucket of S3: put there once, from where Label Studio shows them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from resources.errors import Unavailable
from resources.showing import ShownFrom
from resources.terms import DatasetName, SampleId


def put_pictures(
    shown_from: ShownFrom, dataset: DatasetName, pictures: Iterable[tuple[SampleId, Path]]
) -> int:
    """Put those that are not there; returns how many. Who signs in is for the environment to say, as for all
    of S3. Raises :class:`Unavailable` where the bucket does not answer or takes nothing.
    """
    import s3fs  # type: ignore[import-untyped]

    put = 0
    try:
        files: Any = s3fs.S3FileSystem(endpoint_url=shown_from.endpoint, skip_instance_cache=True)
        root = f"{shown_from.bucket}/{shown_from.prefix(dataset)}"
        there = set(files.find(root)) if files.exists(root) else set()
        for sample, picture in pictures:
            place = f"{shown_from.bucket}/{shown_from.key(dataset, sample)}"
            if place not in there:
                files.pipe_file(place, picture.read_bytes(), ContentType="image/png")
                put += 1
    except Exception as problem:  # s3fs and botocore name what is wrong in dozens of ways
        raise Unavailable(
            f"the pictures of {dataset} cannot be put to {shown_from.url}: {problem}",
            "See that the bucket is there, that its endpoint answers, and that AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or a profile, may write to it; then run this again.",
        ) from problem
    return put
