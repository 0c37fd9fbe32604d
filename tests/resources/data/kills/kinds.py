"""All that is killed."""

from tests.resources.data.kills.bucket_pushes import PUSH_TO_S3
from tests.resources.data.kills.collections import COLLECT, ERASE
from tests.resources.data.kills.commits import COMMIT, COMMIT_BY_LINK
from tests.resources.data.kills.gifts import CREATE_SPACE, RESTORE
from tests.resources.data.kills.merges import MERGE
from tests.resources.data.kills.pushes import PUSH

KINDS = (COMMIT, COMMIT_BY_LINK, RESTORE, CREATE_SPACE, MERGE, COLLECT, ERASE, PUSH, PUSH_TO_S3)
