"""Whether copies of files can be kept."""

from bridge.domain.errors import StorageFailed
from bridge.pipeline.doctor.points import Point, fine, wrong
from bridge.pipeline.parts import Storage

CHECK = "storage of files"
_TODO = "look at BRIDGE_MEDIA_URL, at its rights and at the room there is; files wait meanwhile"


def check_storage(storage: Storage) -> Point:
    try:
        storage.check()
    except StorageFailed as error:
        return wrong(CHECK, str(error), _TODO)
    return fine(CHECK, "can be written, read and removed from")
