"""Where people's browsers get the pictures from that are shown to them, as data sets and labeling say it."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from resources.errors import BadInput
from resources.terms import DatasetName, SampleId

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True)
class ShownFrom:
    """A place of pictures. Raises :class:`BadInput` for what is none. Texts lie in the tasks themselves."""

    url: str = ""
    """Empty: the folder that Label Studio may show. ``s3://bucket/prefix``: they are put there, and Label
    Studio signs each address. ``https://host/path``: a web server publishes the home's folder ``served``."""
    endpoint: str | None = None
    """Where S3 answers; None for Amazon's."""
    signed_for_min: int = 60
    """How long an address into a bucket can be used."""
    originals: bool = False
    """Whether a picture that came from a bucket or from the web is shown from there, and not copied, while
    the same content lies there. Of all others copies are shown, from ``url``."""

    def __post_init__(self) -> None:
        """Refuse what no browser could show."""
        if self.signed_for_min < 1:
            raise BadInput(
                f"addresses are signed for {self.signed_for_min} minutes; expected 1 or more", "Give more."
            )
        parts = urlsplit(self.url)
        if parts.scheme == "s3" and _BUCKET.fullmatch(parts.netloc):
            return
        is_web = (
            parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query + parts.fragment)
        )
        if self.url and not is_web:
            raise BadInput(
                f"pictures are to be shown from {self.url!r}; expected s3://bucket/prefix, or http:// or "
                "https:// with a host and a path",
                "Correct it, or leave it out to show files of this machine.",
            )

    @property
    def is_bucket(self) -> bool:
        """Whether it is a bucket of S3."""
        return self.url.startswith("s3://")

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return urlsplit(self.url).netloc

    def key(self, dataset: DatasetName, sample: SampleId) -> str:
        """The picture's key in the bucket."""
        prefix = self.prefix(dataset)
        return f"{prefix}/{sample}.png"

    def prefix(self, dataset: DatasetName) -> str:
        """What the keys of a data set's pictures begin with."""
        return f"{urlsplit(self.url).path.strip('/')}/{dataset}".lstrip("/")

    def address(self, dataset: DatasetName, sample: SampleId) -> str:
        """What a task says of where its picture is."""
        if self.is_bucket:
            return f"s3://{self.bucket}/{self.key(dataset, sample)}"
        if self.url:
            return f"{self.url.rstrip('/')}/{quote(f'{dataset}/{sample}.png')}"
        return f"/data/local-files/?d={quote(f'{dataset}/{sample}.png')}"
