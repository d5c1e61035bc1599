"""Matrix' words (client-server API v1.11 and later) and what they mean to us."""

from bridge.domain.messaging import MediaKind, Messenger

MAX_TEXT = {Messenger.MATRIX: 10_000}  # an event holds 65,536 bytes, four for a character at most
KEY = "bridge.message_key"  # our own key in the content of what we send, by which we find it again

MESSAGE = "m.room.message"
TEXTS = frozenset({"m.text", "m.notice", "m.emote"})
FILES = {
    "m.image": MediaKind.IMAGE,
    "m.audio": MediaKind.AUDIO,
    "m.video": MediaKind.VIDEO,
    "m.file": MediaKind.DOCUMENT,
}
FILE_TYPES = {
    MediaKind.IMAGE: "m.image",
    MediaKind.AUDIO: "m.audio",
    MediaKind.VOICE: "m.audio",
    MediaKind.VIDEO: "m.video",
}
VOICE = ("org.matrix.msc3245.voice", "m.voice")
POLLS = ("org.matrix.msc3381.poll.start", "m.poll.start")
STICKER = "m.sticker"
ENCRYPTED = "m.room.encrypted"
CALL = "m.call.invite"
REACTION = "m.reaction"
REDACTION = "m.room.redaction"
MEMBER = "m.room.member"
TOMBSTONE = "m.room.tombstone"

STAND_INS = {
    ENCRYPTED: "(an encrypted message, which the bridge can't read: ask for a chat without "
    "encryption)",
    CALL: "(a call)",
    "file": "(a file without an address)",
    "secret_file": "(an encrypted file, which the bridge can't read)",
    "poll": "(a poll)",
    "": "(a message of a kind that the bridge doesn't know)",
}
